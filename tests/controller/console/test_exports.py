"""What is downloaded from the pages."""

import asyncio
import csv
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from controller.access.actors import Actor, Role
from controller.console import actions
from controller.serving import exports
from controller.store.tables import Measurement
from tests.controller.console.by_hand import look, sign_in
from tests.controller.console.opened import Opened, opened


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Opened]:
    async with opened(tmp_path) as there:
        yield there


async def test_all_measurements_of_a_campaign(there: Opened) -> None:
    vera = await sign_in(there.url, there.tokens["viewer"])
    page = await look(vera, "/campaigns/heat")
    link = page.elements[page.find("Download all measurements as CSV")]["props"]["href"]
    answer = await vera.get(link)
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="heat-measurements.csv"'
    assert answer.text.startswith("experiment,stage,property,value,unit,")
    assert (await vera.get("/export/nothing/measurements.csv")).status_code == 404
    async with httpx.AsyncClient(base_url=there.url, trust_env=False) as nobody:
        assert (await nobody.get(link)).headers["location"].startswith("/sign-in")


async def test_a_page_waits_for_one_table_and_not_for_all_that_were_asked_for(
    there: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    vera = await sign_in(there.url, there.tokens["viewer"])
    began, goes_on = threading.Event(), threading.Event()
    made: list[str] = []

    def slow(session: Session, name: str) -> str:
        began.set()
        goes_on.wait(20)
        made.append(name)
        return ""

    monkeypatch.setattr("controller.console.raw.as_csv", slow)
    asked = [asyncio.create_task(vera.get("/export/heat.csv")) for _ in range(4)]
    await asyncio.to_thread(began.wait, 20)
    page = asyncio.create_task(there.house.services.store.read_long(lambda _: len(made)))
    await asyncio.sleep(0.2)
    goes_on.set()
    assert await page == 1
    assert [each.status_code for each in await asyncio.gather(*asked)] == [200] * 4


async def test_what_is_corrected_while_a_table_is_read_stands_in_it_once(there: Opened) -> None:
    otto = Actor("otto", Role.OPERATOR)
    await actions.measure(there.house, otto, attempt=there.ids["task"], values={"mass": (1.0, "g")})
    [measured] = await there.stand.store.read(
        lambda session: session.scalars(select(col(Measurement.id)).where(col(Measurement.property) == "mass")).all()
    )
    parts = [part async for part in _corrected_meanwhile(there, otto, measured)]
    [row] = csv.DictReader("".join(parts).splitlines())
    assert (row["value"], row["corrected"], row["counts"]) == ("1.0", "no", "yes")
    later = "".join([part async for part in await exports.measurements(there.house.services, "weigh-it")])
    found = [(row["value"], row["counts"]) for row in csv.DictReader(later.splitlines())]
    assert found == [("1.0", "no"), ("2.0", "yes")]


async def _corrected_meanwhile(there: Opened, actor: Actor, measured: str) -> AsyncIterator[str]:
    parts = await exports.measurements(there.house.services, "weigh-it")
    yield await anext(parts)
    await actions.correct(there.house, actor, measurement=measured, value=2.0, why="typo")
    async for part in parts:
        yield part


async def test_whoever_asks_for_many_molecules_keeps_nobody_else_waiting(
    there: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    vera = await sign_in(there.url, there.tokens["viewer"])
    otto = await sign_in(there.url, there.tokens["operator"])
    goes_on, drawn, turn = asyncio.Event(), [], asyncio.Lock()

    async def slow(smiles: str) -> bytes:
        async with turn:
            await goes_on.wait()
            drawn.append(smiles)
            return b"<svg/>"

    monkeypatch.setattr(there.house.pictures, "molecule", slow)
    many = [asyncio.create_task(vera.get(f"/drawn/molecule.svg?smiles={'C' * length}")) for length in range(1, 7)]
    await asyncio.sleep(0.5)
    other = asyncio.create_task(otto.get("/drawn/molecule.svg?smiles=N"))
    await asyncio.sleep(0.5)
    goes_on.set()
    assert [each.status_code for each in await asyncio.gather(*many, other)] == [200] * 7
    assert drawn.index("N") <= 1
