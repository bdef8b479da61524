"""A machine set up by `deploy/README.md`: its files, commands and services, with other paths and ports."""

import json
import os
import pwd
import re
import shlex
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import aiomqtt

from adapters.broker import make_password
from adapters.broker.process import free_port
from tests.postgresql import PostgreSQL

DEPLOY = Path(__file__).parents[2] / "deploy"
PATIENCE_S = 120
PROGRAM = "/opt/tatara/.venv/bin/tatara"


class Machine:
    """`tatara("tatara doctor")` runs a command as the README has it; `ran` remembers them."""

    def __init__(self, folder: Path, server: PostgreSQL) -> None:
        self.folder = folder
        self.server = server
        self.ran: list[str] = []
        self.role_password = make_password()
        self._places = {
            "/etc/mosquitto/tatara": folder / "broker",
            "/var/lib/mosquitto": folder / "sessions",
            "/etc/tatara": folder / "etc",
            "/var/lib/tatara": folder / "data",
            "5432": server.port,
            "8883": free_port(),
            "8600": free_port(),
        }
        self._services: dict[str, subprocess.Popen[bytes]] = {}

    def here(self, text: str) -> str:
        """A text of the README or of a file beside it, with this machine's paths and ports."""
        for there, place in self._places.items():
            text = text.replace(there, str(place))
        return text

    def path(self, text: str) -> Path:
        """A path of the README on this machine."""
        return Path(self.here(text))

    # What the README does by hand

    def make_folders(self) -> None:
        for name in ("/etc/tatara", "/var/lib/tatara", "/etc/mosquitto/tatara", "/var/lib/mosquitto"):
            self.path(name).mkdir()
            if "mosquitto" in name and os.geteuid() == 0:
                account = pwd.getpwnam("mosquitto")
                os.chown(self.path(name), account.pw_uid, account.pw_gid)
        self.path("/var/lib/tatara").chmod(0o700)
        site = (DEPLOY / "site.yaml").read_text(encoding="utf-8")
        self.path("/etc/tatara/site.yaml").write_text(self.here(site), encoding="utf-8")

    def make_role(self) -> None:
        [statement] = _statements("CREATE ROLE")
        self.server.execute(statement.replace("...", self.role_password))
        pgpass = self.path("/etc/tatara/pgpass")
        pgpass.write_text(f"127.0.0.1:{self.server.port}:*:tatara:{self.role_password}\n", encoding="ascii")
        pgpass.chmod(0o600)

    def make_database(self) -> None:
        self.server.execute(_statements("CREATE DATABASE")[0])

    def put_database_aside(self) -> None:
        [statement] = _statements("ALTER DATABASE")
        self.server.execute(statement)

    # Commands

    def tatara(self, line: str, *more: str) -> str:
        """Run a command of the README to its end; returns what it wrote."""
        done = self._run(line, *more)
        assert done.returncode == 0, f"{line}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def refusal(self, line: str) -> str:
        """Run a command that is refused; returns why."""
        done = self._run(line)
        assert done.returncode == 1, f"{line}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stderr

    def json(self, line: str) -> Any:
        """The answer to a command as data."""
        return json.loads(self.tatara(line, "--json"))

    @contextmanager
    def running(self, line: str, *more: str) -> Iterator[subprocess.Popen[str]]:
        """Run a command of the README; its output can be read meanwhile."""
        process = subprocess.Popen(
            self._command(line, *more),
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(PATIENCE_S)

    def _run(self, line: str, *more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(line, *more),
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    def _command(self, line: str, *more: str) -> list[str]:
        self.ran.append(line)
        words = shlex.split(self.here(line))
        assert words[0] == "tatara"
        return [sys.executable, "-m", "controller.cli", *words[1:], *more]

    def _environment(self) -> dict[str, str]:
        site, data = self.here("/etc/tatara/site.yaml"), self.here("/var/lib/tatara")
        return {**os.environ, "COLUMNS": "200", "TATARA_SITE": site, "TATARA_DATA": data}

    # Services, by their units

    def start(self, name: str) -> None:
        """Start a service, and return when it says that it is ready."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            address = self.folder / f"{name}.notify"
            address.unlink(missing_ok=True)
            listener.bind(str(address))
            address.chmod(0o777)
            listener.settimeout(PATIENCE_S)
            with (self.folder / f"{name}.log").open("ab") as log:
                self._services[name] = subprocess.Popen(
                    self._exec_start(name), env={**os.environ, "NOTIFY_SOCKET": str(address)}, stdout=log, stderr=log
                )
            while b"READY=1" not in listener.recv(1000):
                pass

    def _exec_start(self, name: str) -> list[str]:
        file = {"tatara": "tatara.service", "mosquitto": "mosquitto.service.d/tatara.conf"}[name]
        lines = (DEPLOY / "systemd" / file).read_text(encoding="utf-8").splitlines()
        started = [line.removeprefix("ExecStart=") for line in lines if line.startswith("ExecStart=")][-1]
        words = shlex.split(self.here(started))
        return [sys.executable, "-m", "controller.cli", *words[1:]] if words[0] == PROGRAM else words

    def reload(self, name: str) -> None:
        self._services[name].send_signal(signal.SIGHUP)

    def stop(self, name: str) -> int:
        """Stop a service; returns its exit status."""
        process = self._services.pop(name)
        process.terminate()
        return process.wait(PATIENCE_S)

    def stop_all(self) -> None:
        for name in reversed(list(self._services)):
            self.stop(name)

    # The broker, as somebody meets it

    def client(self, name: str | None, password: str | None, *, tls: bool = True) -> aiomqtt.Client:
        """A client of the broker that checks its certificate."""
        context = ssl.create_default_context(cafile=self.path("/etc/mosquitto/tatara/ca.crt")) if tls else None
        port = int(self.here("8883"))
        return aiomqtt.Client(
            "localhost", port, username=name, password=password, identifier=name, tls_context=context, timeout=10
        )

    async def lets_in(self, name: str | None, password: str | None, *, tls: bool = True) -> bool:
        """Whether the broker takes these credentials."""
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(self.client(name, password, tls=tls))
            except aiomqtt.MqttError:
                return False
            return True


@contextmanager
def machine(server: PostgreSQL) -> Iterator[Machine]:
    """A machine in a folder that mosquitto's account may enter."""
    with tempfile.TemporaryDirectory(prefix="tatara-machine-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        here = Machine(folder, server)
        try:
            yield here
        finally:
            here.stop_all()


def readme() -> str:
    """What an admin reads."""
    return (DEPLOY / "README.md").read_text(encoding="utf-8")


def boxes(kind: str) -> list[str]:
    """The lines of the boxes in the README."""
    found = re.findall(rf"^```{kind}\n(.*?)^```", readme(), re.MULTILINE | re.DOTALL)
    return [line for box in found for line in box.splitlines() if line]


def commands() -> list[str]:
    """The `tatara` commands in the README, whoever runs them."""
    lines = (line.removeprefix("runuser -u tatara -- ") for line in boxes("sh"))
    return [line for line in lines if line.startswith("tatara ")]


def _statements(kind: str) -> list[str]:
    return list(dict.fromkeys(line for line in boxes("sql") if line.startswith(kind)))
