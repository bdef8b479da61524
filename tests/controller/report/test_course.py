"""What is kept of a campaign follows its events, and what is drawn of it stays small and holds the best."""

from itertools import pairwise
from typing import Any

import pytest
from sqlmodel import Session

from controller import spec
from controller.commands import corrections
from controller.commands.lookup import find_campaign
from controller.report import course as kept
from controller.report import measured
from controller.report.curves import MOST_LINES, MOST_POINTS, curves, thinned
from controller.store import Unit
from controller.store.proposals import make_proposal
from controller.store.tables import Attempt, Measurement
from tests.controller.world import ADMIN, CANDIDATE, World

NAME = "reactor"
Pair = tuple[float, float]


def experiment(unit: Unit, yielded: float, waste: float, **fields: Any) -> list[str]:
    """A completed proposal with its two values; returns their ids."""
    campaign = find_campaign(unit.session, NAME)
    key = f"k{campaign.proposals}"
    row = make_proposal(unit, campaign, stage="flow", key=key, candidate=CANDIDATE, reason="", made_by="test")
    row.state, row.ended_event = "completed", unit.next_event
    values = [
        Measurement(
            id=f"{row.id}/{name}",
            campaign_id=campaign.id,
            proposal_id=row.id,
            channel=name,
            place=0,
            property=name,
            value=value,
            unit="dimensionless",
            event=unit.next_event,
            **{"standard_error": 0.5, **fields},
        )
        for name, value in (("space_time_yield", yielded), ("e_factor", waste))
    ]
    unit.record("test", row, *values, campaign_id=campaign.id, subject=row.id)
    return [each.id for each in values]


async def add(world: World, *pairs: Pair, **fields: Any) -> list[list[str]]:
    return await world.store.write(lambda unit: [experiment(unit, *pair, **fields) for pair in pairs], name="test")


async def drawn(world: World) -> dict[str, Any]:
    """What is drawn, the same whether it was kept up to date or is read anew."""
    known = await world.store.read(lambda session: curves(session, NAME))
    kept._SHELVES.clear()
    assert await world.store.read(lambda session: curves(session, NAME)) == known
    return known


def tops(found: dict[str, Any]) -> list[float]:
    names = [each["property"] for each in found["objectives"]]
    return [top["values"][name] for top, name in zip(found["tops"], names, strict=True)]


async def test_experiments_come_one_by_one(world: World) -> None:
    await add(world, (5, 9), (8, 7))
    first = await drawn(world)
    assert [each["values"]["space_time_yield"] for each in first["points"]] == [5, 8]
    await add(world, (6, 3))
    second = await drawn(world)
    assert [each["values"]["e_factor"] for each in second["points"]] == [9, 7, 3]
    assert [each["best"] for each in second["points"]] == [False, True, True]
    assert [each["records"] for each in second["points"]] == [[0, 1], [0, 1], [1]]
    assert tops(second) == [8, 3]
    assert second["points"][0]["errors"] == {"space_time_yield": 0.5, "e_factor": 0.5}
    assert second["best"][0]["candidate"] == CANDIDATE


async def test_only_what_is_new_is_read(world: World, monkeypatch: Any) -> None:
    await add(world, (5, 9))
    await world.store.read(lambda session: kept.course(session, NAME))
    asked: list[Any] = []
    read = kept._measured

    def noted(session: Session, campaign: str, keys: list[str] | None) -> Any:
        asked.append(keys)
        return read(session, campaign, keys)

    monkeypatch.setattr(kept, "_measured", noted)
    ids = await add(world, (6, 8))
    await world.store.read(lambda session: kept.course(session, NAME))
    assert sorted(asked[0]) == sorted(ids[0])


async def test_what_nothing_has_touched_is_kept_as_it_was(world: World) -> None:
    def experiments(session: Session) -> list[kept.Experiment]:
        return kept.course(session, NAME).experiments

    ids = await add(world, (5, 9), (8, 7))
    first = await world.store.read(experiments)
    await add(world, (6, 3))
    second = await world.store.read(experiments)
    assert len(second) == 3
    assert all(later is earlier for later, earlier in zip(second, first, strict=False))
    await world.store.write(lambda unit: corrections.correct(unit, ADMIN, ids[1][0], 7.0, "a typing error"), name="t")
    third = await world.store.read(experiments)
    assert [later is earlier for later, earlier in zip(third, second, strict=True)] == [True, False, True]
    assert third[1].values["space_time_yield"] == 7.0


