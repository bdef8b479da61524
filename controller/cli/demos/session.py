"""Run a demo's campaign: daemon, broker and instruments on this machine, until it ends or somebody stops it."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlmodel import col

from controller.access.actors import Actor, Role
from controller.access.site import Site
from controller.cli.demos.approving import Answers, decide
from controller.cli.demos.description import Settings, Setup, Write, campaign_text
from controller.cli.demos.laboratory import Laboratory
from controller.cli.demos.progress import Display, Lines, LiveDisplay, take
from controller.commands import campaigns, sign_ins, users
from controller.daemon import Daemon
from controller.loop import CAMPAIGN as CAMPAIGN_STATES
from controller.store import Committed, Unit
from controller.store.tables import Campaign, Proposal, SpecVersion, User

PERSON = Actor("admin", Role.ADMIN)
OPERATOR = "operator"  # who sits at the console
REFRESH_S = 0.2


class Stuck(RuntimeError):
    """The campaign cannot go on by itself; the text says why and what to do."""


@dataclass(frozen=True)
class Stopped:
    """Why the session ended before its campaign: `code` is the exit status."""

    code: int


async def run(settings: Settings, setup: Setup, write: Write) -> Stopped | None:
    """Run or continue the campaign; None when it has ended. Raises `Stuck` and what the daemon raises."""
    demo = _Demo(settings, setup, write)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, demo.interrupt, number)
    try:
        await demo.run()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
    return demo.stopped


class _Demo:
    def __init__(self, settings: Settings, setup: Setup, write: Write) -> None:
        self._settings = settings
        self._name = settings.demo.name
        self._setup = setup
        self._write = write
        self._daemon = Daemon(settings.data, settings.site or Site())
        self._stop = asyncio.Event()
        self._changed = asyncio.Event()
        self._laboratory: Laboratory | None = None
        self._display: Display | None = None
        self._over = False
        self.stopped: Stopped | None = None

    def interrupt(self, number: int) -> None:
        """Stop because of a signal; where the campaign is over, nothing is left to be gone on with."""
        if not self._over:
            self.stopped = Stopped(128 + number)
        self._stop.set()

    async def run(self) -> None:
        """Start everything, follow the campaign, stop everything; the first error ends it and is raised."""
        ready = asyncio.Event()
        serving = asyncio.create_task(self._daemon.run(self._stop, ready))
        following = asyncio.create_task(self._follow_when(ready))
        try:
            done, _ = await asyncio.wait({serving, following}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await self._end(serving, following)

    async def _end(self, serving: asyncio.Task[None], following: asyncio.Task[None]) -> None:
        """The daemon first: while it stops, what the instruments run comes to its end."""
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        if self._display is not None:
            self._display.close()
        if self.stopped is not None:
            self._write("stopping: what runs comes to its end ...")
        self._stop.set()
        await asyncio.gather(serving, return_exceptions=True)
        if self._laboratory is not None:
            await self._laboratory.stop()

    async def _follow_when(self, ready: asyncio.Event) -> None:
        await ready.wait()
        self._laboratory = Laboratory(self._daemon, PERSON, self._setup.instruments)
        if await self._laboratory.enrol() and self._daemon.site.broker is not None:
            self._write("Instruments are enrolled. They wait for the broker: run `tatara broker config`, reload it.")
        campaign = await self._daemon.store.write(self._open, name="open")
        await self._laboratory.start(campaign.seed)
        await self._tell_where()
        self._display = self._new_display()
        self._daemon.store.on_commit(self._notice)
        await _first(self._laboratory.ended(), self._follow())

    def _open(self, unit: Unit) -> Campaign:
        """The campaign of this folder, begun or gone on with."""
        text = campaign_text(self._settings)
        found = unit.session.scalars(select(Campaign).where(col(Campaign.name) == self._name)).first()
        if found is None:
            return campaigns.submit(unit, PERSON, campaigns.prepare(text, self._setup.files, self._daemon.files))
        if unit.session.get_one(SpecVersion, (found.id, found.version)).text != text:
            self._write("This folder's campaign was begun with other options; it goes on with those.")
        if found.state == "paused" or found.paused_steps:
            campaigns.resume(unit, PERSON, self._name, "the demo was started again")
        return found

    async def _tell_where(self) -> None:
        while (url := self._daemon.api_url) is None:
            await asyncio.sleep(0.02)
        data = self._settings.data
        database = self._settings.database
        self._write(f"Database:  {make_url(database).render_as_string() if database else data / 'tatara.db'}")
        self._write(f"API:       {url}, token in {data / 'admin-token'}")
        if self._settings.site is None:
            code = await self._daemon.store.write(_sign_in_code, name="code")
            self._write(f"Console:   {url}/sign-in?code={code}")
            self._write("           open it in a browser on this machine; the code signs you in once, as an operator")
            self._write(f"           for another code: {_command()} user code {OPERATOR} --data {data}")
        else:
            self._write(f"Console:   {url}")
        self._write(f"Ask it from another terminal: {_command()} campaign show {self._name} --data {data}")

    def _new_display(self) -> Display:
        started = time.monotonic()
        if self._settings.approve or not sys.stdout.isatty():
            return Lines(self._write, started)
        return LiveDisplay(Console(), started)

    def _notice(self, _: Committed) -> None:
        self._changed.set()

    async def _follow(self) -> None:
        """Show what happens until the campaign has ended; ask the person where that is wanted."""
        assert self._display is not None
        answers = self._answers()
        known: set[int] = set()
        while True:
            self._changed.clear()
            snapshot = await self._daemon.store.read(lambda session: take(session, self._name, known))
            known.update(each.number for each in snapshot.newly)
            self._display.show(snapshot)
            if CAMPAIGN_STATES.final(snapshot.campaign["state"]):
                self._over = True
                if answers is not None:
                    answers.forget()
                    state = snapshot.campaign["state"]
                    self._write(f"The campaign is {state}. The console stays open: press Enter to end.")
                    await answers.next()
                return
            if why := snapshot.stuck:
                raise Stuck(why)
            if answers is not None and snapshot.awaiting:
                shown = snapshot.awaiting[0]
                elsewhere = self._decided(shown["id"])
                if not await decide(self._daemon.store, PERSON, shown, answers, self._write, elsewhere):
                    self.stopped = Stopped(0)
                    return
            else:
                await self._changed.wait()
                await asyncio.sleep(REFRESH_S)  # several commits, one look

    def _answers(self) -> Answers | None:
        """What the person types, where it takes a person and there is a terminal to type at."""
        if not self._settings.approve:
            return None
        if os.isatty(0):
            return Answers()
        self._write("There is no terminal to ask at: decide about each experiment at the console.")
        return None

    async def _decided(self, proposal_id: str) -> None:
        """Return when somebody at the console has decided."""
        while True:
            self._changed.clear()
            row = await self._daemon.store.read(lambda session: session.get_one(Proposal, proposal_id))
            if row.state != "awaiting-approval":
                return
            await self._changed.wait()


def _command() -> str:
    """How this program was called, so that it can be called again."""
    called = Path(sys.argv[0])
    return "python -m controller.cli" if called.name == "__main__.py" else str(called)


def _sign_in_code(unit: Unit) -> str:
    if unit.session.get(User, OPERATOR) is None:
        users.create_user(unit, PERSON, OPERATOR, Role.OPERATOR)
    return sign_ins.create_code(unit, PERSON, OPERATOR)


async def _first(*services: Coroutine[Any, Any, None]) -> None:
    """Return when the first one does, or raise what it raises."""
    tasks = [asyncio.ensure_future(each) for each in services]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
