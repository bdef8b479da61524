"""Every measurement is found, and stands in the table of all."""

import csv
import io
from typing import Any

import pytest

from controller.commands import corrections
from controller.commands.errors import NotFound
from controller.report import measured
from controller.serving import exports
from tests.controller.report.test_course import NAME, add
from tests.controller.world import ADMIN, World


async def found(world: World, *wanted: Any) -> dict[str, Any]:
    rows: dict[str, Any] = await world.store.read(lambda session: measured.found(session, NAME, *wanted))
    return rows


async def test_an_older_one_is_found_by_its_experiment_and_its_property(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measured, "MOST", 4)
    await add(world, *((float(place), 90.0 - place) for place in range(5)))
    latest = await found(world)
    assert [row["experiment"] for row in latest["rows"]] == [7, 7, 6, 6]
    assert (latest["total"], latest["properties"]) == (11, ["e_factor", "space_time_yield", "temperature"])
    old = await found(world, 3, "space_time_yield")
    assert [(row["experiment"], row["value"]) for row in old["rows"]] == [(3, 0.0)]
    assert old["total"] == 1
    assert [row["property"] for row in (await found(world, 3))["rows"]] == ["space_time_yield", "e_factor"]
    by_property = await found(world, None, "e_factor")
    assert ([row["value"] for row in by_property["rows"]], by_property["total"]) == ([86, 87, 88, 89], 5)
    assert (await found(world, 99))["rows"] == []


async def test_older_ones_are_paged_through_and_stay_when_new_ones_come(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measured, "MOST", 4)
    await add(world, *((float(place), 90.0) for place in range(5)))
    pages, upto = [], None
    while upto != 0:
        pages.append(await found(world, None, None, upto))
        upto = pages[-1]["older"]
    ids = [row["id"] for page in pages for row in page["rows"]]
    assert [len(page["rows"]) for page in pages] == [4, 4, 3]
    assert len(set(ids)) == 11
    assert [page["newer"] for page in pages] == [None, None, 7]
    await add(world, (9.0, 9.0))
    again = await found(world, None, None, pages[1]["upto"])
    assert (again["rows"], again["total"], again["newer"]) == (pages[1]["rows"], 13, 11)


async def test_what_was_found_is_corrected_and_seen_to_be(world: World) -> None:
    [ids] = await add(world, (5.0, 9.0))
    assert len((await found(world, 3))["rows"]) == 2
    await world.store.write(lambda unit: corrections.correct(unit, ADMIN, ids[0], 6.0, "a typing error"), name="t")
    rows = (await found(world, 3, "space_time_yield"))["rows"]
    assert [(row["value"], row["corrected"]) for row in rows] == [(6.0, False), (5.0, True)]


async def test_all_of_them_are_written_part_by_part(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measured, "PART", 3)
    [first, *_] = await add(world, *((float(place), 90.0) for place in range(4)))
    await add(world, (1.0, 2.0), late=True)
    await world.store.write(lambda unit: corrections.correct(unit, ADMIN, first[0], 7.5, "a typing error"), name="t")
    services = world.app.state.services
    parts = [part async for part in await exports.measurements(services, NAME)]
    assert len(parts) == 1 + 4
    rows = list(csv.DictReader(io.StringIO("".join(parts))))
    assert len(rows) == 12
    assert [row["id"] for row in rows] == [row["id"] for row in sorted(rows, key=lambda r: (int(r["event"]), r["id"]))]
    by_id = {row["id"]: row for row in rows}
    assert (by_id[first[0]]["corrected"], by_id[first[0]]["counts"]) == ("yes", "no")
    assert [row["late"] for row in rows].count("yes") == 2
    [right] = [row for row in rows if row["value"] == "7.5"]
    assert (right["experiment"], right["origin"], right["counts"]) == ("3", "operator", "yes")
    with pytest.raises(NotFound):
        await exports.measurements(services, "nothing")
