"""Digests of rows and the hash chain of events."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlmodel import SQLModel

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
    """SHA-256 of all columns of a row, as the database will give them back."""
    names = row.__table__.columns.keys()  # type: ignore[attr-defined]
    return digest_of({name: getattr(row, name) for name in names})


def digest_of(values: Mapping[str, Any]) -> str:
    """SHA-256 of column values. NULL is left out, so that a column that a later schema adds changes no digest."""
    return sha256(canonical({name: _as_kept(value) for name, value in values.items() if value is not None}))


def _as_kept(value: Any) -> Any:
    return value + 0.0 if type(value) is float else value  # SQLite keeps no negative zero


def event_hash(fields: Mapping[str, Any]) -> str:
    """SHA-256 of an event's columns, the hash of the event before it among them, without its own hash."""
    return digest_of({name: value for name, value in fields.items() if name != "hash"})
