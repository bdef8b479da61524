"""A full disk, a locked and a damaged database: said clearly, nothing is half written, and it goes on afterwards."""

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from controller.store import Store, StoreUnavailable
from tests.controller.store.ledger import check_whole, names, note, write

BIG = "x" * 200_000


class Disk:
    """The writer's connection with room for so many pages of the database and no more."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.pages = 0
        event.listen(store._engine, "checkout", self._limit)

    def _limit(self, connection: Any, *_: Any) -> None:
        connection.execute(f"PRAGMA max_page_count = {self.pages or 1_000_000}")

    def fill(self) -> None:
        with self._store._reading.connect() as connection:
            self.pages = connection.exec_driver_sql("PRAGMA page_count").scalar() or 0

    def make_room(self) -> None:
        self.pages = 0


async def test_a_full_disk_loses_nothing_and_is_said(store: Store) -> None:
    disk = Disk(store)
    await write(store, "before")
    disk.fill()
    with pytest.raises(StoreUnavailable, match="database or disk is full"):
        await write(store, BIG)
    assert await store.read(names) == ["before"]
    await check_whole(store)
    disk.make_room()
    assert await write(store, BIG) == 2
    assert await write(store, "after") == 3
    await check_whole(store)


async def test_on_a_full_disk_the_whole_group_is_told_to_try_again(store: Store) -> None:
    disk = Disk(store)
    await write(store, "before")
    disk.fill()
    tries = [asyncio.create_task(store.write(lambda unit, n=n: note(unit, n), name="test")) for n in ("a", BIG, "b")]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(each) for each in outcomes] == [StoreUnavailable] * 3
    disk.make_room()
    assert await asyncio.gather(*(write(store, n) for n in ("a", BIG, "b"))) == [2, 3, 4]
    await check_whole(store)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.store.database.BUSY_MS", 50)


@pytest.fixture
def intruder(path: Path) -> Iterator[sqlite3.Connection]:
    """Another program that writes to the database."""
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


@pytest.mark.usefixtures("impatient")
async def test_a_locked_database_loses_nothing_and_goes_on(path: Path, intruder: sqlite3.Connection) -> None:
    store = Store(f"sqlite:///{path}")
    await store.start()
    try:
        await write(store, "before")
        intruder.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="database is locked"):
            await write(store, "while")
        assert await store.read(names) == ["before"], "reading goes on"
        intruder.execute("ROLLBACK")
        assert await write(store, "after") == 2
        assert await store.read(names) == ["before", "after"]
        await check_whole(store)
    finally:
        await store.stop()


async def test_a_short_lock_is_waited_for(store: Store, intruder: sqlite3.Connection) -> None:
    intruder.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(write(store, "a"))
    done, _ = await asyncio.wait([waiting], timeout=0.2)
    assert not done
    intruder.execute("ROLLBACK")
    assert await waiting == 1


async def test_a_database_damaged_while_in_use_is_said_and_commits_nothing(store: Store, path: Path) -> None:
    for number in range(50):
        await write(store, f"f{number}-{'x' * 4000}")
    with sqlite3.connect(path, isolation_level=None) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [(root,)] = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'event'").fetchall()
    database.close()
    store._engine.dispose()  # so that no page of it is remembered
    with open(path, "r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)
    with pytest.raises(StoreUnavailable, match="malformed"):
        await write(store, "more")
