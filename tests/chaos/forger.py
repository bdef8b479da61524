"""A client with valid credentials of its own that speaks for others: results, states, statuses and commands."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from adapters.broker import BrokerProcess
from adapters.instruments import topics
from adapters.instruments.bus import Backoff, Bus, BusDown
from adapters.instruments.messages import (
    Action,
    AttemptState,
    AttemptStatus,
    Command,
    HostMode,
    HostState,
    InstrumentMode,
    InstrumentState,
    Measurement,
    Message,
    Outcome,
    Receipt,
    Result,
    Verdict,
    encode,
)
from controller.store.tables import Attempt
from tests.laboratory.campaign import PROPERTIES
from tests.laboratory.laboratory import SITE

FORGED = 123456.0
PAUSE_S = 1.0

Forgery = tuple[str, Message]


class Forger:
    """`async with Forger(...)`: forges for as long as it is entered. `heard` is what it could listen in to."""

    def __init__(
        self, name: str, password: str, broker: BrokerProcess, victims: Sequence[str], look: Callable[[], list[Attempt]]
    ) -> None:
        self.heard: list[str] = []
        self.told = 0
        self._name = name
        self._victims = victims
        self._look = look
        self._random = random.Random(5)
        self._seq = 10**15  # newer than anything that a victim says
        self._bus = Bus(
            broker.host,
            broker.port,
            name,
            name,
            password,
            subscriptions=[(f"{topics.ROOT}/#", 1)],
            backoff=Backoff(0.1, 0.5),
        )

    async def __aenter__(self) -> "Forger":
        await self._bus.__aenter__()
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._forge())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._bus.__aexit__(None, None, None)

    @property
    def overheard(self) -> list[str]:
        """Topics that were none of its business; it may know that the host is there."""
        allowed = (f"{topics.ROOT}/{SITE}/{self._name}/", f"{topics.ROOT}/{SITE}/host/")
        return [topic for topic in self.heard if not topic.startswith(allowed)]

    async def _listen(self) -> None:
        async for delivery in self._bus.messages():
            delivery.ack()
            self.heard.append(delivery.topic)

    async def _forge(self) -> None:
        while True:
            for attempt in self._look():
                for topic, message in self._about(attempt):
                    with contextlib.suppress(BusDown):
                        await self._bus.publish(topic, encode(message))
                        self.told += 1
            await asyncio.sleep(PAUSE_S)

    def _about(self, attempt: Attempt) -> list[Forgery]:
        """What would do harm if anybody believed it: on the victim's topics, and on the forger's own."""
        victim = self._random.choice(self._victims)
        of_attempt = [(said_by, attempt.id) for said_by in (attempt.resource, self._name)]
        return [
            *((topics.attempt(SITE, who, key, "result"), self._result(attempt)) for who, key in of_attempt),
            *((topics.attempt(SITE, who, key, "status"), self._status(attempt)) for who, key in of_attempt),
            (topics.attempt(SITE, attempt.resource, attempt.id, "receipt"), self._receipt(attempt)),
            (topics.own(SITE, victim, "state"), self._state()),
            (topics.host_state(SITE, "daemon"), self._host()),
            *((topics.own(SITE, victim, "command"), command) for command in self._commands(attempt)),
        ]

    def _result(self, attempt: Attempt) -> Result:
        now = datetime.now(UTC)
        return Result(
            attempt_id=attempt.id,
            digest=attempt.digest,
            outcome=Outcome.OK,
            measurements=[
                Measurement(channel=name, property=name, value=FORGED, unit="dimensionless") for name in PROPERTIES
            ],
            boot_id="forged",
            journal_id=attempt.journal_id,
            started_at=now,
            ended_at=now,
        )

    def _status(self, attempt: Attempt) -> AttemptStatus:
        return AttemptStatus(
            attempt_id=attempt.id,
            digest=attempt.digest,
            state=self._random.choice([AttemptState.CANCELLED, AttemptState.INTERRUPTED, AttemptState.UNKNOWN]),
            boot_id="forged",
            journal_id=attempt.journal_id,
            seq=self._next(),
            at=datetime.now(UTC),
        )

    def _receipt(self, attempt: Attempt) -> Receipt:
        return Receipt(attempt_id=attempt.id, verdict=Verdict.STORED, at=datetime.now(UTC))

    def _state(self) -> InstrumentState:
        return InstrumentState(
            state=InstrumentMode.ESTOPPED,
            boot_id="forged",
            journal_id="forged",
            seq=self._next(),
            at=datetime.now(UTC),
            estops=["forged"],
        )

    def _host(self) -> HostState:
        return HostState(state=HostMode.OFFLINE, epoch=10**6, at=datetime.now(UTC))

    def _commands(self, attempt: Attempt) -> list[Command]:
        now = datetime.now(UTC)
        return [
            Command(action=Action.ESTOP, id="forged", at=now),
            Command(action=Action.PAUSE, number=10**6, at=now),
            Command(action=Action.CANCEL, attempts=[attempt.id], at=now),
        ]

    def _next(self) -> int:
        self._seq += 1
        return self._seq
