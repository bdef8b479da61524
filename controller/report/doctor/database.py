"""The database: there, of this version, whole enough to start with, and in time."""

from datetime import UTC, datetime
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from controller.report.doctor.finding import Finding
from controller.store.database import home_of, open_engine
from controller.store.schema import config
from controller.store.tables import Epoch

CLOCK_S = 2.0


def look(url: str) -> list[Finding]:
    """All of it; only whether it is there, if it is not."""
    shown = make_url(url).render_as_string()
    path = make_url(url).database
    if url.startswith("sqlite") and not Path(path or "").is_file():
        return [Finding("database", f"{path} is not there", "start the daemon: it makes one; or restore a backup")]
    engine = open_engine(url, writing=False)
    try:
        with engine.connect() as connection:
            found = [Finding("database", shown), schema(connection)]
            if found[-1].ok:
                found.append(copy(connection))
            if connection.dialect.name != "sqlite":
                found += [collation(connection), clock(connection)]
            return found
    except SQLAlchemyError as error:
        why = str(getattr(error, "orig", error)).strip()
        return [Finding("database", f"{shown}: {why}", "see that it runs, and that `database` and password are right")]
    finally:
        engine.dispose()


def schema(connection: Connection) -> Finding:
    """The tables are those of this version."""
    script = ScriptDirectory.from_config(config(connection.engine))
    wanted, found = script.get_current_head(), MigrationContext.configure(connection).get_current_revision()
    if found == wanted:
        return Finding("schema", f"version {found}")
    if found in {each.revision for each in script.walk_revisions()} or found is None:
        return Finding("schema", f"version {found}, not {wanted}", "stop the daemon, then `tatara db upgrade`")
    return Finding("schema", f"version {found} of a newer Tatara", "install that version")


def copy(connection: Connection) -> Finding:
    """It was not put back from a dump behind our back."""
    with Session(connection) as session:
        row = session.get(Epoch, 1)
        if row is None or row.home == home_of(connection):
            return Finding("epoch", "not begun" if row is None else f"{row.number}, begun by {row.holder}")
    return Finding("epoch", "the database was put back from a dump", "`tatara restore --in-place`")


def collation(connection: Connection) -> Finding:
    """Texts sort by their bytes, as in SQLite: the order of what is otherwise equal depends on it."""
    query = "SELECT datcollate FROM pg_database WHERE datname = current_database()"
    found = str(connection.scalar(text(query)))
    if found in ("C", "POSIX", "C.UTF-8", "C.utf8"):
        return Finding("collation", found)
    return Finding("collation", found, "dump it, make a database with LOCALE 'C', and restore it there")


def clock(connection: Connection) -> Finding:
    """Its server's clock and ours agree."""
    theirs = connection.scalar(text("SELECT clock_timestamp()"))
    assert isinstance(theirs, datetime)
    return compared("clock of the database", (theirs - datetime.now(UTC)).total_seconds())


def compared(whose: str, ahead: float, within: float = CLOCK_S) -> Finding:
    """A clock that is so many seconds ahead of ours."""
    found = f"{abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} this machine's"
    if abs(ahead) <= within:
        return Finding(whose, found)
    return Finding(whose, found, "let both machines follow the same time servers (chrony, systemd-timesyncd)")
