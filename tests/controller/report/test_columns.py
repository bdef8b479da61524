"""What looks at a campaign's whole history reads the columns that it wants, not rows."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlmodel import Session, col

from controller.commands.lookup import find_campaign
from controller.report.approvals import nearest
from controller.report.export import as_csv
from controller.report.iterations import latest_iterations, model_health
from controller.report.measured import found
from controller.report.pareto import tried
from controller.store import Unit
from controller.store.tables import Proposal, Table
from tests.controller.report.test_course import NAME, add
from tests.controller.world import World

HISTORY = {"Attempt", "Iteration", "Job", "Measurement", "Proposal"}


@pytest.mark.parametrize(
    "read",
    [
        lambda session: as_csv(session, NAME),
        lambda session: latest_iterations(session, NAME),
        lambda session: found(session, NAME),
        lambda session: model_health(session, NAME),
        lambda session: tried(session, find_campaign(session, NAME)),
    ],
    ids=["csv", "iterations", "measurements", "model", "tried"],
)
async def test_no_row_of_the_history_is_loaded(world: World, read: Callable[[Session], Any]) -> None:
    await add(world, (5, 9), (6, 8))
    loaded: Counter[str] = Counter()

    def note(row: Any, _: Any) -> None:
        loaded[type(row).__name__] += 1

    event.listen(Table, "load", note, propagate=True)
    try:
        await world.store.read(read)
    finally:
        event.remove(Table, "load", note)
    assert loaded["Campaign"] == 1
    assert not HISTORY & loaded.keys()


def make_one_candidate(unit: Unit) -> None:
    """Of the two that were carried out last."""
    rows = unit.session.scalars(select(Proposal).where(col(Proposal.number).in_((3, 4)))).all()
    for row in rows:
        row.key = "the same"
    unit.record("test", *rows)


async def test_the_nearest_points_and_who_approved_stand_as_they_were(world: World) -> None:
    await add(world, (5, 9), (6, 8))
    await world.store.write(make_one_candidate, name="test")
    async with world.client("operator") as client:
        path = f"/api/v1/proposals/{world.ids['proposal']}/approve"
        assert (await client.post(path, json={"digest": world.ids["digest"]})).status_code == 200
    found = await world.store.read(lambda session: nearest(session, world.ids["proposal"]))
    assert [(each["numbers"], each["values"]) for each in found] == [
        ([3, 4], {"space_time_yield": 5.5, "e_factor": 8.5})
    ]
    table = await world.store.read(lambda session: as_csv(session, NAME))
    head, first, *_ = table.splitlines()
    assert head.startswith("number,id,stage,state,replicate,made by,approved by,")
    assert first.startswith(f"1,{world.ids['proposal']},flow,approved,1,strategy,otto,0.3,")
    assert [line.split(",")[0] for line in table.splitlines()[1:]] == ["1", "2", "3", "4"]
