"""The daemon's wall clock jumps by an hour while instruments are at work: nothing is lost, nothing is run twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import select
from sqlmodel import SQLModel

from adapters.instruments import Backoff, FailedMeasurement, Finished, Instrument, Work
from adapters.instruments.messages import Measurement as Sent
from controller.access.site import Site
from controller.commands import campaigns, instruments, proposals
from controller.daemon import Daemon
from controller.report.audit import audit
from controller.report.lists import events
from controller.report.replay import replay
from controller.store import Unit
from controller.store.tables import Attempt, Campaign, Job, Measurement, Proposal
from tests.controller.stand import ADMIN, DESCRIPTION

Row = TypeVar("Row", bound=SQLModel)

LIMIT_S = 30.0
LOOK_S = 0.02
NAMES = ("stove", "oven")
APPROVAL_S = 600


def text(*, parallel: int, experiments: int, start_within: int) -> str:
    return f"""
campaign: heat
parallel: {parallel}
space: {{parameters: {{temperature: {{type: continuous, low: 20, high: 90, unit: degC}}}}}}
objectives: [{{property: yield, goal: maximize, unit: percent}}]
stages:
  - name: bench
    approval: {{policy: operator, deadline: {APPROVAL_S}}}
    steps:
      - name: cook
        instruments: [{", ".join(NAMES)}]
        capability: cook
        yields: [yield]
        timeout: 60
        start_within: {start_within}
        retries: 1
