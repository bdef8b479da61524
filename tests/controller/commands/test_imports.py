"""Earlier measurements: rows like any other, which the strategy learns from and nobody takes for our own."""

import pytest
from sqlalchemy import select

from controller.commands import campaigns, corrections, imports
from controller.commands.candidates import question
from controller.commands.errors import Conflict, Invalid
from controller.store.history import build_request
from controller.store.tables import Iteration, Measurement, Proposal
from strategies import Request
from tests.controller.loop.views import make_spec, stage, step
from tests.controller.loop.world import BEN, World

SPEC = make_spec(stage("bench", step(yields=["yield"])), budget={"experiments": 3})
CONTENT = b"temperature,yield\n30,71.5\n40,\n50,60\n"


def table(content: bytes = CONTENT, name: str = "old.csv", sha256: str = "a" * 64) -> imports.Table:
    return imports.checked_table(SPEC, name, sha256, content, {})


def with_table() -> World:
    world = World(SPEC)
    world.do(lambda unit: imports.import_table(unit, BEN, world.campaign_id, table()))
    return world


def request(world: World) -> Request:
    world.turn()
    return world.do(lambda unit: build_request(unit.session, unit.session.scalars(select(Iteration)).one()))


def test_the_strategy_learns_from_them() -> None:
    asked = request(with_table())
    assert [(row.candidate["values"], row.values[0].value) for row in asked.observations] == [
        ({"temperature": 30.0}, 71.5),
        ({"temperature": 50.0}, 60.0),
    ]
    assert [(row.candidate["values"], row.kind) for row in asked.failures] == [
        ({"temperature": 40.0}, "failed-synthesis")
    ]


def test_they_are_marked_cost_nothing_and_stand_in_the_chain() -> None:
    world = with_table()
    rows = world.all(Measurement)
    assert {(row.origin, row.unit, row.attempt_id) for row in rows} == {("imported", "percent", None)}
    assert [row.reason for row in world.all(Proposal)] == [f"line {line} of old.csv" for line in (2, 3, 4)]
    assert (world.campaign.experiments, world.campaign.cost) == (0, 0)
    assert world.campaign.progress["best"] == {"yield": 71.5}
    assert world.audit().ok


def test_the_same_table_counts_once() -> None:
    world = with_table()
    with pytest.raises(Conflict, match="imported into heat already"):
        world.do(lambda unit: imports.import_table(unit, BEN, world.campaign_id, table(name="copy.csv")))
    assert len(world.all(Proposal)) == 3


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"temperature,yield\n30,1\nwarm,1\n", "line 3: 'warm' in column 'temperature' is no finite number"),
        (b"temp,yield\n30,1\n", "column 'temperature' is missing"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line(content: bytes, fault: str) -> None:
    with pytest.raises(Invalid, match=fault):
        table(content)


def test_what_lies_outside_the_space_is_data_that_says_so() -> None:
    world, outside = World(SPEC), table(b"temperature,yield\n300,1\n40,2\n")
    fault = "temperature: 300 cannot be set; the nearest value is 90"
    assert imports.notes(outside) == [f"line 2 lies outside the space: {fault}"]
    world.do(lambda unit: imports.import_table(unit, BEN, world.campaign_id, outside))
    reasons = [row.reason for row in world.all(Proposal)]
    assert reasons == [f"line 2 of old.csv; outside the space: {fault}", "line 3 of old.csv"]
    assert [row.candidate["values"]["temperature"] for row in request(world).observations] == [300.0, 40.0]
    assert world.audit().ok


def test_an_ended_campaign_takes_none() -> None:
    world = World(SPEC)
    world_id = world.campaign_id
    world.do(lambda unit: campaigns.abort(unit, BEN, world_id, "test"))
    world.turn()
    with pytest.raises(Conflict, match="aborted"):
        world.do(lambda unit: imports.import_table(unit, BEN, world_id, table()))


def test_a_correction_is_known_to_the_next_request_and_to_the_best_values() -> None:
    world = with_table()
    [best] = [row for row in world.all(Measurement) if row.value == 71.5]
    before = request(world)
    world.do(lambda unit: corrections.correct(unit, BEN, best.id, 17.5, "a typing error"))
    assert world.campaign.progress["best"] == {"yield": 60.0}
    asked = world.do(lambda unit: question(unit.session, "heat")[1])
    assert [row.values[0].value for row in asked.observations] == [17.5, 60.0]
    again = world.do(lambda unit: build_request(unit.session, unit.session.scalars(select(Iteration)).one()))
    assert again == before, "what was asked before the correction stays as it was"
    assert world.audit().ok
