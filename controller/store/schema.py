"""The schema's version: alembic migrations, made or checked at start."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlmodel import Session

from controller.store.database import home_of
from controller.store.tables import Epoch

MIGRATIONS = Path(__file__).parent / "migrations"


class WrongSchema(RuntimeError):
    """The database is newer or older than this version of Tatara, or a copy whose own epoch has not begun, or none."""


def ensure_schema(engine: Engine) -> None:
    """Create the tables in an empty database; refuse every other schema than the present one."""
    if is_older(engine):
        raise WrongSchema("the database has an older schema; `tatara db upgrade` makes a backup and upgrades it")
    _refuse_copy(engine)


def _refuse_copy(engine: Engine) -> None:
    """A database from a dump does not know what was done after the dump; only `tatara restore` makes it safe to use."""
    with Session(engine) as session:
        row = session.get(Epoch, 1)
        if row is not None and row.home != home_of(session.connection()):
            raise WrongSchema(
                f"{engine.url.render_as_string()} was put back from a dump, and what was done since then is not known "
                f"to it; `tatara restore --in-place` pauses what must not be done twice, and makes it usable"
            )


def upgrade(engine: Engine) -> None:
    """Bring an older schema to the present one; make a backup before."""
    command.upgrade(config(engine), "head")


def is_older(engine: Engine) -> bool:
    """Whether the schema is one of an earlier version; makes the tables of an empty database. Raises `WrongSchema`."""
    script = ScriptDirectory.from_config(config(engine))
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
            empty = not inspect(connection).get_table_names()
    except OperationalError as error:
        raise WrongSchema(
            f"{engine.url.render_as_string()} cannot be opened ({error.orig}): see that nothing else uses it, that its "
            f"folder may be written and that the disk is not full, then start again"
        ) from error
    except DatabaseError as error:
        raise WrongSchema(
            f"{engine.url.render_as_string()} cannot be read as a database ({error.orig}); restore it from a backup"
        ) from error
    if current == script.get_current_head():
        return False
    if empty:
        upgrade(engine)
        return False
    if current is None:
        raise WrongSchema("the database has tables that Tatara did not make; give it an empty database")
    if current not in {revision.revision for revision in script.walk_revisions()}:
        raise WrongSchema(f"the database has the schema {current} of a newer Tatara; install that version")
    return True


def config(engine: Engine) -> Config:
    """Where alembic finds the migrations, and what they work on."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    return config
