"""Put a backup in the place of the database. Nothing that may have happened since is done a second time by itself.

What an instrument did after the backup is unknown to the restored database. So everything waits for an operator: all
open campaigns are paused, and what had not been sent yet is withdrawn, because it may have been sent since. What was
under way is in doubt until its instrument says more.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, inspect
from sqlmodel import Session

from controller.files import sync_folder
from controller.loop.site_limits import Limits
from controller.schedule.backup import Head, copy_database, file_of
from controller.schedule.hold import hold_everything
from controller.schedule.postgresql import NotDumped, load
from controller.store import Unit
from controller.store.database import Lock, holder, home_of, open_engine
from controller.store.schema import is_older, upgrade
from controller.store.tables import Epoch
from controller.store.unit import Chain


class NotRestored(RuntimeError):
    """The backup cannot be used; the present database is as it was."""


@dataclass(frozen=True)
class Restored:
    """What was done: the state that is back, where the replaced database is now, and who waits for an operator."""

    head: Head
    kept: Path | None
    campaigns: list[str]
    withdrawn: int


def restore(backup: Path, url: str, now: datetime) -> Restored:
    """Replace a SQLite database by a backup, or put a dump into an empty PostgreSQL database.

    Raises `LockedElsewhere` while a daemon runs, and `NotRestored`.
    """
    database = file_of(url)
    with _locked(url) as engine:
        if database is None:
            return _restore_dump(backup, url, engine, now)
        fresh = database.with_name(f"{database.name}.restoring")
        _copy(backup, fresh)
        done = _adopt(f"sqlite:///{fresh}", str(backup), now)
        if database.exists():  # whoever restores, the daemon's account goes on with it
            os.chown(fresh, database.stat().st_uid, database.stat().st_gid)
        kept = _put_aside(database, now)
        os.replace(fresh, database)
        sync_folder(database.parent)
        return replace(done, kept=kept)


def adopt(url: str, now: datetime) -> Restored:
    """Make a PostgreSQL database usable that somebody put back from a dump. Raises `LockedElsewhere`, `NotRestored`."""
    with _locked(url) as engine:
        with Session(engine) as session:
            row = session.get(Epoch, 1)
            if row is None or row.home == home_of(session.connection()):
                raise NotRestored("this database was not put back from a dump: it is in use as it is")
        return _adopt(url, "a dump, in place", now)


@contextmanager
def _locked(url: str) -> Iterator[Engine]:
    engine = open_engine(url, writing=True)
    lock = Lock(engine)
    lock.take()
    try:
        yield engine
    finally:
        lock.release()
        engine.dispose()


def _restore_dump(backup: Path, url: str, engine: Engine, now: datetime) -> Restored:
    if inspect(engine).get_table_names():
        raise NotRestored("the database is not empty: rename it, and make an empty one in its place")
    try:
        load(backup, url)
    except NotDumped as error:
        raise NotRestored(str(error)) from error
    return _adopt(url, str(backup), now)


def _copy(backup: Path, fresh: Path) -> None:
    for leftover in (fresh, fresh.with_name(f"{fresh.name}-wal"), fresh.with_name(f"{fresh.name}-shm")):
        leftover.unlink(missing_ok=True)
    try:
        fresh.touch(mode=0o600)
        copy_database(backup, fresh)
        with closing(sqlite3.connect(fresh)) as copy:
            [found] = copy.execute("PRAGMA integrity_check(1)").fetchone()
            if found != "ok":
                raise NotRestored(f"{backup} is damaged: {found}")
    except (OSError, sqlite3.Error) as error:
        raise NotRestored(f"{backup} cannot be read as a backup of Tatara: {error}") from error


def _adopt(url: str, backup: str, now: datetime) -> Restored:
    """Begin a new epoch of a database that was put back, and hold everything, in one transaction.

    Epochs, wishes and attempts go on from a number that is the moment in seconds. It is above all that were used since
    the backup, also by databases that were restored from it before: instruments ignore older epochs and wishes than
    they know, and no id of an attempt is used twice.
    """
    ahead = int(now.timestamp())
    engine = open_engine(url, writing=True)
    try:
        if is_older(engine):  # the backup may be of an earlier version
            upgrade(engine)
        with Session(engine, expire_on_commit=False) as session:
            chain = Chain(session)
            head = Head(chain.number or None, chain.hash if chain.number else None)
            unit = Unit(session, chain, now, Limits())
            campaigns, withdrawn = hold_everything(unit, backup, head, ahead)
            unit.flush()
            _begin_epoch(session, ahead, now)
            session.commit()
    finally:
        engine.dispose()
    return Restored(head, None, campaigns, withdrawn)


def _begin_epoch(session: Session, ahead: int, now: datetime) -> None:
    row = session.get(Epoch, 1) or Epoch(number=0, holder="", taken_at=now)
    row.number, row.holder, row.taken_at = max(row.number, ahead) + 1, holder(), now
    row.home = home_of(session.connection())
    session.add(row)


def _put_aside(database: Path, now: datetime) -> Path | None:
    """Keep the present database under another name. The name itself is free only for the moment of one rename."""
    if not database.exists():
        return None
    kept = database.with_name(f"{database.stem}-replaced-{now:%Y%m%dT%H%M%SZ}{database.suffix}")
    _write_back(database)
    os.link(database, kept)
    for ending in ("-wal", "-shm"):  # there still, if the database is damaged
        beside = Path(f"{database}{ending}")
        if beside.exists():
            beside.rename(f"{kept}{ending}")
    return kept


def _write_back(database: Path) -> None:
    """Bring what stands in the WAL into the file; a damaged database is kept as it is, with its WAL."""
    try:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.DatabaseError:
        return
