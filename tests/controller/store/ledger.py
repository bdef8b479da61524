"""Small units of work to write, and what they left behind."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlmodel import Session, col

from controller.report.audit import AuditReport, audit
from controller.store import Store, Unit
from controller.store.tables import Event, StoredFile

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


def note(unit: Unit, name: str, size: int = 1) -> int:
    """One row and the event that tells of it; returns the number of the event."""
    row = StoredFile(sha256=name, size=size, name=name, media_type="text/plain")
    return unit.record("file.store", row, subject=name)


async def write(store: Store, name: str, size: int = 1) -> int:
    return await store.write(lambda unit: note(unit, name, size), name="test")


def events(session: Session) -> list[Event]:
    return list(session.scalars(select(Event).order_by(col(Event.number))))


def names(session: Session) -> list[str | None]:
    return [event.subject for event in events(session)]


async def check_whole(store: Store) -> AuditReport:
    """Every row and every event is as it was written, and numbers have no gaps."""
    report = await store.read(audit)
    assert report.ok, report.faults
    return report


def spoil(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as database:
        for statement in statements:
            database.execute(statement)
    database.close()
