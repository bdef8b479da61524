"""A step by hand is an attempt like any other: asked for in words, entered by a person, missed, cancelled."""

from collections import Counter
from typing import Any

import pytest

from controller.commands import campaigns, doubts, instruments, tasks
from controller.commands.errors import Conflict, Invalid
from controller.loop.site_limits import Limits
from controller.store.tables import Attempt, Measurement, Outbox, Proposal, Sample
from tests.controller.loop.views import make_spec, stage, step
from tests.controller.loop.world import BEN, World

BY_HAND = {
    "name": "weigh",
    "adapter": "person",
    "instructions": "Dry at {temperature}, then weigh. {not_there}",
    "yields": ["yield"],
    "timeout": 100,
    "uses_up_sample": True,
}
SYNTHESIS = step("cook", yields=[])


def world_with_a_task(*stages: dict[str, Any]) -> World:
    world = World(make_spec(*(stages or (stage("bench", BY_HAND),)), budget={"experiments": 3}))
    world.turn()
    world.answer_strategy([40.0])
    world.turn()
    return world


def task(world: World) -> Attempt:
    [attempt] = [each for each in world.open_attempts() if each.adapter == "person"]
    return attempt


def measure(world: World, attempt: Attempt, value: float, unit: str, **options: Any) -> None:
    values = dict.fromkeys(attempt.request["yields"], (value, unit))
    world.do(lambda unit_: tasks.measure(unit_, BEN, attempt.id, values, **options))
    world.turn()


def test_a_person_is_told_in_words_what_to_do() -> None:
    world = world_with_a_task()
    asked = task(world)
    assert (asked.resource, asked.state, asked.journal_id) == ("people", "sent", None)
    assert asked.request["instructions"] == "Dry at 40 degC, then weigh. {not_there}"
    assert [row.kind for row in world.all(Outbox) if row.payload.get("attempt")] == [], "nothing goes over the wire"


def test_what_a_person_enters_is_a_measurement_in_the_unit_of_the_spec() -> None:
    world = world_with_a_task()
    done = task(world)
    measure(world, done, 0.712, "dimensionless")
    [row] = world.all(Measurement)
    assert (row.value, row.unit, row.origin) == (pytest.approx(71.2), "percent", "person")
    assert [each.state for each in world.all(Proposal)] == ["completed"]
    with pytest.raises(Conflict, match="succeeded already"):
        measure(world, done, 1, "percent")
    assert world.audit().ok


def test_a_failed_synthesis_by_hand_says_something_about_the_candidate() -> None:
    world = world_with_a_task()
    name = task(world).id
    with pytest.raises(Invalid, match="no kind of failure"):
        world.do(lambda unit: tasks.fail(unit, BEN, name, "bad luck"))
    world.do(lambda unit: tasks.fail(unit, BEN, name, "failed-synthesis", "it burnt"))
    world.turn()
    [proposal] = world.all(Proposal)
    assert (proposal.state, proposal.failure) == ("failed", "failed-synthesis")


def test_a_task_that_nobody_does_is_for_the_operator_who_need_not_ask_anybody() -> None:
    world = world_with_a_task()
    world.pass_time(260)  # 100 s to begin, 100 s to do it, and half as much again
    world.turn()
    missed = task(world)
    assert missed.state == "doubtful"
    with pytest.raises(Invalid, match="done by hand"):
        world.do(lambda unit: doubts.ask_again(unit, BEN, missed.id, "well?"))
    measure(world, missed, 50, "percent")
    assert [each.state for each in world.all(Proposal)] == ["completed"]


def test_an_abort_takes_a_task_off_the_list() -> None:
    world = world_with_a_task()
    world.do(lambda unit: campaigns.abort(unit, BEN, world.campaign_id, "test"))
    world.turn()
    assert world.open_attempts() == []
    assert world.campaign.state == "aborted"


def test_a_sample_goes_from_an_instrument_to_a_person_who_uses_it_up() -> None:
    world = world_with_a_task(stage("bench", SYNTHESIS, BY_HAND))
    world.publish()
    [synthesis] = world.open_attempts()
    world.result(synthesis, 0.0, sample_id="vial-7")
    world.turn()
    assert task(world).request["sample_id"] == "vial-7"
    assert [each.state for each in world.all(Sample)] == ["available"]
    measure(world, task(world), 50, "percent")
    assert [each.state for each in world.all(Sample)] == ["used-up"]
    assert world.audit().ok


def test_a_person_may_name_the_sample_that_was_made() -> None:
    by_hand = {**BY_HAND, "name": "mix", "yields": [], "uses_up_sample": False}
    world = world_with_a_task(stage("bench", by_hand, step("look", yields=["yield"])))
    with pytest.raises(Invalid, match="cannot be a sample's name"):
        measure(world, task(world), 0, "", sample="Flask 1")
    measure(world, task(world), 0, "", sample="flask-1")
    assert [each.name for each in world.all(Sample)] == ["flask-1"]
    assert world.open_attempts()[0].request["sample_id"] == "flask-1"


def test_only_instruments_report_their_own_results() -> None:
    world = world_with_a_task(stage("bench", step(yields=["yield"])))
    with pytest.raises(Conflict, match="reports its results itself"):
        measure(world, world.open_attempts()[0], 1, "percent")


def test_what_comes_after_an_abort_is_kept_and_marked_late() -> None:
    world = world_with_a_task()
    cancelled, name = task(world), world.campaign_id
    world.do(lambda unit: campaigns.abort(unit, BEN, name, "test"))
    world.turn()
    measure(world, cancelled, 50, "percent")
    [row] = world.all(Measurement)
    assert (row.value, row.late) == (50, True)
    assert world.campaign.state == "aborted"
    with pytest.raises(Conflict, match="already"):
        measure(world, cancelled, 51, "percent")


def test_no_task_is_handed_out_while_everything_is_stopped() -> None:
    world = World(make_spec(stage("bench", BY_HAND), budget={"experiments": 3}))
    world.turn()
    world.do(lambda unit: instruments.record_estop(unit, BEN, "stop-1", None, "smoke"))
    world.answer_strategy([40.0])
    world.turn()
    assert world.open_attempts() == []
    world.do(lambda unit: instruments.reset(unit, BEN, "stop-1", "toast"))
    world.turn()
    assert task(world).state == "sent"


def test_narrower_limits_fail_no_more_tasks_than_the_breaker_allows() -> None:
    spec = make_spec(stage("bench", {**BY_HAND, "breaker": 3}), parallel=10, budget={"experiments": 10})
    world = World(spec)
    world.turn()
    world.answer_strategy([20.0 + number for number in range(10)])
    world.limits = Limits.model_validate({"parameters": {"temperature": {"high": 0, "unit": "degC"}}})
    world.turn()
    states = Counter(row.state for row in world.all(Proposal))
    assert states == {"failed": 3, "running": 7}
    assert world.campaign.paused_steps == ["bench/weigh"]