async def test_a_correction_takes_the_place_of_a_value(world: World) -> None:
    ids = await add(world, (5, 9), (80, 7))
    assert tops(await drawn(world)) == [80, 7]
    await world.store.write(lambda unit: corrections.correct(unit, ADMIN, ids[1][0], 8.0, "a typing error"), name="t")
    assert tops(await drawn(world)) == [8, 7]
    rows = (await world.store.read(lambda session: measured.found(session, NAME)))["rows"]
    assert [row["corrected"] for row in rows if row["property"] == "space_time_yield"] == [False, True, False]


async def test_what_is_late_or_out_of_range_does_not_count(world: World) -> None:
    await add(world, (5, 9))
    await add(world, (50, 1), late=True)
    await add(world, (60, 1), status="out-of-range")
    assert tops(await drawn(world)) == [5, 9]
    rows = (await world.store.read(lambda session: measured.found(session, NAME)))["rows"]
    assert sum(row["late"] for row in rows) == 2


async def test_another_history_is_not_mixed_up_with_what_is_kept(world: World) -> None:
    await add(world, (5, 9))
    known = await world.store.read(lambda session: kept.course(session, NAME))
    known.experiments.clear()
    assert not (await world.store.read(lambda session: kept.course(session, NAME))).experiments, "it was not kept"
    known.hash = "that of another database"
    assert tops(await drawn(world)) == [5, 9]


async def test_many_experiments_are_drawn_by_their_best(world: World) -> None:
    count = 2 * MOST_POINTS
    await add(world, *((float(1000 - place % 997), 50.0) for place in range(count - 2)), (5000, 40), (1, 2))
    found = await drawn(world)
    assert found["total"] == count
    assert len(found["points"]) <= MOST_POINTS
    assert len(found["lines"]) <= MOST_LINES
    assert tops(found) == [5000, 2]
    assert sum(each["best"] for each in found["points"]) == 2
    places = [each["place"] for each in found["points"]]
    assert places == sorted(places)
    assert max(later - earlier for earlier, later in pairwise(places)) <= 3
    latest = await world.store.read(lambda session: measured.found(session, NAME))
    assert len(latest["rows"]) == measured.MOST
    assert latest["total"] == 2 * count + 1
    assert latest["rows"][0]["value"] in (1, 2)


def test_thinning_keeps_what_is_wanted() -> None:
    assert thinned(5, 10, []) == [0, 1, 2, 3, 4]
    kept_places = thinned(10_000, 100, [17, 4321])
    assert len(kept_places) <= 100
    assert {0, 17, 4321, 9999} <= set(kept_places)
    assert len(thinned(10_000, 100, range(10_000))) <= 100


async def test_files_of_a_measurement_stand_beside_it(world: World) -> None:
    def give_file(unit: Unit) -> None:
        attempt = unit.session.get_one(Attempt, world.ids["attempt"])
        attempt.result = {"files": [{"sha256": "a" * 64, "name": "spectrum.csv", "media_type": "text/csv"}]}
        unit.record("test", attempt, campaign_id=attempt.campaign_id)

    await world.store.write(give_file, name="test")
    found = await world.store.read(lambda session: measured.found(session, NAME))
    assert found["rows"][0]["files"] == [{"sha256": "a" * 64, "name": "spectrum.csv"}]
    assert found["rows"][0]["experiment"] == 2


TWO_STAGES = """
campaign: ladder
space: {parameters: {temperature: {type: continuous, low: 20, high: 90, unit: degC}}}
objectives: [{property: yield, goal: maximize, unit: percent}]
constraints: [{property: colour, comparison: "<=", value: 5}]
budget: {experiments: 5}
stages:
  - name: sieve
    steps: [{name: look, instruments: [camera], capability: look, yields: [yield, colour], timeout: 60}]
  - name: bench
    steps: [{name: cook, instruments: [stove], capability: cook, yields: [yield], timeout: 60}]
strategy: {name: random}
"""


def test_what_the_last_stage_does_not_measure_comes_from_the_stage_before() -> None:
    ended = [kept.Ended("a", 1, "sieve", "k1", 10, []), kept.Ended("c", 3, "bench", "k1", 30, ["a", "b"])]
    ended += [kept.Ended("b", 2, "sieve", "k2", 20, [])]
    measured = [
        kept.Value("1", "a", "yield", 50.0, None, True),
        kept.Value("2", "a", "colour", 3.0, None, True),
        kept.Value("3", "c", "yield", 60.0, 1.0, True),
        kept.Value("4", "c", "yield", 70.0, 1.0, True),
        kept.Value("5", "b", "yield", 99.0, None, True),
    ]
    [found] = kept._experiments(spec.load(TWO_STAGES), measured, ended)
    assert (found.number, found.values) == (3, {"yield": 65.0, "colour": 3.0})
    assert found.merits == (65.0,)
    assert found.errors == {"yield": pytest.approx(0.5**0.5)}
