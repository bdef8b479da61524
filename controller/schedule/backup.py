"""The nightly backup of a SQLite database: a consistent copy beside it, with the newest hash of the event chain."""

import json
import sqlite3
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import make_url

KEPT = 7
HOUR = 3  # UTC


def backup(url: str, folder: Path, now: datetime) -> Path | None:
    """Copy the database while it is in use and keep the last seven copies.

    Returns the copy; None for PostgreSQL, which its own administrator backs up (`pg_dump`).
    """
    address = make_url(url)
    if not address.drivername.startswith("sqlite") or not address.database:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"tatara-{now:%Y%m%dT%H%M%SZ}.db"
    unfinished = target.with_suffix(".part")
    with sqlite3.connect(f"file:{address.database}?mode=ro", uri=True) as source, sqlite3.connect(unfinished) as copy:
        source.backup(copy)
        head = copy.execute("SELECT number, hash FROM event ORDER BY number DESC LIMIT 1").fetchone()
    source.close()
    copy.close()
    target.with_suffix(".json").write_text(json.dumps({"event": head and head[0], "head": head and head[1]}))
    unfinished.rename(target)
    for old in sorted(folder.glob("tatara-*.db"))[:-KEPT]:
        old.with_suffix(".json").unlink(missing_ok=True)
        old.unlink()
    return target
