"""Digests of rows and the hash chain of events."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from sqlmodel import SQLModel

from controller.store.tables import Event

GENESIS = "0" * 64


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces; times as ISO 8601 in UTC, bytes as their SHA-256."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    raise TypeError(f"{type(value).__name__} has no canonical form")


def sha256(text: str) -> str:
    """Hexadecimal SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def row_name(row: SQLModel) -> str:
    """`table/key` of a row."""
    columns = row.__table__.primary_key.columns  # type: ignore[attr-defined]
    return f"{row.__tablename__}/{'/'.join(str(getattr(row, column.name)) for column in columns)}"


def row_digest(row: SQLModel) -> str:
    """SHA-256 of all columns of a row."""
    names = row.__table__.columns.keys()  # type: ignore[attr-defined]
    return sha256(canonical({name: getattr(row, name) for name in names}))


_COLUMNS = [column.name for column in Event.__table__.columns if column.name != "hash"]  # type: ignore[attr-defined]


def event_hash(event: Event) -> str:
    """SHA-256 of an event together with the hash of the one before it."""
    told = {name: getattr(event, name) for name in _COLUMNS}
    return sha256(canonical(told))
