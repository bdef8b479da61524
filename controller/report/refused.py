"""Refused messages and results of unknown attempts, as a page shows them: the messages themselves only when asked."""

import json
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from adapters.instruments.topics import parse_topic
from controller.commands.lookup import find
from controller.report.lists import as_dict
from controller.store.tables import Orphan, Quarantine

Plain = dict[str, Any]
PAGE = 50

_SHOWN = ("id", "at", "topic", "instrument", "attempt_id", "reason", "size")
_SETTLED = ("settled_at", "settled_by", "settled_how", "settled_why")


def page(session: Session, before: str | None = None, *, only_open: bool = False) -> Plain:
    """Up to 50 `rows`, the latest first, and `older`: the id before which there are more."""
    columns = [col(getattr(Quarantine, name)) for name in (*_SHOWN, *_SETTLED)]
    query = select(*columns).order_by(col(Quarantine.id).desc()).limit(PAGE + 1)
    if only_open:
        query = query.where(col(Quarantine.settled_at).is_(None))
    if before is not None:
        query = query.where(col(Quarantine.id) < before)
    found = [dict(row._mapping) for row in session.execute(query)]
    rows = [{**row, "is_result": _is_result(row["topic"])} for row in found[:PAGE]]
    for row in rows:
        for name in ("at", "settled_at"):
            row[name] = row[name] and row[name].isoformat()
    return {"rows": rows, "older": rows[-1]["id"] if len(found) > PAGE else None}


def _is_result(topic: str) -> bool:
    parsed = parse_topic(topic)
    return parsed is not None and parsed.kind == "result"


def message(session: Session, quarantine_id: str) -> bytes:
    """A refused message as it came; raises `NotFound`."""
    return find(session, Quarantine, quarantine_id).payload


def readable(payload: bytes, longest: int) -> str:
    """The beginning of a message as text in which nothing is hidden: what cannot be seen stands there as an escape."""
    text = payload[:longest].decode("utf-8", "backslashreplace")
    return "".join(each if each.isprintable() or each == "\n" else ascii(each)[1:-1] for each in text)


def editable(payload: bytes) -> str:
    """The whole message as somebody can correct it; in lines, if it is JSON."""
    text = payload.decode("utf-8", "replace")
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def orphans(session: Session) -> list[Plain]:
    """The latest results of unknown attempts, without what they say."""
    names = ("id", "at", "instrument", "attempt_id")
    query = select(*(col(getattr(Orphan, name)) for name in names)).order_by(col(Orphan.id).desc()).limit(PAGE)
    return [{**row._mapping, "at": row.at.isoformat()} for row in session.execute(query)]


def orphan(session: Session, orphan_id: str) -> Plain:
    """All of one; raises `NotFound`."""
    return as_dict(find(session, Orphan, orphan_id))
