"""A host for the tests: it speaks the protocol by hand and remembers what instruments say."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.instruments import messages, topics
from adapters.instruments.messages import (
    AttemptState,
    AttemptStatus,
    InstrumentState,
    Message,
    Receipt,
    Result,
    Verdict,
)
from tests.adapters.helpers import SITE, Listener

DAEMON = "tatara"


def now() -> datetime:
    return datetime.now(UTC)


class HostSide:
    """Publishes requests, commands and receipts for one instrument, and waits for its answers."""

    def __init__(self, listener: Listener, name: str = "reactor-1") -> None:
        self.listener = listener
        self.name = name

    # What the instrument said

    def said(self, kind: str, model: type[Message], attempt_id: str | None = None) -> list[Any]:
        found = []
        for delivery in self.listener.seen:
            topic = topics.parse_topic(delivery.topic)
            if topic and (topic.instrument, topic.kind) == (self.name, kind) and attempt_id in (None, topic.attempt_id):
                found.append(messages.parse(model, delivery.payload))
        return found

    def statuses(self, attempt_id: str) -> list[AttemptStatus]:
        return self.said("status", AttemptStatus, attempt_id)

    def results(self, attempt_id: str) -> list[Result]:
        return self.said("result", Result, attempt_id)

    def states(self) -> list[InstrumentState]:
        return self.said("state", InstrumentState)

    async def status(self, attempt_id: str, state: AttemptState, count: int = 1) -> AttemptStatus:
        def there() -> bool:
            return sum(each.state is state for each in self.statuses(attempt_id)) >= count

        await self.listener.until(lambda _: there())
        return [each for each in self.statuses(attempt_id) if each.state is state][-1]

    async def result(self, attempt_id: str, count: int = 1) -> Result:
        await self.listener.until(lambda _: len(self.results(attempt_id)) >= count)
        return self.results(attempt_id)[-1]

    async def state(self, **wanted: Any) -> InstrumentState:
        def fits() -> Iterator[InstrumentState]:
            for state in self.states():
                if all(getattr(state, name) == value for name, value in wanted.items()):
                    yield state

        await self.listener.until(lambda _: any(True for _ in fits()))
        return list(fits())[-1]

    # What the host says

    async def present(self, epoch: int = 1, mode: str = "online") -> None:
        state = messages.HostState(state=messages.HostMode(mode), epoch=epoch, at=now())
        await self.listener.bus.publish(topics.host_state(SITE, DAEMON), messages.encode(state), 1, True)

    async def request(self, attempt_id: str, **changes: Any) -> dict[str, Any]:
        fields = await self.make_request(attempt_id, **changes)
        await self.send_request(attempt_id, messages.canonical_json(fields).encode())
        return fields

    async def make_request(self, attempt_id: str, **changes: Any) -> dict[str, Any]:
        journal_id = changes.pop("journal_id", None) or (await self.state()).journal_id
        fields: dict[str, Any] = {
            "attempt_id": attempt_id,
            "journal_id": journal_id,
            "campaign": "c",
            "step": "s",
            "capability": "react",
            "candidate": {"kind": "conditions", "values": {}, "units": {}},
            "start_before": (now() + timedelta(minutes=5)).isoformat(),
            "timeout_s": 30,
            **changes,
        }
        fields.setdefault("digest", messages.request_digest(fields))
        return fields

    async def send_request(self, attempt_id: str, payload: bytes) -> None:
        await self.listener.bus.publish(topics.attempt(SITE, self.name, attempt_id, "request"), payload)

    async def command(self, action: str, **fields: Any) -> None:
        command = messages.Command(action=messages.Action(action), at=now(), **fields)
        await self.listener.bus.publish(topics.own(SITE, self.name, "command"), messages.encode(command))

    async def receipt(self, attempt_id: str, verdict: str = "stored") -> None:
        receipt = Receipt(attempt_id=attempt_id, verdict=Verdict(verdict), at=now())
        topic = topics.attempt(SITE, self.name, attempt_id, "receipt")
        await self.listener.bus.publish(topic, messages.encode(receipt))

    async def settled(self, marker: str = "marker") -> None:
        """Wait until the instrument has taken everything sent so far: it answers in order."""
        self._markers = getattr(self, "_markers", 0) + 1
        attempt_id = f"{marker}-{self._markers}"
        await self.command("report-attempts", attempts=[attempt_id])
        await self.status(attempt_id, AttemptState.UNKNOWN)
        await asyncio.sleep(0)
