"""Users, brokers and parties of the protocol for the tests of this room."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from adapters.broker import BrokerProcess, EmbeddedBroker, Login, daemon_rules, hash_password, instrument_rules
from adapters.broker.testing import MOSQUITTO, MosquittoBroker
from adapters.instruments.bus import Backoff, Bus, Delivery

SITE = "lab"
PASSWORD = "only-for-tests"
_HASH = hash_password(PASSWORD, iterations=101)

LOGINS = {
    "tatara": Login(_HASH, tuple(daemon_rules(SITE))),
    "watcher": Login(_HASH, (("read", "#"), ("write", "#"))),
    **{name: Login(_HASH, tuple(instrument_rules(SITE, name))) for name in ("reactor-1", "reactor-2", "analyser-1")},
}


def make_broker(kind: str, directory: Path) -> BrokerProcess:
    if kind == "embedded":
        return EmbeddedBroker(directory, LOGINS)
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    return MosquittoBroker(directory, LOGINS)


class Listener:
    """Collects what a bus receives, acknowledging it, and waits for what a test expects."""

    def __init__(self, bus: Bus, ack: bool = True) -> None:
        self.bus = bus
        self.seen: list[Delivery] = []
        self._ack = ack
        self._news = asyncio.Event()

    async def run(self) -> None:
        async for delivery in self.bus.messages():
            if self._ack:
                delivery.ack()
            self.seen.append(delivery)
            self._news.set()

    async def until(self, condition: Callable[[list[Delivery]], bool], timeout: float = 10) -> list[Delivery]:
        async with asyncio.timeout(timeout):
            while not condition(self.seen):
                self._news.clear()
                await self._news.wait()
        return self.seen


async def until(condition: Callable[[], bool], timeout: float = 10) -> None:
    """Wait for a condition, with a time limit."""
    async with asyncio.timeout(timeout):
        while not condition():
            await asyncio.sleep(0.005)


Connect = Callable[..., Awaitable[Listener]]


def make_bus(broker: BrokerProcess, user: str, *filters: str, **options: object) -> Bus:
    subscriptions = [(topic_filter, 1) for topic_filter in filters]
    return Bus(
        broker.host, broker.port, user, user, PASSWORD,
        subscriptions=subscriptions, **{"backoff": Backoff(0.05, 0.2), **options},  # type: ignore[arg-type]
    )  # fmt: skip
