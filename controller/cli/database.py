"""`tatara backup`, `tatara restore` and `tatara db upgrade`: they work on the database itself, without the API."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from controller.cli import output
from controller.cli.connection import DEFAULT_DATA, FAILED, USAGE, Data, Json, Refused, refusals
from controller.cli.records import Database
from controller.cli.site import SiteFile, read_site

if TYPE_CHECKING:
    from controller.schedule.restore import Restored

db = typer.Typer(no_args_is_help=True, help="The database's own maintenance.")


def backup(
    output_file: Annotated[
        Path | None, typer.Option("--output", help="The new file. Without it one in `backups` of the data folder.")
    ] = None,
    database: Database = None,
    site: SiteFile = None,
    data: Data = DEFAULT_DATA,
    json_: Json = False,
) -> None:
    """Copy the database, also while the daemon runs, with its newest hash in a file beside the copy.

    Of PostgreSQL this is a dump by `pg_dump`, in its custom format.
    The big files below `files` are no part of it: they never change, so copy that folder with any tool.
    """
    from controller.schedule.backup import back_up, ending

    with refusals(json_):
        url = _url(database, site, data)
        target = output_file or data / "backups" / f"by-hand-{_now():%Y%m%dT%H%M%SZ}{ending(url)}"
        with _faults():
            head = back_up(url, target)
        answer = {"file": str(target), "event": head.event, "head": head.head}
        _print(answer, json_, [("backup", target), ("events", head.event or 0), ("newest hash", head.head)])


def restore(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="A backup.")] = None,
    in_place: Annotated[
        bool, typer.Option("--in-place", help="PostgreSQL: pg_restore has put a dump back already; make it usable.")
    ] = False,
    database: Database = None,
    site: SiteFile = None,
    data: Data = DEFAULT_DATA,
    json_: Json = False,
) -> None:
    """Put a backup in the place of the database, which is kept under another name. Stop the daemon first.

    On PostgreSQL the dump goes into an empty database. One that was put back by pg_restore alone is refused by the
    daemon until `restore --in-place` has done the rest.

    Nobody knows what was done after the backup. So all open campaigns are paused, what had not been sent is withdrawn
    (it may have been sent since), and real instruments must be armed again. When the daemon runs again, instruments
    report what they did: results that the backup does not know are kept as orphans for you, as far as instruments still
    hold them (one that had its receipt is nowhere any more). Look at them before you resume. Users and tokens are those
    of the backup as well, also the ones that were disabled or revoked since.
    """
    from controller.schedule.restore import adopt
    from controller.schedule.restore import restore as run

    with refusals(json_):
        if (file is None) != in_place:
            raise Refused(USAGE, "give a FILE, or --in-place")
        url = _url(database, site, data)
        with _faults():
            done = adopt(url, _now()) if file is None else run(file, url, _now())
        _show_restored(done, json_)


def _show_restored(done: "Restored", json_: bool) -> None:
    answer = {
        "event": done.head.event,
        "head": done.head.head,
        "kept": None if done.kept is None else str(done.kept),
        "paused": done.campaigns,
        "withdrawn": done.withdrawn,
    }
    _print(
        answer,
        json_,
        [
            ("back at event", done.head.event or 0),
            ("newest hash", done.head.head),
            ("replaced one", done.kept),
            ("paused", done.campaigns),
            ("withdrawn", f"{done.withdrawn} proposals that may have been carried out since"),
        ],
    )


@db.command()
def upgrade(database: Database = None, site: SiteFile = None, data: Data = DEFAULT_DATA, json_: Json = False) -> None:
    """Bring the database of an earlier version to the present one. Makes a backup first; stop the daemon before.

    An empty PostgreSQL database gets its tables.
    """
    with refusals(json_), _faults():
        copy = _upgrade(_url(database, site, data), data)
        said = "The database is up to date." if copy is None else "The database is upgraded."
        _print({"upgraded": copy is not None, "backup": copy and str(copy)}, json_, [("backup", copy), ("now", said)])


def _upgrade(url: str, data: Path) -> Path | None:
    from controller.schedule.backup import back_up, ending, file_of
    from controller.store.database import Lock, open_engine
    from controller.store.schema import is_older, upgrade

    database = file_of(url)
    if database is not None and not database.is_file():
        raise FileNotFoundError(f"no database at {database}")
    engine = open_engine(url, writing=True)
    lock = Lock(engine)
    lock.take()
    try:
        if not is_older(engine):
            return None
        target = data / "backups" / f"before-upgrade-{_now():%Y%m%dT%H%M%SZ}{ending(url)}"
        back_up(url, target)
        upgrade(engine)
        return target
    finally:
        lock.release()
        engine.dispose()


def _print(answer: dict[str, Any], json_: bool, pairs: list[tuple[str, Any]]) -> None:
    if json_:
        print(json.dumps(answer))
    else:
        output.fields(pairs)


def _faults() -> Any:
    """What may go wrong with files and databases, as refusals."""
    import sqlite3
    from contextlib import contextmanager

    from sqlalchemy.exc import SQLAlchemyError

    from controller.schedule.postgresql import NotDumped
    from controller.schedule.restore import NotRestored
    from controller.store import LockedElsewhere, StoreUnavailable, WrongSchema

    @contextmanager
    def told() -> Any:
        try:
            yield
        except (
            LockedElsewhere,
            NotDumped,
            NotRestored,
            OSError,
            SQLAlchemyError,
            StoreUnavailable,
            WrongSchema,
        ) as error:
            raise Refused(FAILED, str(error)) from None
        except sqlite3.Error as error:
            raise Refused(FAILED, f"the database cannot be copied: {error}") from None

    return told()


def _url(database: str | None, site: Path | None, data: Path) -> str:
    """The URL of the database that is meant: by itself, by the site file, or by the data folder."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    named = database or read_site(site).database or str(data / "tatara.db")
    if "://" not in named:
        return f"sqlite:///{named}"
    try:
        return make_url(named).render_as_string(hide_password=False)
    except ArgumentError:
        raise Refused(FAILED, "--database should be a path or a URL such as postgresql+psycopg://host/name") from None


def _now() -> datetime:
    return datetime.now(UTC)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (backup, restore):
        app.command(rich_help_panel="Administration")(command)
    app.add_typer(db, name="db", rich_help_panel="Administration")
