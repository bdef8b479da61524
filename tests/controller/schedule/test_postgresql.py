"""Dumps of PostgreSQL: put back by our command they are safe at once, put back by `pg_restore` alone not before it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.report.audit import audit
from controller.schedule.backup import KEPT, back_up, backup
from controller.schedule.hold import REASON
from controller.schedule.postgresql import NotDumped, load
from controller.schedule.restore import NotRestored, adopt, restore
from controller.store import LockedElsewhere, Store, WrongSchema
from controller.store.tables import Campaign, Instrument
from tests.controller.stand import Stand
from tests.postgresql import PostgreSQL

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)

pytestmark = pytest.mark.skipif(shutil.which("pg_dump") is None, reason="pg_dump is not installed")


@pytest.fixture
def url(postgresql: PostgreSQL, server_template: str) -> Iterator[str]:
    made = postgresql.fresh(server_template)
    yield made
    postgresql.drop(made)


@pytest.fixture
def empty(postgresql: PostgreSQL) -> Iterator[str]:
    made = postgresql.fresh()
    yield made
    postgresql.drop(made)


@pytest.fixture
async def dumped(stand: Stand, tmp_path: Path) -> Path:
    """Of a campaign with one attempt under way, made while the store writes."""
    await stand.sent()
    head = back_up(stand.store.url, tmp_path / "yesterday.dump")
    await stand.store.write(lambda unit: unit.record("test.today"), name="t")
    assert head.event is not None
    return tmp_path / "yesterday.dump"


async def _look(url: str, folder: Path) -> tuple[Campaign, Instrument, int]:
    """The campaign, the stove and the epoch of a database that a daemon may use; its record is whole."""
    store = Store(url)
    await store.start()
    try:
        here = Stand(store, folder)
        report = await store.read(audit)
        assert report.ok, report.faults
        [campaign] = await here.all(Campaign)
        return campaign, (await here.all(Instrument))[-1], store.lock.epoch
    finally:
        await store.stop()


async def test_a_dump_is_restored_into_an_empty_database_and_everything_waits(
    stand: Stand, dumped: Path, empty: str, tmp_path: Path
) -> None:
    done = restore(dumped, empty, NOON)
    assert (done.campaigns, done.withdrawn, done.kept) == (["heat"], 0, None)
    assert (await stand.attempt()).state == "sent", "the replaced database is as it was"
    campaign, stove, epoch = await _look(empty, tmp_path)
    assert (campaign.state, campaign.reason) == ("paused", REASON)
    assert stove.wanted_number == NOON.timestamp()
    assert epoch > NOON.timestamp()


async def test_what_pg_restore_alone_put_back_is_refused_until_it_is_adopted(
    dumped: Path, empty: str, tmp_path: Path
) -> None:
    load(dumped, empty)
    with pytest.raises(WrongSchema, match=r"put back from a dump.*`tatara restore --in-place`"):
        await Store(empty).start()
    assert adopt(empty, NOON).campaigns == ["heat"]
    assert (await _look(empty, tmp_path))[0].reason == REASON
    with pytest.raises(NotRestored, match="in use as it is"):
        adopt(empty, NOON)


async def test_the_tables_of_a_dump_put_over_those_that_were_there_are_refused_too(
    stand: Stand, dumped: Path, postgresql: PostgreSQL
) -> None:
    await stand.store.stop()
    plain = stand.store.url.replace("+psycopg", "")
    subprocess.run(["pg_restore", "--clean", "--if-exists", f"--dbname={plain}", dumped], check=True)
    with pytest.raises(WrongSchema, match="put back from a dump"):
        await Store(stand.store.url).start()


async def test_a_database_that_is_used_or_holds_something_is_not_restored_into(stand: Stand, dumped: Path) -> None:
    with pytest.raises(LockedElsewhere):
        restore(dumped, stand.store.url, NOON)
    await stand.store.stop()
    with pytest.raises(NotRestored, match="not empty"):
        restore(dumped, stand.store.url, NOON)


async def test_what_is_no_dump_changes_nothing(empty: str, tmp_path: Path) -> None:
    (tmp_path / "junk").write_bytes(b"no dump at all" * 100)
    for name in ("junk", "none"):
        with pytest.raises(NotRestored, match="pg_restore failed"):
            restore(tmp_path / name, empty, NOON)
    store = Store(empty)
    await store.start()
    await store.stop()


async def test_nightly_dumps_are_kept_for_a_week(stand: Stand, tmp_path: Path) -> None:
    made = [backup(stand.store.url, tmp_path, NOON.replace(day=day)) for day in range(1, KEPT + 2)]
    assert sorted(tmp_path.glob("*.dump")) == made[1:]


def test_a_server_that_is_away_or_a_missing_pg_dump_is_said(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotDumped, match="pg_restore failed"):
        load(tmp_path / "x", "postgresql+psycopg://ada@127.0.0.1:1/lab")
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    with pytest.raises(NotDumped, match="pg_dump is not installed"):
        back_up(url, tmp_path / "copy.dump")
