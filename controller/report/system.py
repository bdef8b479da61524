"""The software and its surroundings, for who looks after them."""

import importlib.metadata
import platform
from functools import cache
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from controller.report.lists import last_event

Plain = dict[str, Any]

PACKAGES = ("tatara", "botorch", "gpytorch", "torch", "rdkit", "sqlalchemy", "fastapi", "nicegui", "aiomqtt")
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
    """Its kind, version of the schema, size in bytes, and how many events it holds."""
    connection = session.connection()
    kind = connection.dialect.name
    return {
        "kind": kind,
        "schema": connection.scalar(text("SELECT version_num FROM alembic_version")),
        "bytes": connection.scalar(text(_SIZES[kind])),
        "events": last_event(session),
    }
