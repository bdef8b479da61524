"""Backups: consistent copies of the database, each with the newest hash of the event chain beside it."""

import json
import sqlite3
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.engine import make_url

from controller.files import sync_folder
from controller.schedule.postgresql import dump

KEPT = 7
HOUR = 3  # UTC


@dataclass(frozen=True)
class Head:
    """The newest event of a database and its hash; None where nothing has happened."""

    event: int | None
    head: str | None


def backup(url: str, folder: Path, now: datetime) -> Path:
    """The nightly copy, made while the database is in use; the last seven are kept. Raises as `back_up`."""
    target = folder / f"tatara-{now:%Y%m%dT%H%M%SZ}{ending(url)}"
    for unfinished in folder.glob("tatara-*.part"):  # of a daemon that was killed
        unfinished.unlink()
    back_up(url, target)
    for old in sorted(folder.glob(f"tatara-*{ending(url)}"))[:-KEPT]:
        old.with_suffix(".json").unlink(missing_ok=True)
        old.unlink()
    return target


def latest_backup(folder: Path) -> str | None:
    """When the newest complete copy in a folder was made, as ISO 8601 in UTC; None where there is none."""
    made = [path.stat().st_mtime for path in folder.glob("*.json")]
    return datetime.fromtimestamp(max(made), UTC).isoformat() if made else None


def file_of(url: str) -> Path | None:
    """The file of a SQLite database; None for others."""
    address = make_url(url)
    return Path(address.database) if address.drivername.startswith("sqlite") and address.database else None


def ending(url: str) -> str:
    """What the name of a copy ends with: a SQLite file is a database itself, a dump has to be put back."""
    return ".db" if file_of(url) else ".dump"


def back_up(url: str, target: Path) -> Head:
    """Copy a database to a new file, with its newest hash in a JSON file beside it.

    Raises `FileExistsError`, `NotDumped`, `OSError` or `sqlite3.Error`.
    """
    if target.exists():
        raise FileExistsError(f"{target} is there already")
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f"{target.name}.part")
    unfinished.unlink(missing_ok=True)
    database = file_of(url)
    unfinished.touch(mode=0o600)  # it holds what tokens and passwords are checked by
    try:
        head = Head(*dump(url, unfinished)) if database is None else copy_database(database, unfinished)
        target.with_suffix(".json").write_text(json.dumps(asdict(head)), encoding="utf-8")
        unfinished.rename(target)
    finally:
        unfinished.unlink(missing_ok=True)
    sync_folder(target.parent)
    return head


def copy_database(database: Path, target: Path) -> Head:
    """A consistent copy, also while a daemon writes; raises `OSError` or `sqlite3.Error`."""
    if not database.is_file():
        raise FileNotFoundError(f"no database at {database}")
    with (
        closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)
        return _head(copy)


def _head(database: sqlite3.Connection) -> Head:
    newest = database.execute("SELECT number, hash FROM event ORDER BY number DESC LIMIT 1").fetchone()
    return Head(*newest) if newest else Head(None, None)
