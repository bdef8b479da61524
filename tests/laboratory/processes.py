"""Processes of a laboratory: each in a group of its own, killed without a goodbye, started again by its keeper."""

import asyncio
import contextlib
import ctypes
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1


class Ended(RuntimeError):
    """A process ended that nobody had killed; the text has the end of its log."""


class Kept:
    """A process that is started again whenever it was killed; any other end is a fault that `fault` holds.

    `environment(n)` gives what is added to the environment of the nth start, from 0. `between` runs before a restart.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        environment: Callable[[int], Mapping[str, str]] = lambda start: {},
        between: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = name
        self.starts = 0
        self.fault: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._command = list(command)
        self._log = log
        self._environment = environment
        self._between = between
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._ending = asyncio.Event()
        self._may_run = asyncio.Event()
        self._may_run.set()

    @property
    def pid(self) -> int:
        """Of the process as it runs now."""
        assert self._process is not None
        return self._process.pid

    @property
    def deaths(self) -> int:
        """How often it was killed."""
        return max(0, self.starts - 1)

    async def start(self) -> None:
        """Start it, and keep it from now on."""
        await self._start()
        self._task = asyncio.create_task(self._keep(), name=self.name)

    def kill(self) -> None:
        """SIGKILL to the whole group, now."""
        self.signal(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """A signal to the whole group; nothing if it has just ended."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def hold_down(self) -> None:
        """Kill it, and do not start it again before `let_up`."""
        self._may_run.clear()
        self.kill()

    def let_up(self) -> None:
        """Let it be started again."""
        self._may_run.set()

    async def end(self) -> None:
        """Kill it for good, and wait."""
        self._ending.set()
        self._may_run.set()
        self.kill()
        if self._task is not None:
            await self._task
        if not self.fault.done():
            self.fault.cancel()

    async def _start(self) -> None:
        environment = {**os.environ, **self._environment(self.starts)}
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
                preexec_fn=_die_with_the_test,
            )
        self.starts += 1

    async def _keep(self) -> None:
        while self._process is not None:
            code = await self._process.wait()
            if code != -signal.SIGKILL and not self._ending.is_set():
                tail = self._log.read_text(encoding="utf-8", errors="replace")[-3000:]
                self.fault.set_exception(Ended(f"{self.name} ended with exit status {code}:\n{tail}"))
                return
            if self._ending.is_set():
                return
            await self._may_run.wait()
            if self._ending.is_set():
                return
            self._between()
            await self._start()


def _die_with_the_test() -> None:
    """Nothing stays behind when the test process itself is killed."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
