"""Brokers as child processes, all with one face: start, stop, kill, restart on the same port, reload."""

import asyncio
import json
import os
import signal
import socket
import sys
from abc import ABC, abstractmethod
from asyncio.subprocess import Process
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from adapters.broker.access import Login, write_access

HOST = "127.0.0.1"


class BrokerFailed(RuntimeError):
    """The broker's process ended, or did not listen in time."""


class BrokerProcess(ABC):
    """A broker on the loopback interface that serves the logins given. `directory` holds its files."""

    start_timeout_s = 15.0

    def __init__(self, directory: Path, logins: Mapping[str, Login], port: int = 0) -> None:
        self.host = HOST
        self.port = port
        self.directory = directory
        self._process: Process | None = None
        write_access(directory, logins)

    @abstractmethod
    def _command(self) -> list[str]:
        """Write the configuration for `self.port` and return the command line."""

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start and wait until it listens; raises `BrokerFailed`."""
        self.port = self.port or free_port()
        if await self._answers():  # it would be taken for our broker, and be given our password
            raise BrokerFailed(f"port {self.port} is taken by another program: stop it, or use another port")
        self._process = await asyncio.create_subprocess_exec(
            *self._command(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C at the terminal is the daemon's business: it says goodbye first
        )
        try:
            await asyncio.wait_for(self._listening(), self.start_timeout_s)
        except TimeoutError:
            await self.kill()
            raise BrokerFailed(f"no broker on port {self.port} within {self.start_timeout_s:g} s") from None

    async def stop(self) -> None:
        """Ask it to end, and wait."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """Kill it (SIGKILL), and wait."""
        await self._end(signal.SIGKILL)

    async def restart(self) -> None:
        """Stop and start on the same port."""
        await self.stop()
        await self.start()

    def reload(self, logins: Mapping[str, Login]) -> None:
        """Give it new users and rules; those connected keep their connection."""
        write_access(self.directory, logins)
        if self._process is not None:
            self._process.send_signal(signal.SIGHUP)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        if self._process.returncode is None:
            self._process.send_signal(number)
        try:
            await asyncio.wait_for(self._process.wait(), 10)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        self._process = None

    async def _listening(self) -> None:
        while True:
            if self._process is not None and self._process.returncode is not None:
                raise BrokerFailed(f"the broker ended with exit code {self._process.returncode}; see {self.directory}")
            if await self._answers():
                return
            await asyncio.sleep(0.02)

    async def _answers(self) -> bool:
        """Whether somebody listens on the port."""
        try:
            _, writer = await asyncio.open_connection(self.host, self.port)
        except OSError:
            return False
        writer.close()
        return True


class EmbeddedBroker(BrokerProcess):
    """The embedded broker. It ends with its parent unless `outlives_parent`; everything it keeps is in memory."""

    def __init__(
        self, directory: Path, logins: Mapping[str, Login], port: int = 0, *, outlives_parent: bool = False
    ) -> None:
        super().__init__(directory, logins, port)
        self._outlives_parent = outlives_parent

    def _command(self) -> list[str]:
        config = self.directory / "embedded.json"
        settings = {
            "host": self.host,
            "port": self.port,
            "access": str(self.directory),
            "outlives_parent": self._outlives_parent,
        }
        config.write_text(json.dumps(settings), encoding="utf-8")
        return [sys.executable, "-m", "adapters.broker", "--config", str(config)]


def free_port() -> int:
    """A port of the loopback interface that is free now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def own_user() -> str | None:
    """The user to name in mosquitto.conf: as root it would change to a user that cannot read our files."""
    return "root" if os.geteuid() == 0 else None