strategy: {{name: random}}
budget: {{experiments: {experiments}}}
"""


class Clock:
    """What the daemon and its scheduler take for the time; it stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The scheduler looks at it often: a timer cannot know by how much it will be moved."""
    clock, start_timer = Clock(), AsyncIOScheduler._start_timer

    class Shown(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return clock().astimezone(tz)

    def look_often(scheduler: AsyncIOScheduler, wait: float | None) -> None:
        start_timer(scheduler, None if wait is None else min(wait, LOOK_S))

    monkeypatch.setattr("apscheduler.schedulers.base.datetime", Shown)
    monkeypatch.setattr(AsyncIOScheduler, "_start_timer", look_often)
    return clock


class Device:
    """An instrument whose runs end when they may. Its own clock goes on as before."""

    def __init__(self, daemon: Daemon, name: str, password: str) -> None:
        assert daemon.broker is not None
        self.runs: list[str] = []
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.failures = 0  # so many runs fail, then all is well
        self.instrument = Instrument(
            name,
            site=daemon.site.name,
            description=DESCRIPTION,
            journal=daemon.data / f"{name}.journal",
            host=daemon.broker.host,
            port=daemon.broker.port,
            password=password,
            reconnect=Backoff(0.05, 0.1),
        )
        self.instrument.capability("cook")(self.cook)

    async def cook(self, work: Work) -> Finished:
        self.runs.append(work.attempt_id)
        await self.may_end.wait()
        if self.failures:
            self.failures -= 1
            raise FailedMeasurement("test")
        return Finished([Sent(channel="y", property="yield", value=0.5, unit="dimensionless")])


class Running:
    """A daemon with a campaign and its instruments, all at work."""

    def __init__(self, daemon: Daemon, devices: dict[str, Device]) -> None:
        self.daemon = daemon
        self.stove, self.oven = (devices[name] for name in NAMES)

    async def all(self, table: type[Row]) -> list[Row]:
        return await self.daemon.store.read(lambda session: list(session.scalars(select(table))))

    async def until(self, condition: Callable[[Any], bool], table: type[SQLModel]) -> Any:
        """Wait for a row that meets the condition."""
        async with asyncio.timeout(LIMIT_S):
            while not (found := [row for row in await self.all(table) if condition(row)]):
                await asyncio.sleep(LOOK_S)
        return found[0]

    async def proposal(self, number: int, state: str) -> Proposal:
        found: Proposal = await self.until(lambda row: (row.number, row.state) == (number, state), Proposal)
        return found

    async def approve(self, number: int) -> Proposal:
        row = await self.proposal(number, "awaiting-approval")
        await self.daemon.store.write(lambda unit: proposals.approve(unit, ADMIN, row.id, row.digest), name="approve")
        return row

    async def attempt(self, proposal: Proposal, state: str) -> Attempt:
        found: Attempt = await self.until(lambda row: (row.proposal_id, row.state) == (proposal.id, state), Attempt)
        return found

    async def completed(self) -> None:
        await self.until(lambda row: row.state == "completed", Campaign)

    async def check(self, states: dict[int, str]) -> None:
        """Every attempt ran exactly once, all that was measured counts once, and the record is whole."""
        rows = {row.number: row for row in await self.all(Proposal)}
        assert {number: row.state for number, row in rows.items()} == states
        attempts = [row.id for row in await self.all(Attempt)]
        assert Counter(self.stove.runs + self.oven.runs) == Counter(attempts)
        measured = [(row.proposal_id, row.late) for row in await self.all(Measurement)]
        assert Counter(measured) == {(row.id, False): 1 for row in rows.values() if row.state == "completed"}
        report = await self.daemon.store.read(audit)
        assert report.ok, report.faults

    async def told(self) -> list[dict[str, Any]]:
        """Events as anybody is told of them."""
        return await self.daemon.store.read(lambda session: events(session, 0, None, limit=1000))


@asynccontextmanager
async def running(folder: Path, clock: Clock, campaign: str) -> AsyncIterator[Running]:
    """What fails meanwhile ends the test."""
    daemon = Daemon(folder, Site())
    daemon.store.clock = clock
    stop, leave, ready = asyncio.Event(), asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(daemon.run(stop, ready))
        await ready.wait()
        passwords = await daemon.store.write(_enrol, name="enrol")
        devices = {name: Device(daemon, name, password) for name, password in passwords.items()}
        serving = [group.create_task(device.instrument.serve(leave)) for device in devices.values()]
        submission = campaigns.prepare(campaign, {}, daemon.files)
        await daemon.store.write(lambda unit: campaigns.submit(unit, ADMIN, submission), name="submit")
        yield Running(daemon, devices)
        leave.set()
        await asyncio.wait(serving)
        stop.set()


def _enrol(unit: Unit) -> dict[str, str]:
    return {name: instruments.enrol(unit, ADMIN, name, simulated=True) for name in NAMES}


async def test_a_clock_that_is_set_back_loses_and_repeats_nothing(tmp_path: Path, clock: Clock) -> None:
    """One attempt runs, another one waits for its retry, a proposal waits for a person; then it is an hour earlier."""
    # The instruments' clocks do not jump, and they judge by them whether a request comes in time.
    async with running(tmp_path, clock, text(parallel=3, experiments=4, start_within=7200)) as site:
        site.stove.may_end.clear()
        site.oven.failures = 1
        at_work = await site.approve(1)
        await site.attempt(at_work, "running")
        broken = await site.approve(2)
        await site.attempt(broken, "failed")
        await site.until(lambda row: row.proposal_id == broken.id and row.not_before is not None, Job)
        await site.proposal(3, "awaiting-approval")
        clock.move(hours=-1)
        site.stove.may_end.set()
        await site.proposal(1, "completed")
        await site.approve(4)
        await site.proposal(4, "completed")
        assert [row.state for row in await site.all(Proposal) if row.number == 3] == ["awaiting-approval"]
        clock.move(hours=1, seconds=2)  # the hour is over
        await site.proposal(2, "completed")
        clock.move(seconds=APPROVAL_S)
        await site.proposal(3, "expired")
        await site.approve(5)
        await site.completed()
        await site.check({1: "completed", 2: "completed", 3: "expired", 4: "completed", 5: "completed"})
        told = await site.told()
        again = await site.daemon.store.read(lambda session: replay(session, "heat", tmp_path / "files"))
    assert [row["number"] for row in told] == list(range(1, len(told) + 1))
    assert [one["number"] for one, other in pairwise(told) if one["at"] > other["at"]] != [], "it was set back"
    its = [row["kind"] for row in told if row["subject"] == at_work.id]
    assert its == ["proposal.submit", "proposal.approve", "proposal.start", "proposal.complete"]
    assert again.ok, again.lines()


async def test_after_a_clock_is_set_forward_a_result_counts_in_spite_of_the_doubt(tmp_path: Path, clock: Clock) -> None:
    async with running(tmp_path, clock, text(parallel=2, experiments=2, start_within=60)) as site:
        site.stove.may_end.clear()
        at_work = await site.approve(1)
        await site.attempt(at_work, "running")
        await site.proposal(2, "awaiting-approval")
        clock.move(hours=1)
        attempt = await site.attempt(at_work, "doubtful")
        assert attempt.doubt == "no answer within the time limit of the step"
        await site.proposal(2, "expired")
        await site.proposal(3, "awaiting-approval")
        assert len(await site.all(Attempt)) == 1, "a doubt is for a person, not a reason to run it again"
        site.stove.may_end.set()
        await site.attempt(at_work, "succeeded")
        await site.approve(3)
        await site.completed()
        await site.check({1: "completed", 2: "expired", 3: "completed"})
