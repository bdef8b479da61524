"""The instrument's memory: one SQLite file that makes sure that no attempt ever runs twice.

An attempt is committed here before its handler is called and its result before it is published. Rows are never
deleted: after a settled receipt the id and digest stay. Commits are synchronous (WAL, synchronous=FULL): nothing may
go on before they are on disk, so waiting for them in the event loop is what is wanted.
"""

import secrets
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from adapters.instruments.messages import AttemptState, Refusal, Request, Result, Verdict, encode

_VERSION = 1
_SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE attempts (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    attempt_id TEXT NOT NULL UNIQUE,
    digest TEXT,
    state TEXT NOT NULL,
    refusal TEXT,
    reason TEXT,
    request BLOB,
    started_at TEXT,
    result BLOB,
    verdict TEXT,
    settled INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX open_attempts ON attempts (place) WHERE settled = 0;
CREATE TABLE estops (estop_id TEXT PRIMARY KEY) STRICT;
"""
_COLUMNS = "attempt_id, digest, state, refusal, reason, request, started_at, result, verdict, settled"


class JournalError(RuntimeError):
    """The journal cannot be used; the text says what to do."""


@dataclass(frozen=True)
class Entry:
    """One attempt as the journal knows it. `digest` is absent if no request was ever readable."""

    attempt_id: str
    digest: str | None
    state: AttemptState
    refusal: Refusal | None
    reason: str | None
    request: bytes | None
    started_at: datetime | None
    result: bytes | None
    verdict: Verdict | None
    settled: bool

    @property
    def to_send(self) -> bool:
        """Whether the result is kept and no receipt has come."""
        return self.result is not None and self.verdict is None


class Journal:
    """Opened by one process at a time; each opening is a new boot. Raises `JournalError` if it cannot be used."""

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path)
        try:
            self._database = self._open()
        except sqlite3.OperationalError as error:
            raise JournalError(f"{path}: {error}; is another process using this journal?") from error
        except sqlite3.DatabaseError as error:
            raise JournalError(
                f"{path}: {error}. Move the file away to start with a new journal; "
                "what it held will then be with the operator"
            ) from error
        self.journal_id = self._fact("journal_id")
        boots = int(self._fact("boots")) + 1
        self._set_facts(boots=str(boots))
        self.boot_id = f"b{boots}-{secrets.token_hex(6)}"

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, isolation_level=None, timeout=1.0)
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("BEGIN IMMEDIATE")
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, _VERSION):
            raise JournalError(f"{self._path} is of version {version}; this program knows version {_VERSION}")
        if version == 0:
            for statement in _SCHEMA.split(";"):
                database.execute(statement)
            facts = {"journal_id": f"j-{secrets.token_hex(12)}", "boots": "0", "wanted": "0", "paused": "0"}
            database.executemany("INSERT INTO facts VALUES (?, ?)", facts.items())
            database.execute(f"PRAGMA user_version = {_VERSION}")
        database.execute("COMMIT")
        return database

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # Attempts

    def get(self, attempt_id: str) -> Entry | None:
        """What is known of an attempt."""
        found = self._entries("attempt_id = ?", attempt_id)
        return found[0] if found else None

    def unsettled(self) -> list[Entry]:
        """Attempts whose end is not yet known to have reached the host, oldest first."""
        return self._entries("settled = 0")

    def waiting(self) -> list[Entry]:
        """Accepted attempts that have not begun, oldest first."""
        return self._entries("settled = 0 AND state = ?", AttemptState.ACCEPTED)

    def accept(self, request: Request) -> None:
        """Take a request on."""
        self._insert(request.attempt_id, AttemptState.ACCEPTED, digest=request.digest, request=encode(request))

    def refuse(self, attempt_id: str, digest: str | None, refusal: Refusal, reason: str) -> None:
        """Record that a new attempt never runs; without a digest if its request was unreadable or is yet to come."""
        self._insert(attempt_id, AttemptState.REFUSED, digest=digest, refusal=refusal, reason=reason)

    def expire(self, attempt_id: str, digest: str, reason: str) -> None:
        """Record that a new attempt came too late."""
        self._insert(attempt_id, AttemptState.EXPIRED, digest=digest, reason=reason)

    def end(
        self, attempt_id: str, state: AttemptState, reason: str | None = None, refusal: Refusal | None = None
    ) -> None:
        """Record that an accepted or running attempt ended without a result."""
        self._update(attempt_id, state=state, reason=reason, refusal=refusal, request=None)

    def begin(self, attempt_id: str, at: datetime) -> None:
        """Record that the handler is about to be called: from here on it never will be again."""
        self._update(attempt_id, state=AttemptState.RUNNING, started_at=at.isoformat())

    def finish(self, result: Result) -> None:
        """Keep a result; the request is no longer needed."""
        self._update(result.attempt_id, state=AttemptState.FINISHED, result=encode(result), request=None)

    def interrupt(self) -> list[str]:
        """Mark what an earlier boot had begun, and return the ids."""
        begun = [entry.attempt_id for entry in self._entries("settled = 0 AND state = ?", AttemptState.RUNNING)]
        for attempt_id in begun:
            self.end(attempt_id, AttemptState.INTERRUPTED, "the instrument stopped while this ran")
        return begun

    def settle(self, attempt_id: str) -> None:
        """The host knows the end of an attempt: keep id, digest and state, drop the rest."""
        self._update(attempt_id, settled=1, result=None, request=None)

    def receipt(self, attempt_id: str, verdict: Verdict) -> None:
        """Take a receipt: it ends the resending, and the keeping too unless it is `quarantined`."""
        if verdict is Verdict.QUARANTINED:
            self._update(attempt_id, verdict=verdict)
        else:
            self._update(attempt_id, verdict=verdict, settled=1, result=None)

    def send_again(self, attempt_id: str) -> None:
        """Forget a `quarantined` receipt: the host has asked for the result once more."""
        self._update(attempt_id, verdict=None)

    # Wanted states

    @property
    def wanted(self) -> int:
        """Number of the last pause or resume obeyed."""
        return int(self._fact("wanted"))

    @property
    def paused(self) -> bool:
        """Whether nothing new may start."""
        return self._fact("paused") == "1"

    def obey(self, number: int, paused: bool) -> None:
        """Obey a numbered pause or resume."""
        self._set_facts(wanted=str(number), paused=str(int(paused)))

    def estops(self) -> list[str]:
        """Emergency stops that hold."""
        return [row[0] for row in self._database.execute("SELECT estop_id FROM estops ORDER BY rowid")]

    def latch(self, estop_id: str) -> None:
        """Hold an emergency stop until a reset names it."""
        self._database.execute("INSERT OR IGNORE INTO estops VALUES (?)", (estop_id,))

    def reset(self, estop_ids: Iterable[str]) -> None:
        """End the emergency stops named."""
        with self._transaction():
            self._database.executemany("DELETE FROM estops WHERE estop_id = ?", [(each,) for each in estop_ids])

    # SQL

    def _transaction(self) -> "_Transaction":
        return _Transaction(self._database)

    def _entries(self, condition: str, *values: str) -> list[Entry]:
        query = f"SELECT {_COLUMNS} FROM attempts WHERE {condition} ORDER BY place"
        return [_entry(row) for row in self._database.execute(query, values)]

    def _insert(self, attempt_id: str, state: AttemptState, **fields: Any) -> None:
        fields |= {"attempt_id": attempt_id, "state": state}
        names, marks = ", ".join(fields), ", ".join("?" * len(fields))
        self._database.execute(f"INSERT INTO attempts ({names}) VALUES ({marks})", list(fields.values()))

    def _update(self, attempt_id: str, **fields: Any) -> None:
        sets = ", ".join(f"{name} = ?" for name in fields)
        self._database.execute(f"UPDATE attempts SET {sets} WHERE attempt_id = ?", [*fields.values(), attempt_id])

    def _fact(self, name: str) -> str:
        value: str = self._database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()[0]
        return value

    def _set_facts(self, **facts: str) -> None:
        with self._transaction():
            self._database.executemany("UPDATE facts SET value = ? WHERE name = ?", [(v, k) for k, v in facts.items()])


class _Transaction:
    """BEGIN IMMEDIATE ... COMMIT, or ROLLBACK."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __enter__(self) -> None:
        self._database.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._database.execute("COMMIT" if kind is None else "ROLLBACK")


def _entry(row: tuple[Any, ...]) -> Entry:
    attempt_id, digest, state, refusal, reason, request, started_at, result, verdict, settled = row
    return Entry(
        attempt_id,
        digest,
        AttemptState(state),
        Refusal(refusal) if refusal else None,
        reason,
        request,
        datetime.fromisoformat(started_at) if started_at else None,
        result,
        Verdict(verdict) if verdict else None,
        bool(settled),
    )
