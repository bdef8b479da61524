"""Engines for SQLite and PostgreSQL with the settings that the promises rest on, and the lock with its epoch."""

import fcntl
import os
import socket
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlmodel import Session

from controller.store.tables import Epoch

BUSY_MS = 5000
_HOME = (
    "SELECT system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database()), "
    "CAST(CAST('epoch' AS regclass) AS oid) FROM pg_control_system()"
)


class LockedElsewhere(RuntimeError):
    """Another daemon holds this database."""


class LostLock(RuntimeError):
    """Another daemon has taken over since; nothing may be written any more."""


# A server that went away without a word must not hold whoever reads for ever.
PATIENCE = {"connect_timeout": 10, "tcp_user_timeout": 20_000}  # s, ms


def open_engine(url: str, *, writing: bool) -> Engine:
    """Make an engine. A SQLite writer begins its transactions IMMEDIATE, so that it never fails half-way.

    Whoever reads sees the database as of one moment, as long as the transaction lasts.
    """
    if not url.startswith("sqlite"):
        return create_engine(
            url,
            pool_pre_ping=True,
            isolation_level="READ COMMITTED" if writing else "REPEATABLE READ",
            connect_args=dict(PATIENCE),
        )
    if (path := make_url(url).database) and writing:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": BUSY_MS / 1000})
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "checkin", _leave_nothing_open)
    event.listen(
        engine, "begin", lambda connection: connection.exec_driver_sql(f"BEGIN {'IMMEDIATE' if writing else ''}")
    )
    return engine


def _set_pragmas(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy sends BEGIN itself; the driver must not
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_MS}"):
        connection.execute(f"PRAGMA {pragma}")


def _leave_nothing_open(connection: Any, _record: Any) -> None:
    """A COMMIT that fails leaves SQLite's transaction open, while SQLAlchemy takes it for ended."""
    if connection is not None and connection.in_transaction:
        connection.rollback()


def _inode(engine: Engine) -> int | None:
    """Which file a SQLite database is; None for others, -1 if it is gone."""
    database = engine.url.database
    if engine.dialect.name != "sqlite" or not database or database == ":memory:":
        return None
    try:
        return os.stat(database).st_ino
    except FileNotFoundError:
        return -1


def home_of(connection: Connection) -> str | None:
    """Which database on which server this is. Copies and what was put back from a dump have another home.

    None for SQLite.
    """
    if connection.dialect.name == "sqlite":
        return None
    row = connection.execute(text(_HOME)).one()
    return "/".join(map(str, row))


def holder() -> str:
    """This process, for people."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Lock:
    """Held by the one daemon that may write: a file lock beside a SQLite file, an advisory lock in PostgreSQL."""

    ADVISORY = 0x7A7A_7472

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._file: IO[str] | None = None
        self._connection: Any = None
        self.epoch = 0
        self._inode: int | None = None

    def take(self) -> None:
        """Take the lock; raises `LockedElsewhere`."""
        if self._engine.dialect.name == "sqlite":
            self._take_file()
        else:
            self._take_advisory()

    def begin_epoch(self, now: datetime) -> int:
        """Start a new epoch: whoever held the lock before can write no more."""
        with Session(self._engine) as session:
            row = session.get(Epoch, 1) or Epoch(number=0, holder="", taken_at=now)
            row.number, row.holder, row.taken_at = row.number + 1, holder(), now
            row.home = home_of(session.connection())
            session.add(row)
            session.commit()
            self.epoch = row.number
        self._inode = _inode(self._engine)
        return self.epoch

    def _take_file(self) -> None:
        database = self._engine.url.database
        if not database or database == ":memory:":
            return
        handle = open(f"{database}.lock", "a+", encoding="utf-8")  # noqa: SIM115 - held as long as the daemon lives
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            handle.close()
            raise LockedElsewhere(
                f"{database} is in use by another tatara process; stop that one, or give this one another database"
            ) from error
        self._file = handle

    def _take_advisory(self) -> None:
        connection = self._engine.connect()
        connection.detach()  # the lock ends with the connection, which must not live on in the pool
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": self.ADVISORY}):
            connection.close()
            raise LockedElsewhere("this PostgreSQL database is in use by another tatara process; stop that one first")
        connection.commit()
        self._connection = connection

    def check(self, session: Session) -> None:
        """Raise `LostLock` if a later epoch has begun, or the database file is no longer the one that was opened."""
        if self._inode is not None and self._inode != _inode(self._engine):
            raise LostLock(f"{self._engine.url.database} was deleted or replaced; restore it, then start again")
        current = session.get_one(Epoch, 1, with_for_update={"read": True}).number
        if current != self.epoch:
            raise LostLock(f"epoch {self.epoch} is over: another daemon (epoch {current}) has taken this database over")

    def release(self) -> None:
        """Let go."""
        if self._file:
            self._file.close()
        if self._connection is not None:
            self._connection.close()
