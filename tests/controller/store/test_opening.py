"""Which databases are opened, by whom, and what is said about the others."""

import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.store import LockedElsewhere, LostLock, Store, WrongSchema
from controller.store.database import open_engine
from tests.controller.store.ledger import check_whole, names, spoil, write


async def opened(path: Path) -> None:
    store = Store(f"sqlite:///{path}")
    try:
        await store.start()
    finally:
        await store.stop()


async def test_an_empty_folder_gets_a_database(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "tatara.db"
    await opened(path)
    await opened(path)
    assert path.exists()


async def test_the_settings_that_the_promises_rest_on(store: Store) -> None:
    for engine in (store._engine, store._reading):
        with engine.connect() as connection:
            values = [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            ]
        assert values == ["wal", 2, 1, 5000], "synchronous 2 is FULL"


async def test_every_start_begins_a_new_epoch(path: Path) -> None:
    epochs = []
    for _ in range(3):
        store = Store(f"sqlite:///{path}")
        await store.start()
        epochs.append(store.lock.epoch)
        await store.stop()
    assert epochs == [epochs[0], epochs[0] + 1, epochs[0] + 2]


async def test_a_second_daemon_is_refused_and_the_first_goes_on(store: Store, path: Path) -> None:
    with pytest.raises(LockedElsewhere, match=r"in use by another tatara process; stop that one"):
        await opened(path)
    assert await write(store, "a") == 1


async def test_the_lock_ends_with_the_process_that_held_it(path: Path) -> None:
    code = (
        "import asyncio, os, sys\n"
        "from controller.store import Store\n"
        "store = Store(sys.argv[1])\n"
        "asyncio.run(store.start())\n"
        "print('held', flush=True)\n"
        "sys.stdin.read(1)\n"
        "os._exit(9)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, f"sqlite:///{path}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(LockedElsewhere):
            await opened(path)
        other.communicate(b"x", timeout=30)
    await opened(path)


async def test_who_has_lost_the_lock_writes_nothing_more(store: Store, path: Path) -> None:
    """A file lock can be lost: its file deleted, or the database on a network disk that forgot it."""
    await write(store, "mine")
    Path(f"{path}.lock").unlink()
    other = Store(f"sqlite:///{path}")
    await other.start()
    try:
        with pytest.raises(LostLock, match=r"epoch \d+ is over: another daemon \(epoch \d+\)"):
            await write(store, "too late")
        assert isinstance(store.lost, LostLock)
        with pytest.raises(LostLock):
            await write(store, "still too late")
        assert await write(other, "theirs") == 2
        assert await other.read(names) == ["mine", "theirs"]
        await check_whole(other)
    finally:
        await other.stop()


async def test_a_newer_schema_is_refused(path: Path) -> None:
    spoil(path, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(WrongSchema, match="schema 9999 of a newer Tatara; install that version"):
        await opened(path)


async def test_an_older_schema_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic.script import ScriptDirectory

    monkeypatch.setattr(ScriptDirectory, "get_current_head", lambda _: "9999")
    with pytest.raises(WrongSchema, match=r"older schema; `tatara db upgrade`"):
        await opened(path)


async def test_a_database_of_somebody_else_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "theirs.db"
    spoil(path, "CREATE TABLE song (title TEXT)", "INSERT INTO song VALUES ('x')")
    with pytest.raises(WrongSchema, match="tables that Tatara did not make"):
        await opened(path)
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT name FROM sqlite_master").fetchall() == [("song",)]
    database.close()


@pytest.mark.parametrize("content", [b"no database at all" * 1000, bytes(range(256)) * 64])
async def test_a_corrupt_file_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "tatara.db"
    path.write_bytes(content)
    with pytest.raises(WrongSchema, match=r"cannot be read as a database .*; restore it from a backup"):
        await opened(path)
    assert path.read_bytes() == content


async def test_a_torn_database_is_refused(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + os.urandom(len(whole) - 4096))
    with pytest.raises(WrongSchema, match="restore it from a backup"):
        await opened(path)


async def test_a_database_that_something_else_holds_is_not_called_corrupt(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.store.database.BUSY_MS", 50)
    spoil(path, "PRAGMA journal_mode=DELETE")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(WrongSchema, match=r"locked.*see that nothing else uses it") as refusal:
            await opened(path)
        assert "backup" not in str(refusal.value)
    finally:
        other.close()
    await opened(path)


async def test_a_path_that_cannot_be_opened_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "tatara.db").mkdir()
    with pytest.raises(WrongSchema, match=r"unable to open database file.*folder may be written"):
        await opened(tmp_path / "tatara.db")


def test_a_password_in_a_url_is_not_told(tmp_path: Path) -> None:
    engine = open_engine("postgresql+psycopg://ada:secret@127.0.0.1:1/x", writing=True)
    assert "secret" not in engine.url.render_as_string()


async def test_the_holder_and_the_time_stand_in_the_epoch(path: Path) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    store = Store(f"sqlite:///{path}", clock=lambda: at)
    await store.start()
    await store.stop()
    with sqlite3.connect(path) as database:
        [(holder, taken)] = database.execute("SELECT holder, taken_at FROM epoch").fetchall()
    database.close()
    assert holder.endswith(f":{os.getpid()}")
    assert taken.startswith("2026-01-01 00:00:00")
