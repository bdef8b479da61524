"""The lock, the schema and the loss of the connection on PostgreSQL; SQLite's own are in `test_opening`."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url

from controller.store import LockedElsewhere, LostLock, Store, StoreUnavailable, Unit, WrongSchema, schema
from controller.store.database import Lock, open_engine
from controller.store.tables import Table
from tests.controller.store.ledger import check_whole, names, note, write
from tests.postgresql import PostgreSQL

HOLD = (
    "import asyncio, sys\n"
    "from controller.store import Store\n"
    "asyncio.run(Store(sys.argv[1]).start())\n"
    "print('held', flush=True)\n"
    "sys.stdin.read(1)\n"
)
LATER = '''
"""A later schema."""
import sqlalchemy as sa
from alembic import op

revision = "later"
down_revision = "{newest}"


def upgrade() -> None:
    op.add_column("user", sa.Column("shoe_size", sa.Integer(), nullable=True))
'''


@pytest.fixture
def url(postgresql: PostgreSQL, server_template: str) -> Iterator[str]:
    made = postgresql.fresh(server_template)
    yield made
    postgresql.drop(made)


async def opened(url: str) -> int:
    """Open it as a daemon does; returns the epoch."""
    store = Store(url)
    try:
        await store.start()
        return store.lock.epoch
    finally:
        await store.stop()


def disconnect(server: PostgreSQL, url: str) -> None:
    """Break every connection to a database, as a restart of the server does."""
    database = make_url(url).database
    server.execute(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{database}'")


async def test_a_second_daemon_is_refused_and_the_first_goes_on(store: Store, url: str) -> None:
    with pytest.raises(LockedElsewhere, match="in use by another tatara process"):
        await opened(url)
    assert await write(store, "a") == 1


async def test_every_start_begins_a_new_epoch_and_lets_go(url: str) -> None:
    first = await opened(url)
    assert [await opened(url), await opened(url)] == [first + 1, first + 2]


async def test_the_lock_ends_with_the_process_that_held_it(url: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(LockedElsewhere):
            await opened(url)
        other.send_signal(signal.SIGKILL)
        other.wait(30)
    async with asyncio.timeout(30):
        while True:  # the server hears of it a little later
            try:
                await opened(url)
                return
            except LockedElsewhere:
                await asyncio.sleep(0.02)


async def test_who_has_lost_the_lock_writes_nothing_more(store: Store, url: str, postgresql: PostgreSQL) -> None:
    await write(store, "mine")
    disconnect(postgresql, url)
    assert await write(store, "mine again") == 2, "as long as nobody else has come, it goes on"
    disconnect(postgresql, url)
    other = Store(url)
    await other.start()
    try:
        with pytest.raises(LostLock, match=r"epoch \d+ is over: another daemon \(epoch \d+\)"):
            await write(store, "too late")
        assert isinstance(store.lost, LostLock)
        assert await write(other, "theirs") == 3
        assert await other.read(names) == ["mine", "mine again", "theirs"]
        await check_whole(other)
    finally:
        await other.stop()


async def test_a_connection_that_breaks_in_a_transaction_loses_nothing_and_is_said(
    store: Store, url: str, postgresql: PostgreSQL
) -> None:
    def interrupted(unit: Unit) -> int:
        number = note(unit, "half")
        unit.flush()
        disconnect(postgresql, url)
        return number

    await write(store, "before")
    with pytest.raises(StoreUnavailable):
        await store.write(interrupted, name="test")
    assert await store.read(names) == ["before"]
    assert await write(store, "after") == 2
    await check_whole(store)


async def test_a_server_that_is_away_is_said() -> None:
    store = Store("postgresql+psycopg://ada:secret@127.0.0.1:1/lab")
    with pytest.raises(StoreUnavailable, match=r"cannot be reached, or refuses this user.*") as refusal:
        await store.start()
    assert "secret" not in str(refusal.value)


async def test_a_newer_schema_and_somebody_elses_tables_are_refused(url: str, postgresql: PostgreSQL) -> None:
    database = make_url(url).database or ""
    postgresql.execute("UPDATE alembic_version SET version_num = '9999'", database)
    with pytest.raises(WrongSchema, match="schema 9999 of a newer Tatara"):
        await opened(url)
    postgresql.execute("DROP TABLE alembic_version", database)
    with pytest.raises(WrongSchema, match="tables that Tatara did not make"):
        await opened(url)


def test_the_migrations_make_the_tables_that_the_models_describe(url: str) -> None:
    engine = open_engine(url, writing=False)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, Table.metadata) == []
    finally:
        engine.dispose()


def _newest() -> str | None:
    return ScriptDirectory(str(schema.MIGRATIONS)).get_current_head()


def test_an_older_schema_is_upgraded(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(schema.MIGRATIONS, tmp_path / "migrations")
    (tmp_path / "migrations" / "versions" / "9999_later.py").write_text(LATER.format(newest=_newest()))
    monkeypatch.setattr(schema, "MIGRATIONS", tmp_path / "migrations")
    engine = open_engine(url, writing=True)
    lock = Lock(engine)
    lock.take()
    try:
        assert schema.is_older(engine)
        schema.upgrade(engine)
        assert not schema.is_older(engine)
    finally:
        lock.release()
        engine.dispose()
