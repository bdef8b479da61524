"""A PostgreSQL of the tests' own: on the loopback interface, in a temporary folder, not as root."""

import contextlib
import ctypes
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from adapters.broker import make_password
from adapters.broker.process import free_port

PATIENCE_S = 30
ACCOUNTS = ("postgres", "nobody")
NO_FSYNC = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
_PR_SET_PDEATHSIG = 1


def programs() -> Path | None:
    """Folder of `initdb` and `postgres` of the newest version here."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@dataclass
class PostgreSQL:
    """A running server; `fresh` makes databases on it."""

    port: int
    password: str
    folder: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str, user: str = "postgres", password: str | None = None) -> str:
        """For SQLAlchemy."""
        return f"postgresql+psycopg://{user}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str, database: str = "postgres") -> list[Any]:
        """Run a statement as the superuser, outside of a transaction."""
        with psycopg.connect(self._conninfo(database), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def fresh(self, template: str = "template0") -> str:
        """URL of a new database: a copy of `template`, or an empty one that sorts like SQLite."""
        name = f"t{next(self._numbers)}"
        locale = " LOCALE 'C' ENCODING 'UTF8'" if template == "template0" else ""
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}{locale}")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected."""
        self.execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def _conninfo(self, database: str) -> str:
        return self.url(database).replace("+psycopg", "")


@contextlib.contextmanager
def running(*, durable: bool = False) -> Iterator[PostgreSQL]:
    """Run a server; unless `durable` it does not wait for the disk. Skips the test where none is installed."""
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL is not installed (initdb)")
    account = _account()
    with tempfile.TemporaryDirectory(prefix="tatara-pg-") as name:
        folder = Path(name)
        if account:
            shutil.chown(folder, account)
        server = PostgreSQL(free_port(), make_password(), folder)
        with (folder / "log").open("ab") as log:
            _init(found, server, account, log)
            process = subprocess.Popen(
                [found / "postgres", "-D", folder / "data", "-p", str(server.port), "-k", folder, "-h", "127.0.0.1"]
                + ([] if durable else list(NO_FSYNC)),
                **_as(account, folder, log),
                preexec_fn=_die_with_the_test,
            )
        try:
            _wait(found, server, process)
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # at once, whoever is connected
            process.wait(PATIENCE_S)


def _account() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    known = {each.pw_name for each in pwd.getpwall()}
    return next(name for name in ACCOUNTS if name in known)


def _as(account: str | None, folder: Path, log: IO[bytes]) -> dict[str, Any]:
    options: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "cwd": folder}
    if account:
        options |= {"user": account, "group": pwd.getpwnam(account).pw_gid, "extra_groups": []}
    return options


def _init(found: Path, server: PostgreSQL, account: str | None, log: IO[bytes]) -> None:
    password_file = server.folder / "password"
    password_file.write_text(server.password, encoding="ascii")
    if account:
        shutil.chown(password_file, account)
    subprocess.run(
        [
            *(found / "initdb", "-D", server.folder / "data", "-U", "postgres", "--locale=C", "--encoding=UTF8"),
            *("--auth=scram-sha-256", f"--pwfile={password_file}", "--no-sync"),
        ],
        **_as(account, server.folder, log),
        check=True,
    )


def _wait(found: Path, server: PostgreSQL, process: subprocess.Popen[bytes]) -> None:
    ready = [found / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(server.port), "-t", "1"]
    for _ in range(PATIENCE_S * 20):
        if process.poll() is not None:
            break
        if subprocess.run(ready, check=False).returncode == 0:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
    raise RuntimeError(f"PostgreSQL did not start:\n{(server.folder / 'log').read_text(encoding='utf-8')}")


def _die_with_the_test() -> None:
    """Nothing stays behind when the test process itself is killed."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
