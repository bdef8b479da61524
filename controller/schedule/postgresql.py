"""Dumps of a PostgreSQL database, by its own `pg_dump` and `pg_restore`."""

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url


class NotDumped(RuntimeError):
    """`pg_dump` or `pg_restore` is missing or failed; the text is what it said."""


def dump(url: str, target: Path) -> tuple[int | None, str | None]:
    """Write a dump; returns number and hash of the newest event in it. Raises `NotDumped` or `SQLAlchemyError`."""
    engine = create_engine(url, isolation_level="REPEATABLE READ")
    try:
        with engine.connect() as connection:  # both look at one snapshot, also while a daemon writes
            newest = connection.execute(text("SELECT number, hash FROM event ORDER BY number DESC LIMIT 1")).first()
            snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
            _run("pg_dump", url, "--format=custom", f"--snapshot={snapshot}", f"--file={target}")
    finally:
        engine.dispose()
    return (None, None) if newest is None else (newest.number, newest.hash)


def load(dumped: Path, url: str) -> None:
    """Put a dump into an empty database: the whole of it, or nothing. Raises `NotDumped`."""
    _run("pg_restore", url, "--single-transaction", "--exit-on-error", str(dumped))


def _run(program: str, url: str, *arguments: str) -> None:
    """The password goes by the environment: everybody on this machine may read command lines."""
    found = shutil.which(program)
    if found is None:
        raise NotDumped(f"{program} is not installed; it comes with PostgreSQL's client")
    address = make_url(url)
    secret = {} if address.password is None else {"PGPASSWORD": str(address.password)}
    where = address._replace(drivername="postgresql", password=None).render_as_string()
    command = [found, f"--dbname={where}", "--no-owner", "--no-privileges", "--no-password", *arguments]
    done = subprocess.run(command, env={**os.environ, **secret}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotDumped(f"{program} failed: {done.stderr.strip()}")
