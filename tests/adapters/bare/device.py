"""Runs the bare instrument as a process, with the handles that the tests of the client library use."""

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from adapters.broker import BrokerProcess
from tests.adapters.helpers import PASSWORD, SITE

PROGRAM = Path(__file__).with_name("bare_instrument.py")
CHANNELS = {"out": {"property": "y", "unit": "g"}}
CAPABILITIES = {
    "react": {"channels": CHANNELS},
    "heat": {"channels": CHANNELS, "parameters": {"temperature": {"unit": "degC", "low": 0, "high": 100}}},
}


class Gate:
    """Work ends while it is set, as with an asyncio.Event; the process sees it as a file that is not there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def clear(self) -> None:
        self.path.touch()

    def set(self) -> None:
        self.path.unlink(missing_ok=True)


class BareDevice:
    """The bare instrument on a journal; each one counts its own runs. `command`: program, first arguments."""

    command: tuple[str, ...] = (str(PROGRAM),)

    def __init__(self, broker: BrokerProcess, journal: Path, **description: Any) -> None:
        self.files = journal.with_name(f"bare-{uuid4().hex}")
        self.let_go = Gate(self.files.with_suffix(".busy"))
        self.stop = asyncio.Event()
        self.configuration = {
            "name": "reactor-1",
            "site": SITE,
            "host": broker.host,
            "port": broker.port,
            "username": "reactor-1",
            "password": PASSWORD,
            "journal": str(journal),
            "run_log": str(self.files.with_suffix(".runs")),
            "busy": str(self.let_go.path),
            "duration_s": 0,
            "resend_s": [0.1, 0.2],
            "reconnect_s": [0.05, 0.1],
            "measurements": [{"channel": "out", "property": "y", "value": 1.5, "unit": "g"}],
            "description": {
                "model": "bare", "software": "1", "simulated": True, "heartbeat_s": 0.1, "capabilities": CAPABILITIES,
                **description,
            },
        }  # fmt: skip

    @property
    def runs(self) -> list[str]:
        """The attempts that were begun."""
        path = Path(str(self.configuration["run_log"]))
        return path.read_text().splitlines() if path.exists() else []

    @contextlib.asynccontextmanager
    async def on(self) -> AsyncIterator[Self]:
        """Run the process until `stop` or the end of the block, then end it cleanly."""
        file = self.files.with_suffix(".json")
        file.write_text(json.dumps(self.configuration))
        self._process = await asyncio.create_subprocess_exec(sys.executable, *self.command, str(file))
        stopping = asyncio.create_task(self._terminate_on_stop())
        try:
            yield self
        finally:
            self.stop.set()
            await stopping
            assert await asyncio.wait_for(self._process.wait(), 10) in (0, -signal.SIGKILL)

    async def kill(self) -> None:
        """End the process in the middle of whatever it does."""
        self._process.kill()
        await self._process.wait()

    async def _terminate_on_stop(self) -> None:
        await self.stop.wait()
        if self._process.returncode is None:
            self._process.terminate()
