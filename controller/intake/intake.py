"""The street from the broker into the database: parse, commit in groups, then receipt and acknowledge."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from adapters.instruments import topics
from adapters.instruments.bus import BusDown, Delivery
from adapters.instruments.host import Host
from adapters.instruments.messages import Heartbeat, MalformedMessage, Receipt, Verdict, parse
from controller.intake.liveness import Liveness
from controller.intake.quarantine import Refused, Said, Spoken, known, quarantine
from controller.intake.results import load_together, refuse_result, take_result
from controller.intake.states import take_description, take_state
from controller.intake.statuses import take_status
from controller.store import LostLock, Store, StoreUnavailable, Unit
from controller.store.latencies import INTAKE, MESSAGES

log = logging.getLogger("tatara.intake")

GROUP = 200
AGAIN_S = 0.5
# Of what comes with QoS 1 no more than the broker's window waits; what comes with QoS 0 beyond this is not taken.
MOST_WAITING = 1000
TAKEN, NOT_KEPT = "taken", "not-kept"


@dataclass(frozen=True)
class Answer:
    """What became of a message, in the words of `/metrics`, and the receipt to send, if it was a result."""

    became: str
    receipt: Receipt | None = None


@dataclass(frozen=True)
class _Arrived:
    """A message, and when it came by the clock that never jumps."""

    delivery: Delivery
    said: Said
    at: float


class Intake:
    """Takes what arrives on the host's connection; nothing is acknowledged before it is committed."""

    def __init__(self, store: Store, host: Host, liveness: Liveness) -> None:
        self._store = store
        self._host = host
        self._liveness = liveness
        self._arrived: asyncio.Queue[_Arrived] = asyncio.Queue()
        self._spoken = Spoken()
        self._not_kept: Counter[str] = Counter()  # refused messages that were not kept, by instrument

    async def run(self) -> None:
        """Read and commit, for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._commit_groups(group), name="intake")
            async for delivery in self._host.messages():
                said = read_topic(delivery.topic, delivery.payload)
                if said.kind == "state":
                    self._liveness.saw(said)
                if said.kind in ("state", "description"):
                    said = replace(said, excess=self._spoken.is_excess(said.instrument, time.monotonic()))
                if said.kind == "heartbeat" and await self._beat(said):
                    continue
                if not delivery.qos and self._arrived.qsize() >= MOST_WAITING:
                    self._count(said, Answer(NOT_KEPT))
                    continue
                self._arrived.put_nowait(_Arrived(delivery, said, time.monotonic()))

    async def _beat(self, said: Said) -> bool:
        """Heartbeats go no further; one that cannot be read is a message like any other."""
        try:
            await self._liveness.heard(said)
        except MalformedMessage:
            return False
        MESSAGES.labels(said.instrument, said.kind, TAKEN).inc()
        return True

    async def _commit_groups(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            group = [await self._arrived.get()]
            while len(group) < GROUP and not self._arrived.empty():
                group.append(self._arrived.get_nowait())
            answers = await self.take([each.said for each in group])
            now = time.monotonic()
            for each, answer in zip(group, answers, strict=True):
                INTAKE.observe(now - each.at)
                self._count(each.said, answer)
            # Beside the next commit: waiting for the broker's PUBACKs takes as long as a commit does.
            tasks.create_task(self._answer(group, answers), name="receipts")

    async def take(self, group: Sequence[Said]) -> list[Answer]:
        """Repeat until the database takes it; a message that our own code cannot bear is quarantined."""
        while True:
            try:
                return await self._store.write(lambda unit: self._take(unit, group), name=f"intake-{group[0].kind}")
            except StoreUnavailable as error:
                log.error("intake waits: %s", error)
                await asyncio.sleep(AGAIN_S)
            except LostLock:
                raise
            except Exception as error:  # a fault of ours: it must cost one message, never the intake
                if len(group) > 1:
                    return [answer for said in group for answer in await self.take([said])]
                log.exception("a message on %s could not be taken", group[0].topic)
                return [await self._refuse_alone(group[0], f"internal error: {type(error).__name__}: {error}")]

    async def _refuse_alone(self, said: Said, reason: str) -> Answer:
        while True:
            try:
                return await self._store.write(lambda unit: self._refuse(unit, said, reason), name="quarantine")
            except StoreUnavailable as error:
                log.error("intake waits: %s", error)
                await asyncio.sleep(AGAIN_S)

    def _take(self, unit: Unit, group: Sequence[Said]) -> list[Answer]:
        held = load_together(unit, group)
        answers = [self._take_one(unit, said) for said in group]
        del held
        return answers

    def _take_one(self, unit: Unit, said: Said) -> Answer:
        try:
            if said.instrument is not None:
                known(unit, said)
            match said.kind:
                case "result":
                    return _answer(said, take_result(unit, said))
                case "status":
                    take_status(unit, said)
                case "state":
                    take_state(unit, said)
                case "description":
                    take_description(unit, said)
                case "heartbeat":
                    parse(Heartbeat, said.payload)
                case _:
                    raise Refused("no topic of the protocol")
        except (Refused, MalformedMessage) as error:
            return self._refuse(unit, said, str(error))
        return Answer(TAKEN)

    def _refuse(self, unit: Unit, said: Said, reason: str) -> Answer:
        became = Verdict.QUARANTINED.value if quarantine(unit, said, reason) else NOT_KEPT
        if said.kind != "result":
            return Answer(became)
        refuse_result(unit, said, reason)
        return Answer(became, _receipt(said, Verdict.QUARANTINED, reason))

    def _count(self, said: Said, answer: Answer) -> None:
        """What is not kept is told at 1, 2, 4, 8 ...: the log must not be flooded in the database's stead."""
        instrument = said.instrument or ""
        MESSAGES.labels(instrument, said.kind, answer.became).inc()
        if answer.became != NOT_KEPT:
            return
        self._not_kept[instrument] += 1
        count = self._not_kept[instrument]
        if count & (count - 1) == 0:
            log.warning("%d messages of %s were refused and not kept", count, instrument)

    async def _answer(self, group: Sequence[_Arrived], answers: Sequence[Answer]) -> None:
        """Receipts and acknowledgements, after the commit. A receipt that is lost is asked for by the next resend."""
        sending = [
            self._host.receipt(each.said.instrument, answer.receipt)
            for each, answer in zip(group, answers, strict=True)
            if answer.receipt is not None and each.said.instrument is not None
        ]
        for each in group:
            each.delivery.ack()
        for outcome in await asyncio.gather(*sending, return_exceptions=True):
            if isinstance(outcome, BaseException) and not isinstance(outcome, BusDown):
                raise outcome


def _answer(said: Said, verdict: Verdict) -> Answer:
    return Answer(verdict.value, _receipt(said, verdict))


def _receipt(said: Said, verdict: Verdict, reason: str | None = None) -> Receipt | None:
    if said.attempt_id is None:
        return None
    return Receipt(attempt_id=said.attempt_id, verdict=verdict, reason=reason and reason[:2000], at=datetime.now(UTC))


def read_topic(topic: str, payload: bytes) -> Said:
    """Who said what kind of thing."""
    if (parsed := topics.parse_topic(topic)) is None:
        return Said(topic, payload, topics.speaker(topic))
    return Said(topic, payload, parsed.instrument, parsed.attempt_id, parsed.kind)
