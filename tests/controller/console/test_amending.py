"""A campaign with files beside its file is amended from the page: files that are not chosen anew stay."""

import asyncio
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlmodel import Session

from controller.access.actors import Actor, Role
from controller.commands import campaigns as commands
from controller.commands.errors import Conflict
from controller.commands.instruments import enrol
from controller.commands.lookup import find_campaign
from controller.console import House, actions, amending
from controller.report.campaign import file_of
from controller.serving import campaigns
from controller.spec import SpecError
from controller.store.specs import spec_of
from tests.controller.world import World

ADA = Actor("ada", Role.ADMIN)
EXAMPLES = Path(__file__).parents[3] / "deploy" / "campaigns"
TEXT = (EXAMPLES / "solvents.yaml").read_text()
POOL = (EXAMPLES / "solvents.csv").read_bytes()
FRESH = TEXT.replace("seed: 7", "seed: 8")
OTHER = POOL.rstrip().rpartition(b"\n")[0] + b"\n"  # a row less


@pytest.fixture
async def solvents(world: World, house: House) -> House:
    """The console, before a campaign whose pool is a table beside it."""
    submission = await campaigns.prepare(house.services, ADA, TEXT, {"solvents.csv": POOL})
    await world.store.write(lambda unit: enrol(unit, ADA, "plate-reader-1", simulated=True), name="t")
    await world.store.write(lambda unit: commands.submit(unit, ADA, submission), name="t")
    return house


async def pool_of(world: World) -> tuple[int, str | None]:
    """The version in force, and the digest of its pool."""

    def read(session: Session) -> tuple[int, str | None]:
        row = find_campaign(session, "solvents")
        pool = spec_of(session, row).space.pool
        return row.version, pool.sha256 if pool else None

    return await world.store.read(read)


async def test_a_pool_stays_or_is_replaced(world: World, solvents: House) -> None:
    told = await world.store.read(lambda session: file_of(session, "solvents"))
    assert told["files"] == ["solvents.csv"]
    _, before = await pool_of(world)
    await actions.amend_campaign(solvents, ADA, "solvents", FRESH)
    assert await pool_of(world) == (2, before)
    await actions.amend_campaign(solvents, ADA, "solvents", TEXT, {"solvents.csv": OTHER})
    version, after = await pool_of(world)
    assert (version, after != before) == (3, True)
    assert solvents.services.files.path(after or "").read_bytes() == OTHER


async def test_a_file_that_was_never_there_is_asked_for(world: World, solvents: House) -> None:
    text = TEXT.replace("solvents.csv", "others.csv")
    with pytest.raises(SpecError, match="not sent along"):
        await actions.amend_campaign(solvents, ADA, "solvents", text)
    await actions.amend_campaign(solvents, ADA, "solvents", text, {"others.csv": OTHER})
    assert (await pool_of(world))[0] == 2


async def test_what_another_amended_meanwhile_is_not_taken_away(world: World, solvents: House) -> None:
    shown = await world.store.read(lambda session: file_of(session, "solvents"))
    await actions.amend_campaign(solvents, ADA, "solvents", TEXT, {"solvents.csv": OTHER}, shown["version"])
    amended = await pool_of(world)
    with pytest.raises(Conflict, match="has version 2"):
        await actions.amend_campaign(solvents, ADA, "solvents", TEXT, {}, shown["version"])
    assert await pool_of(world) == amended


async def test_of_two_at_once_one_is_refused(world: World, solvents: House) -> None:
    both = (actions.amend_campaign(solvents, ADA, "solvents", TEXT, files) for files in ({"solvents.csv": OTHER}, {}))
    found = await asyncio.gather(*both, return_exceptions=True)
    assert [isinstance(each, Conflict) for each in found].count(True) == 1


