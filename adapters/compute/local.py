"""Local worker processes: plain JSON in, plain JSON out; a deadline kills, and a death costs one task."""

import asyncio
import contextlib
import json
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

STREAM_LIMIT = 256 * 1024 * 1024


class TaskFailed(RuntimeError):
    """The task raised, hung beyond its deadline, died, or answered what is not JSON; the text says which."""


class WorkerDied(TaskFailed):
    """The process ended before it answered: killed, out of memory, or crashed."""


@dataclass(frozen=True)
class Failure:
    """A task that failed, and when."""

    at: datetime
    why: str


class Workers:
    """A few processes that are started when first needed and replaced when they die.

    `run` names a function as `package.module:function`; only our own code names functions, never a campaign.
    `memory`: bytes of address space that a process may have; what wants more raises `MemoryError` in it.
    `replaced`: how many processes were ended before their time, by a deadline, by who asked, or by themselves.
    """

    def __init__(self, size: int = 1, memory: int | None = None) -> None:
        self._options = [] if memory is None else [str(memory)]
        self._free: asyncio.LifoQueue[asyncio.subprocess.Process | None] = asyncio.LifoQueue()
        self._running: set[asyncio.subprocess.Process] = set()
        self.size = size
        self.replaced = 0
        self.last_failure: Failure | None = None
        for _ in range(size):
            self._free.put_nowait(None)

    @property
    def busy(self) -> int:
        """How many tasks run now."""
        return self.size - self._free.qsize()

    async def run(self, function: str, payload: dict[str, Any], deadline: float) -> dict[str, Any]:
        """Return the function's answer to `payload`; raises `TaskFailed` after `deadline` seconds at the latest."""
        try:
            return await self._run(function, payload, deadline)
        except TaskFailed as error:
            self.last_failure = Failure(datetime.now(UTC), str(error))
            raise

    async def _run(self, function: str, payload: dict[str, Any], deadline: float) -> dict[str, Any]:
        process = await self._free.get()
        try:
            if process is None or process.returncode is not None:
                process = await self._start()
            return await asyncio.wait_for(_ask(process, function, payload), deadline)
        except TimeoutError as error:
            await self._replace(process)
            raise TaskFailed(f"no answer within its deadline of {deadline:g} s; the worker was killed") from error
        except _Died as error:
            await self._replace(process)
            raise WorkerDied(str(error)) from error
        except asyncio.CancelledError:
            await self._replace(process)
            raise
        finally:
            self._free.put_nowait(process)

    async def stop(self) -> None:
        """End all workers."""
        for process in list(self._running):
            await self._end(process)

    async def _start(self) -> asyncio.subprocess.Process:
        environment = {
            **os.environ,
            # One thread, waiting passively: two threads on two busy cores were 24 times slower.
            "OMP_NUM_THREADS": "1",
            "OMP_WAIT_POLICY": "PASSIVE",
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "adapters.compute.worker",
            *self._options,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
            limit=STREAM_LIMIT,
            start_new_session=True,  # a Ctrl-C at the terminal is the daemon's business
        )
        self._running.add(process)
        return process

    async def _replace(self, process: asyncio.subprocess.Process | None) -> None:
        """End one before its time; the next task starts another."""
        self.replaced += 1
        await self._end(process)

    async def _end(self, process: asyncio.subprocess.Process | None) -> None:
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        self._running.discard(process)


class _Died(RuntimeError):
    pass


async def _ask(process: asyncio.subprocess.Process, function: str, payload: dict[str, Any]) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps({"function": function, "payload": payload}).encode() + b"\n")
        await process.stdin.drain()
        line = await process.stdout.readline()
    except (ConnectionError, ValueError) as error:
        raise _Died(f"the worker broke off: {error}") from error
    if not line:
        raise _Died(f"the worker died with exit status {await process.wait()}")
    answer = json.loads(line)
    if "error" in answer:
        raise TaskFailed(answer["error"])
    result: dict[str, Any] = answer["result"]
    return result
