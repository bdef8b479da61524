"""The person at the terminal decides about proposals."""

import asyncio
import os
import threading
from collections.abc import Coroutine
from typing import Any

from controller.access.actors import Actor
from controller.cli import output
from controller.cli.demos.description import Write
from controller.commands import proposals as commands
from controller.commands.errors import Conflict
from controller.store import Store

REFUSED = "not wanted by the person at the terminal"


class Answers:
    """Lines from a file descriptor. Reading blocks a thread of its own, which ends with the process at the latest."""

    def __init__(self, descriptor: int = 0) -> None:
        self._descriptor = descriptor
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        # Not `sys.stdin`: a thread that holds its lock when the interpreter ends would crash it.
        threading.Thread(target=self._read, name="answers", daemon=True).start()

    def _read(self) -> None:
        rest = b""
        while chunk := os.read(self._descriptor, 4096):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self._tell(line.decode("utf-8", "replace").strip().lower())
        self._tell(None)

    def _tell(self, line: str | None) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._lines.put_nowait, line)

    def forget(self) -> None:
        """Drop the lines that were typed before now; the end of the input stays."""
        waiting = [self._lines.get_nowait() for _ in range(self._lines.qsize())]
        if None in waiting:
            self._lines.put_nowait(None)

    async def next(self) -> str | None:
        """The next line, without spaces around it and in small letters; None at the end of the input."""
        return await self._lines.get()


async def decide(
    store: Store,
    actor: Actor,
    shown: dict[str, Any],
    answers: Answers,
    write: Write,
    elsewhere: Coroutine[Any, Any, None],
) -> bool:
    """Show a proposal and carry out what the person says; False when they want to stop.

    `elsewhere` returns when somebody else has decided, at the console.
    """
    for line in _in_words(shown):
        write(line)
    deciding = asyncio.ensure_future(elsewhere)
    try:
        return await _ask(store, actor, shown, answers, write, deciding)
    finally:
        deciding.cancel()


async def _ask(
    store: Store,
    actor: Actor,
    shown: dict[str, Any],
    answers: Answers,
    write: Write,
    elsewhere: asyncio.Future[None],
) -> bool:
    while True:
        write("Run this experiment? [y]es, [n]o, [q]uit (continue later), or decide at the console: ")
        asking = asyncio.ensure_future(answers.next())
        either: set[asyncio.Future[Any]] = {asking, elsewhere}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not asking.done():
            asking.cancel()
            elsewhere.result()
            write("Decided at the console.")
            return True
        answer = asking.result()
        if answer in (None, "q", "quit"):
            return False
        if answer in ("y", "yes", "n", "no"):
            break
    try:
        await store.write(lambda unit: _carry_out(unit, actor, shown, str(answer)), name="decision")
    except Conflict as error:  # somebody else was quicker, over the API
        write(str(error))
    return True


def _carry_out(unit: Any, actor: Actor, shown: dict[str, Any], answer: str) -> None:
    if answer.startswith("y"):
        commands.approve(unit, actor, shown["id"], shown["digest"])
    else:
        commands.reject(unit, actor, shown["id"], shown["digest"], REFUSED)


def _in_words(shown: dict[str, Any]) -> list[str]:
    predicted = [
        f"{name} {each['mean']:.4g} +/- {each['standard_deviation']:.2g}" for name, each in shown["prediction"].items()
    ]
    return [
        "",
        f"Proposal {shown['number']}: {output.candidate(shown['candidate'])}",
        f"  predicted: {', '.join(predicted) or 'nothing yet'}",
        f"  reason:    {output.safe(shown['reason'])}",
        f"  digest:    {shown['digest'][:16]}",
    ]
