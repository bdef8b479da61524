"""Whole campaigns over real rows when all goes well, and what a decision costs after a long history."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import col

from adapters.instruments.messages import Outcome
from controller.loop.view import CampaignView
from controller.store.apply.proposals import judge_anew
from controller.store.tables import Attempt, Campaign, Event, Proposal
from tests.controller.loop.histories import dump_view
from tests.controller.loop.views import make_spec, stage, step
from tests.controller.loop.world import World

COOK = step(yields=["yield"], breaker=2)
LARGE = stage("large", step("again", instruments=["oven"], yields=["yield"]))


def run(spec: Any, *, until: int = 40) -> World:
    """Answer everything at once until the campaign has nothing more to do."""
    world = World(spec)
    for number in range(until):
        world.turn()
        world.answer_strategy([20 + (3 * number + offset) % 60 for offset in range(3)])
        world.turn()
        world.publish()
        for attempt in world.open_attempts():
            world.result(attempt, 0.01 * (number % 50 + 1))
        world.turn()
        if world.campaign.state != "running":
            break
    return world


def test_a_stop_is_an_event_with_the_rule_and_its_words_and_stays_to_be_read() -> None:
    rule = {"rule": "expected_gain", "less_than": 0.5, "in_a_row": 2}
    world = World(make_spec(stage("bench", COOK), stop=[rule], budget={"experiments": 9}))
    for gain in (0.1, 0.9, 0.3, 0.2):
        world.turn()
        world.answer_strategy([20 + 10 * gain], report={"expected_improvement": gain})
        world.turn()
        world.publish()
        for attempt in world.open_attempts():
            world.result(attempt, 0.5)
    assert world.campaign.experiments == 3, "what the last iteration proposed is not begun"
    said = "2 iterations in a row expect to gain at most 0.3 (less than 0.5)"
    [stopped] = world.all(Event, col(Event.kind) == "campaign.stop")
    assert (stopped.data["rule"], stopped.data["reason"]) == ("expected_gain", said)
    assert (world.campaign.state, world.campaign.reason) == ("stopped", f"rule expected_gain: {said}")
    carried = world.campaign.progress
    assert carried["expected"] == [0.3, 0.2]
    world.do(lambda unit: judge_anew(unit, unit.session.get_one(Campaign, world.campaign_id)))
    assert world.campaign.progress == carried, "after a correction the last iterations are read again"


def stages(world: World) -> Counter[str]:
    return Counter(row.stage for row in world.all(Proposal) if row.state == "completed")


def test_every_candidate_of_the_budget_reaches_the_last_stage_before_the_campaign_completes() -> None:
    world = run(make_spec(stage("bench", COOK), LARGE, parallel=2, budget={"experiments": 5}))
    assert world.campaign.state == "completed"
    assert stages(world) == {"bench": 5, "large": 5}


def test_what_is_left_over_of_the_last_group_is_judged_too() -> None:
    best = {"rule": "best", "property": "yield", "k": 1, "n": 2}
    world = run(make_spec(stage("bench", COOK, promote=best), LARGE, budget={"experiments": 5}))
    assert world.campaign.state == "completed"
    assert stages(world) == {"bench": 5, "large": 3}


def test_at_concurrency_one_one_proposal_is_open_at_a_time() -> None:
    world = World(make_spec(stage("bench", COOK), LARGE, budget={"experiments": 3}))
    for number in range(20):
        world.turn()
        assert len(world.view().proposals) <= 1
        world.answer_strategy([20.0 + number])
        world.turn()
        assert len(world.view().proposals) <= 1
        world.publish()
        for attempt in world.open_attempts():
            world.result(attempt, 0.5)
    world.turn()
    assert world.campaign.state == "completed"


def test_after_the_breaker_has_tripped_nothing_more_is_sent_for_that_step() -> None:
    world = World(make_spec(stage("bench", COOK), parallel=3))
    world.turn()
    world.answer_strategy([20.0, 30.0, 40.0])
    for _ in range(3):
        world.turn()
        for attempt in world.open_attempts():
            world.result(attempt, 0.0, Outcome.INVALID)
        world.turn()
    assert world.campaign.paused_steps == ["bench/cook"]
    assert len(world.all(Attempt)) == 2


@pytest.mark.parametrize("instruments", [["stove", "oven"]])
def test_failures_that_are_heard_of_together_trip_the_breaker_too(instruments: list[str]) -> None:
    world = World(make_spec(stage("bench", {**COOK, "instruments": instruments}), parallel=3))
    world.turn()
    world.answer_strategy([20.0, 30.0, 40.0])
    world.turn()
    for attempt in world.open_attempts():
        world.result(attempt, 0.0, Outcome.INVALID)
    world.turn()
    assert world.campaign.paused_steps == ["bench/cook"]
    assert len(world.all(Attempt)) == 2


def seen(world: World) -> tuple[int, int]:
    """How much a decision sees, and how many statements that takes."""
    statements: list[str] = []
    event.listen(world.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    size = len(repr(dump_view(shortened(world.view()))))
    return size, len(statements)


def shortened(view: CampaignView) -> CampaignView:
    """Counters grow by a digit now and then; that is not what is measured here."""
    return replace(view, experiments=0, progress={})


def test_a_view_does_not_grow_with_history() -> None:
    spec = make_spec(stage("bench", COOK), parallel=2, budget={"experiments": 1000})
    short, long = run(spec, until=1), run(spec, until=10)
    assert len(long.all(Proposal)) > 9
    assert seen(short) == seen(long)
