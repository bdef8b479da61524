"""An instrument that is let in and sends whatever comes to its mind: good at first, then damaged."""

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime
from typing import Self

from adapters.broker import BrokerProcess
from adapters.instruments import topics
from adapters.instruments.bus import Backoff, Bus
from adapters.instruments.messages import InstrumentMode, InstrumentState, Receipt, Request, encode, parse
from tests.controller.stand import DESCRIPTION
from tests.fuzz.messages import seeds
from tests.fuzz.mutations import Mutations
from tests.laboratory.laboratory import SITE

AT_ONCE = 50
KINDS = ("state", "description", "heartbeat", "status", "result")
# Not all that comes between the slashes is an id.
ODD = ["UPPER", "a" * 81, "\u2603", " ", "-", "unknown-1"]


class Fuzzer:
    """`async with Fuzzer(...)`. `sent` counts by kind what the broker has taken, `receipts` by verdict what came back.

    `readable` are the results on topics with an id that can be read: each of those must get a receipt.
    """

    def __init__(self, name: str, password: str, broker: BrokerProcess, seed: int) -> None:
        self.name = name
        self.sent: Counter[str] = Counter()
        self.readable = 0
        self.receipts: Counter[str] = Counter()
        self.requests: list[Request] = []
        self._random = random.Random(seed)
        self._seed = seed
        own = (topics.attempt(SITE, name, "+", kind) for kind in ("request", "receipt"))
        self._bus = Bus(
            *(broker.host, broker.port, name, name, password),
            subscriptions=[(topic, 1) for topic in own],
            backoff=Backoff(0.1, 0.5),
        )

    async def __aenter__(self) -> Self:
        await self._bus.__aenter__()
        self._listening = asyncio.create_task(self._listen())
        await self._bus.wait_connected(20)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)
        await self._bus.__aexit__(None, None, None)

    async def _listen(self) -> None:
        async for delivery in self._bus.messages():
            delivery.ack()
            if delivery.topic.endswith("/receipt"):
                self.receipts[parse(Receipt, delivery.payload).verdict.value] += 1
            else:
                self.requests.append(parse(Request, delivery.payload))

    async def appear(self) -> None:
        """Be an instrument that work may be sent to."""
        state = InstrumentState(
            state=InstrumentMode.ONLINE, boot_id="boot-1", journal_id="journal-1", seq=1, at=datetime.now(UTC)
        )
        await self._send("description", self._topic("description", ""), encode(DESCRIPTION), retain=True)
        await self._send("state", self._topic("state", ""), encode(state), retain=True)

    async def flood(self, cases: int) -> None:
        """Send so many damaged messages, about the work that it was given."""
        about = seeds(self.requests[0].attempt_id, self.requests[0].digest)
        payloads = {
            kind: Mutations([encode(each) for each in good], self._seed + place)
            for place, (kind, good) in enumerate(about.items())
        }
        messages = iter([self._random.choice(KINDS) for _ in range(cases)])

        async def send() -> None:
            for kind in messages:
                await self._send(kind, self._topic(kind, self._attempt()), payloads[kind].one())

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(send())

    async def pour(self, cases: int) -> None:
        """Results with QoS 0, as fast as they go out; neither the broker nor the daemon need take them all."""
        for _ in range(cases):
            await self._bus.publish(self._topic("result", "unknown-1"), b"{}", qos=0)

    def _attempt(self) -> str:
        given = [request.attempt_id for request in self.requests]
        return self._random.choice([*given * 3, *ODD])

    def _topic(self, kind: str, attempt_id: str) -> str:
        plain = kind not in ("status", "result")
        return topics.own(SITE, self.name, kind) if plain else topics.attempt(SITE, self.name, attempt_id, kind)

    async def _send(self, kind: str, topic: str, payload: bytes, retain: bool = False) -> None:
        await self._bus.publish(topic, payload, retain=retain)
        self.sent[kind] += 1
        self.readable += kind == "result" and topics.parse_topic(topic) is not None
