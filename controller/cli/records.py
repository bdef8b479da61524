"""`tatara audit` and `tatara replay`: they read the database, also while a daemon runs, and never change it."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from controller.cli import output
from controller.cli.connection import DEFAULT_DATA, FAILED, USAGE, Data, Json, Refused, refusals
from controller.cli.site import SiteFile, read_site

if TYPE_CHECKING:
    from sqlmodel import Session

    from controller.report.replay import Replayed

Database = Annotated[
    str | None,
    typer.Option(metavar="PATH|URL", help="The database: a file, or a URL. Without it `tatara.db` in the data folder."),
]


class Form(StrEnum):
    """Forms of an export."""

    CSV = "csv"
    JSON = "json"


Head = Annotated[
    str | None,
    typer.Option(metavar="HASH", help="A newest hash of earlier, from a backup, an export or an audit: is it there?"),
]


def audit(
    database: Database = None, site: SiteFile = None, data: Data = DEFAULT_DATA, head: Head = None, json_: Json = False
) -> None:
    """Check that nothing in the record was changed, cut out or added behind the daemon's back.

    Keep the newest hash somewhere else, and give it later with --head: that proves that the event with it is in the
    chain and that nothing before it was cut or rewritten. It shows tampering; it does not prevent it.
    """
    from controller.report.audit import audit as run

    with refusals(json_):
        if head is not None and not re.fullmatch("[0-9a-f]{64}", head):
            raise Refused(USAGE, "--head should be a hash of 64 characters, as `tatara audit` prints it")
        with read_only(database or read_site(site).database, data) as session:
            report = run(session, head)
        if json_:
            print(json.dumps({**asdict(report), "ok": report.ok}))
        else:
            _show_audit(asdict(report))
        if not report.ok:
            raise typer.Exit(FAILED)


def _show_audit(report: dict[str, Any]) -> None:
    output.fields([("events", report["events"]), ("rows", report["rows"]), ("newest hash", report["head"])])
    if report["proven"] is not None:
        print(f"The hash given is that of event {report['proven']}; nothing before it was cut or rewritten.")
    if not report["fault_count"]:
        print("Everything is as it was written.")
        return
    print(f"{report['fault_count']} faults, the first ones:")
    output.table(
        ("fault", "where", "what"),
        ((each["kind"], each["where"], each["message"]) for each in report["faults"][:50]),
        "",
    )


def replay(
    campaign: Annotated[str, typer.Argument(help="Name of the campaign.")],
    database: Database = None,
    site: SiteFile = None,
    data: Data = DEFAULT_DATA,
    workers: Annotated[int, typer.Option(min=1, help="How many iterations are asked for at a time.")] = 1,
    json_: Json = False,
) -> None:
    """Make every proposal of a campaign again from the record, and compare.

    Each request to the strategy is rebuilt as of its moment and must have the same digest; where versions and machine
    are the same, the strategy is asked again and must propose the same.
    """
    from controller.report.replay import replay as run

    with refusals(json_):
        with read_only(database or read_site(site).database, data) as session:
            report = run(session, campaign, _files(database or read_site(site).database, data), workers, _show_replayed)
        if json_:
            print(json.dumps(report.as_dict()))
        else:
            print("\n".join(map(output.safe, report.lines())))
        if not report.ok:
            raise typer.Exit(FAILED)


def export(
    campaign: Annotated[str, typer.Argument(help="Name of the campaign.")],
    database: Database = None,
    site: SiteFile = None,
    data: Data = DEFAULT_DATA,
    form: Annotated[Form, typer.Option("--format", help="csv: a row for each proposal; json: everything.")] = Form.CSV,
    file: Annotated[Path | None, typer.Option("--output", help="Write to this file instead of the terminal.")] = None,
) -> None:
    """Write a campaign out, for a spreadsheet or a program."""
    from controller.report.export import as_csv, as_json

    with refusals(as_json=False):
        with read_only(database or read_site(site).database, data) as session:
            plain = None if form is Form.CSV else as_json(session, campaign)
            text = as_csv(session, campaign) if plain is None else json.dumps(plain, indent=1) + "\n"
        _deliver(text, file)


def report(
    campaign: Annotated[str, typer.Argument(help="Name of the campaign.")],
    database: Database = None,
    site: SiteFile = None,
    data: Data = DEFAULT_DATA,
    file: Annotated[Path | None, typer.Option("--output", help="The file; without it CAMPAIGN.html.")] = None,
) -> None:
    """Write a page about a campaign, with tables and plots, that opens in any browser and loads nothing."""
    from controller.report.page import page

    with refusals(as_json=False):
        with read_only(database or read_site(site).database, data) as session:
            text = page(session, campaign)
        _deliver(text, file or Path(f"{campaign}.html"))


def _deliver(text: str, file: Path | None) -> None:
    if file is None:
        print(text, end="")
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Refused(FAILED, f"{file}: {error.strerror}") from None
    print(f"written to {file}")


def _show_replayed(replayed: "Replayed", total: int) -> None:
    """Progress, for who waits at a terminal."""
    if sys.stderr.isatty():
        print(f"of {total}: {output.safe(replayed.line())}", file=sys.stderr)


@contextmanager
def read_only(database: str | None, data: Path) -> "Iterator[Session]":
    """One snapshot of a database, which is not changed, and not made if it is not there; raises `Refused`."""
    from sqlalchemy.exc import SQLAlchemyError
    from sqlmodel import Session

    from controller.commands.errors import NotFound

    engine = _engine(database or str(data / "tatara.db"))
    try:
        with Session(engine) as session:
            yield session
    except NotFound as error:
        raise Refused(FAILED, str(error), {"error": "not-found", "message": str(error)}) from None
    except SQLAlchemyError as error:
        raise Refused(
            FAILED, f"{database or data} cannot be read as a database of Tatara: {getattr(error, 'orig', error)}"
        ) from None
    finally:
        engine.dispose()


def _files(database: str | None, data: Path) -> Path:
    """The file store lies beside the database's file, or in the data folder."""
    return (data if database is None or "://" in database else Path(database).parent) / "files"


def _engine(database: str) -> Any:
    from urllib.parse import quote

    from sqlalchemy import create_engine, event
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    if "://" not in database:
        path = Path(database)
        if not path.is_file():
            raise Refused(FAILED, f"no database at {path}; give --data or --database")
        # Not mode=ro: that leaves files beside the database which are root's if root looks, and shut the daemon out.
        engine = create_engine(f"sqlite:///file:{quote(str(path.absolute()))}?mode=rw&uri=true")
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA query_only=ON"))
        return engine
    try:
        url = make_url(database)
    except ArgumentError:
        raise Refused(FAILED, "--database should be a path or a URL such as postgresql+psycopg://host/name") from None
    if url.get_backend_name() == "sqlite":
        return _engine(url.database or "")
    return create_engine(url, isolation_level="REPEATABLE READ", execution_options={"postgresql_readonly": True})


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (report, export, audit, replay):
        app.command(rich_help_panel="The record")(command)
