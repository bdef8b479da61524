"""A demo's laboratory: emulated instruments, each a process that speaks the real protocol."""

import asyncio
import contextlib
import json
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from controller.access.actors import Actor
from controller.cli.secret_file import write_secret
from controller.commands import instruments
from controller.daemon import Daemon
from controller.store import Unit
from controller.store.tables import Instrument

DURATION_S = 0.3  # of one emulated run
PATIENCE_S = 10.0


class InstrumentEnded(RuntimeError):
    """An emulated instrument's process ended by itself."""


class Laboratory:
    """The emulated instruments; they outlive neither `stop` nor this process."""

    def __init__(self, daemon: Daemon, actor: Actor, emulated: Mapping[str, Mapping[str, Any]]) -> None:
        """`emulated` holds what is each instrument's own in its configuration, by name."""
        self._daemon = daemon
        self._actor = actor
        self._emulated = emulated
        self._folder = daemon.data / "instruments"
        self._processes: dict[str, Process] = {}

    async def enrol(self) -> bool:
        """Enrol what is not enrolled yet; says whether there was any."""
        self._folder.mkdir(exist_ok=True)
        return await self._daemon.store.write(self._enrol_missing, name="enrol")

    async def start(self, seed: int) -> None:
        """Start all; `seed` is that of the noise."""
        for name in self._emulated:
            self._processes[name] = await self._launch(name, seed)

    def _enrol_missing(self, unit: Unit) -> bool:
        """Each password is in its file before the enrolment is committed: no crash can lose it."""
        missing = [name for name in self._emulated if unit.session.get(Instrument, name) is None]
        for name in missing:
            self._password(name).unlink(missing_ok=True)
            write_secret(self._password(name), instruments.enrol(unit, self._actor, name, simulated=True))
        return bool(missing)

    def _password(self, name: str) -> Path:
        return self._folder / f"{name}.password"

    async def _launch(self, name: str, seed: int) -> Process:
        config = self._folder / f"{name}.json"
        config.write_text(json.dumps(self._config(name, seed)), encoding="utf-8")
        with (self._folder / f"{name}.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "adapters.instruments.emulators", str(config)),
                stdin=asyncio.subprocess.PIPE,  # its end tells the instrument that this process is gone
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C at the terminal is ours to handle: what runs may finish
            )

    def _config(self, name: str, seed: int) -> dict[str, Any]:
        broker = self._daemon.site.broker or self._daemon.broker
        assert broker is not None, "the daemon has started its broker"
        return {
            **self._emulated[name],
            "name": name,
            "site": self._daemon.site.name,
            "host": broker.host,
            "port": broker.port,
            "ca_file": self._authority(),
            "password_file": str(self._password(name)),
            "journal": str(self._folder / f"{name}.journal"),
            "seed": seed,
            "duration_s": DURATION_S,
            "stop_with_parent": True,
        }

    def _authority(self) -> str | None:
        section = self._daemon.site.broker
        return None if section is None or section.ca_file is None else str(section.ca_file)

    async def ended(self) -> None:
        """Raise `InstrumentEnded` when one of the processes ends."""
        waits = {asyncio.ensure_future(process.wait()): name for name, process in self._processes.items()}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        name = waits[done.pop()]
        raise InstrumentEnded(f"{name} ended by itself; see {self._folder / name}.log")

    async def stop(self) -> None:
        """Ask all to end, and wait; whoever does not is killed. Call it when the daemon has gone.

        Without a daemon nothing new is begun, so after the time of one run nothing is broken off.
        """
        await asyncio.sleep(2 * DURATION_S)
        for process in self._processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        for process in self._processes.values():
            try:
                await asyncio.wait_for(process.wait(), PATIENCE_S)
            except TimeoutError:
                process.kill()
                await process.wait()
