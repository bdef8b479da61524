"""The software and its surroundings, for who looks after them."""

import importlib.metadata
import platform
from functools import cache
from typing import Any

from sqlalchemy import URL, text
from sqlmodel import Session

from controller.report.lists import last_event
from controller.store.latencies import MESSAGES

Plain = dict[str, Any]

PACKAGES = ("tatara", "botorch", "gpytorch", "torch", "rdkit", "sqlalchemy", "fastapi", "nicegui", "aiomqtt")
_REFUSED = ("quarantined", "not-kept")
_SIZES = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    "postgresql": "SELECT pg_database_size(current_database())",
}


@cache
def versions() -> dict[str, str]:
    """What runs here, by name; read from the packages' own notes, nothing is imported for it."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def database(session: Session) -> Plain:
    """Its kind, where it is, version of the schema, size in bytes, and how many events it holds."""
    connection = session.connection()
    kind = connection.dialect.name
    return {
        "kind": kind,
        "place": place(connection.engine.url),
        "schema": connection.scalar(text("SELECT version_num FROM alembic_version")),
        "bytes": connection.scalar(text(_SIZES[kind])),
        "events": last_event(session),
    }


def place(url: URL) -> str:
    """Where a database is, without what opens it: its options may hold a password, too."""
    if url.host is None:
        return url.database or ""
    port = f":{url.port}" if url.port else ""
    return f"{url.host}{port}/{url.database or ''}"


def messages() -> tuple[int, int]:
    """What instruments have sent since the daemon started: how many messages, and how many of them were refused."""
    counted = [
        (each.labels["became"], int(each.value))
        for metric in MESSAGES.collect()
        for each in metric.samples
        if each.name.endswith("_total")
    ]
    return sum(count for _, count in counted), sum(count for became, count in counted if became in _REFUSED)
