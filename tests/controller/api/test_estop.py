"""The e-stop works while broker or database do not."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlmodel import select

from controller.serving import estops
from controller.store.tables import EStop
from tests.controller.world import World


async def _recorded(world: World) -> list[str]:
    return list(await world.store.read(lambda session: session.exec(select(EStop.id)).all()))


async def test_it_is_published_and_recorded(world: World) -> None:
    async with world.client("viewer") as client:
        answer = await client.post("/api/v1/estop", json={"instrument": "reactor-1", "why": "smoke"})
    said = answer.json()
    assert (answer.status_code, said["published"], said["recorded"]) == (201, True, True)
    assert world.broker.published == [(said["id"], "reactor-1", "smoke")]
    assert await _recorded(world) == [said["id"]]


async def test_an_unknown_instrument_is_told_of_after_publishing(world: World) -> None:
    async with world.client() as client:
        answer = await client.post("/api/v1/estop", json={"instrument": "reactor-9"})
    assert answer.status_code == 404
    assert [name for _, name, _ in world.broker.published] == ["reactor-9"]


async def test_without_the_broker_it_is_recorded_and_says_so(world: World) -> None:
    world.broker.away = True
    async with world.client() as client:
        answer = await client.post("/api/v1/estop", json={})
    said = answer.json()
    assert (answer.status_code, said["published"], said["recorded"]) == (202, False, True)
    assert "wired stop" in said["message"]


async def test_while_the_database_is_locked_it_is_published_and_recorded_later(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estops, "ANSWER_WITHIN", 0.2)
    monkeypatch.setattr(estops, "PAUSE", 0.05)
    other = sqlite3.connect(tmp_path / "tatara.db")
    other.execute("BEGIN IMMEDIATE")  # nobody else can commit
    async with world.client("viewer") as client:
        answer = await client.post("/api/v1/estop", json={"why": "smoke"})
    said = answer.json()
    assert (answer.status_code, said["published"], said["recorded"]) == (202, True, False)
    assert await _recorded(world) == []
    other.rollback()
    other.close()
    async with asyncio.timeout(20):
        await asyncio.gather(*world.app.state.recorder.tasks)
    assert await _recorded(world) == [said["id"]]


@pytest.mark.parametrize("there_is", [b"this is no database" * 100, None])
async def test_while_the_database_cannot_be_read_whoever_was_known_may_stop(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there_is: bytes | None
) -> None:
    monkeypatch.setattr(estops, "ANSWER_WITHIN", 0.2)
    async with world.client("viewer") as known, world.client("second") as unknown:
        assert (await known.get("/api/v1/estops")).status_code == 200
        world.store._reading.dispose()
        (tmp_path / "tatara.db").rename(tmp_path / "away.db")
        if there_is is not None:
            (tmp_path / "tatara.db").write_bytes(there_is)
        assert (await known.get("/api/v1/estops")).status_code == 503
        assert (await unknown.post("/api/v1/estop", json={})).status_code == 503
        answer = await known.post("/api/v1/estop", json={})
        assert answer.json()["published"]
