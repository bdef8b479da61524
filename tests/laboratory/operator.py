"""The operator's script: it uses the command line as a person would, one command after the other.

In the test's process: to start one for each command would take longer than all that the daemon does meanwhile.
"""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlmodel import Session, col
from typer.testing import CliRunner

from controller.cli.app import app
from controller.store.tables import Attempt, EStop

T = TypeVar("T")

DONE, CONFLICT = 0, 4
AWAY = (3, 5)  # no daemon yet, or none any more; before the first start there is no token either
LOOK_S = 0.1
PATIENCE = 100

_AT_THE_KEYBOARD = threading.Lock()  # a command has the standard output to itself


def _tatara(words: list[str]) -> tuple[int, str, str]:
    with _AT_THE_KEYBOARD:
        done = CliRunner().invoke(app, words)
    return done.exit_code, done.stdout, done.stderr or str(done.exception or "")


class Operator:
    """Repeats what is in doubt. `said` is what it asked for and the exit code of each command.

    `ask_s`: before it repeats, it has the instrument asked once more and waits so many seconds (0: it does not ask).
    """

    def __init__(self, data: Path, ask_s: float = 0.0) -> None:
        self._data = data
        self._ask_s = ask_s
        self._asked: dict[str, float] = {}
        self.said: list[tuple[str, int, str]] = []
        self.repeated: list[str] = []

    async def command(self, *words: str) -> tuple[int, Any]:
        """Run `tatara` with these words; returns its exit code and its JSON answer."""
        code, out, error = await asyncio.to_thread(_tatara, [*words, "--json", "--data", str(self._data)])
        self.said.append((" ".join(words), code, error[-300:]))
        return code, json.loads(out) if out.strip() else None

    async def submit(self, path: Path) -> None:
        """Start a campaign, once a daemon has told where it listens."""
        while not (self._data / "api.json").exists():
            await asyncio.sleep(LOOK_S)
        await self.insist("campaign", "submit", str(path))

    async def insist(self, *words: str) -> None:
        """Repeat a command until a daemon has carried it out; one that was killed may have done so before."""
        for _ in range(PATIENCE):
            code, _answer = await self.command(*words)
            if code in (DONE, CONFLICT):
                return
            if code not in AWAY:
                raise RuntimeError(f"the command was not carried out: {self.said[-1]}")
            await asyncio.sleep(LOOK_S)
        raise TimeoutError(f"no daemon carried out {words}")

    async def work(self, read: Callable[[Callable[[Session], int]], int]) -> None:
        """Repeat what is in doubt and reset what is stopped, for ever.

        The database is only looked at to know when to ask the command line.
        """
        while True:
            if read(_doubts):
                await self._resolve_all()
            if read(_estops):
                await self._reset_all()
            await asyncio.sleep(LOOK_S)

    async def _resolve_all(self) -> None:
        code, rows = await self.command("doubts")
        if code != DONE:
            return
        for row in rows:
            await self._resolve(row["id"])

    async def _resolve(self, attempt_id: str) -> None:
        if self._ask_s and attempt_id not in self._asked:
            code, _ = await self.command("resolve", attempt_id, "ask-again", "--why", "the script asks")
            if code == DONE:
                self._asked[attempt_id] = time.monotonic()
        elif not self._ask_s or time.monotonic() > self._asked[attempt_id] + self._ask_s:
            code, _ = await self.command("resolve", attempt_id, "repeat", "--why", "the script repeats")
            if code == DONE:
                self.repeated.append(attempt_id)

    async def _reset_all(self) -> None:
        code, rows = await self.command("estops")
        for row in rows if code == DONE else []:
            if row["holds"]:
                await self.command("reset", row["id"], "--why", "the script has looked")


def _doubts(session: Session) -> int:
    return session.scalar(select(func.count()).where(col(Attempt.state) == "doubtful")) or 0


def _estops(session: Session) -> int:
    return session.scalar(select(func.count()).where(col(EStop.reset_at).is_(None))) or 0
