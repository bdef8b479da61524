"""The operator's script: it uses the command line as a person would, one process for each command."""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlmodel import Session, col

from controller.store.tables import Attempt

T = TypeVar("T")

DONE, UNREACHABLE, CONFLICT = 0, 3, 4
LOOK_S = 0.1
PATIENCE = 100


class Operator:
    """Repeats what is in doubt. `said` is what it asked for and the exit code of each command."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self.said: list[tuple[str, int, str]] = []
        self.repeated: list[str] = []

    async def command(self, *words: str) -> tuple[int, Any]:
        """Run `tatara` with these words; returns its exit code and its JSON answer."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "controller.cli", *words, "--json", "--data", str(self._data),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            out, error = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        code = process.returncode or 0
        self.said.append((" ".join(words), code, error.decode(errors="replace")[-300:]))
        return code, json.loads(out) if out.strip() else None

    async def submit(self, path: Path) -> None:
        """Start a campaign; a daemon that was killed meanwhile may or may not have taken it."""
        for _ in range(PATIENCE):
            code, _answer = await self.command("campaign", "submit", str(path))
            if code in (DONE, CONFLICT):
                return
            if not self._was_away(code):
                raise RuntimeError(f"the campaign was not taken: {self.said[-1]}")
            await asyncio.sleep(LOOK_S)
        raise TimeoutError("the daemon never took the campaign")

    async def work(self, read: Callable[[Callable[[Session], int]], int]) -> None:
        """Repeat what is in doubt, for ever. The database is only looked at to know when to ask `tatara doubts`."""
        while True:
            if read(_doubts):
                await self._resolve_all()
            await asyncio.sleep(LOOK_S)

    async def _resolve_all(self) -> None:
        code, rows = await self.command("doubts")
        if code != DONE:
            return
        for row in rows:
            code, _ = await self.command("resolve", row["id"], "repeat", "--why", "the script repeats")
            if code == DONE:
                self.repeated.append(row["id"])

    def _was_away(self, code: int) -> bool:
        """No daemon yet, or none any more; before the first start there is no token either."""
        return code in (UNREACHABLE, 5)


def _doubts(session: Session) -> int:
    return session.scalar(select(func.count()).where(col(Attempt.state) == "doubtful")) or 0