async def test_the_api_keeps_them_too(world: World, solvents: House) -> None:
    async with world.client() as client:
        answer = await client.post("/api/v1/campaigns/solvents/amend", json={"text": FRESH})
        again = await client.post("/api/v1/campaigns/solvents/amend", json={"text": FRESH})
    assert answer.json()["version"] == 2
    assert (again.status_code, "nothing is changed" in again.json()["message"]) == (409, True)
    assert (await pool_of(world))[0] == 2


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        ("{experiments: 12, cost: 40}", []),
        ("{experiments: 11}", ["11 experiments are used already of the 11"]),
        ("{experiments: 10, cost: 3}", ["11 experiments", "3.5 cost units are used already of the 3 "]),
    ],
)
async def test_a_budget_that_is_used_already_is_told_of_once(budget: str, said: list[str]) -> None:
    told, now = Told(), {"experiments": 11, "cost": 3.5}
    told.now = now
    dialog = amending.Amendment(told, "solvents", {"files": []})  # type: ignore[arg-type]
    ends = await dialog._ends(re.sub("budget:\n(  .*\n)+", f"budget: {budget}\n", TEXT))
    assert len(ends) == len(said)
    assert all(
        start in line and line.endswith("the campaign will end.") for start, line in zip(said, ends, strict=True)
    )
    assert await dialog._ends("no campaign") == []


async def test_what_would_end_it_takes_a_second_press(monkeypatch: pytest.MonkeyPatch) -> None:
    told, warned = Told(), []
    told.now = {"experiments": 10_000, "cost": 0.0}
    dialog = amending.Amendment(told, "solvents", {"files": []})  # type: ignore[arg-type]
    dialog._text = dialog._faults = SimpleNamespace(value=TEXT, clear=lambda: None)  # type: ignore[assignment]
    monkeypatch.setattr(dialog, "_warn", warned.append)
    await dialog._go()
    assert (len(warned), told.asked) == (1, 0)
    await dialog._go()
    assert (len(warned), told.asked) == (1, 1)


class Told:
    """A page that only hears what it is complained of."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.now: dict[str, float] = {}
        self.asked = 0

    async def look_up(self, _read: object) -> dict[str, float]:
        return self.now

    async def tried(self, _doing: object) -> None:
        self.asked += 1

    def complain(self, text: str) -> None:
        self.complaints.append(text)


class Upload:
    """What a browser sends."""

    def __init__(self, name: str, size: int) -> None:
        self.name, self._size, self.was_read = name, size, False

    def size(self) -> int:
        return self._size

    async def read(self) -> bytes:
        self.was_read = True
        await asyncio.sleep(0)
        return b"x" * self._size


async def test_more_than_is_taken_is_never_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amending, "LARGEST", 100)
    told = Told()
    dialog = amending.Amendment(told, "solvents", {"files": []})  # type: ignore[arg-type]
    monkeypatch.setattr(dialog, "_busy", lambda more: None)
    monkeypatch.setattr(dialog, "_show_files", lambda: None)
    first, again, second = Upload("a.csv", 90), Upload("a.csv", 95), Upload("b.csv", 6)
    for each in (first, again, second):
        await dialog._keep(SimpleNamespace(file=each))  # type: ignore[arg-type]
    assert (again.was_read, second.was_read, len(told.complaints)) == (True, False, 1)
    assert {name: len(content) for name, content in dialog.files.items()} == {"a.csv": 95}


async def test_many_at_one_moment_are_no_more_than_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amending, "LARGEST", 100)
    told = Told()
    dialog = amending.Amendment(told, "solvents", {"files": []})  # type: ignore[arg-type]
    monkeypatch.setattr(dialog, "_busy", lambda more: None)
    monkeypatch.setattr(dialog, "_show_files", lambda: None)
    sent = [Upload(f"{number}.csv", 60) for number in range(5)]
    await asyncio.gather(*(dialog._keep(SimpleNamespace(file=each)) for each in sent))  # type: ignore[arg-type]
    assert ([each.was_read for each in sent].count(True), len(told.complaints)) == (1, 4)
