"""What an instrument has to say: kept until the broker has it, results until the host's receipt."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from adapters.instruments.bus import Backoff, Bus, BusDown

_BREATH_S = 0.05


@dataclass
class _Item:
    topic: str
    render: Callable[[], bytes | None]
    retain: bool
    sent: Callable[[], None] | None
    repeat: bool
    tries: int = 0
    timer: asyncio.TimerHandle | None = None


class Outbox:
    """Publishes in order, one at a time; what shares a key replaces what waits. Payloads are made when sent."""

    def __init__(self, bus: Bus, resend: Backoff) -> None:
        self._bus = bus
        self._resend = resend
        self._due: dict[str, _Item] = {}
        self._repeating: dict[str, _Item] = {}
        self._news = asyncio.Event()

    def put(
        self,
        key: str,
        topic: str,
        render: Callable[[], bytes | None],
        *,
        retain: bool = False,
        sent: Callable[[], None] | None = None,
    ) -> None:
        """Publish once; `sent` runs after the PUBACK. `render` may return None: no longer worth saying."""
        self._queue(key, _Item(topic, render, retain, sent, repeat=False))

    def repeat(self, key: str, topic: str, render: Callable[[], bytes | None]) -> None:
        """Publish again and again, ever more slowly, until `stop`."""
        self.stop(key)
        item = self._repeating[key] = _Item(topic, render, False, None, repeat=True)
        self._queue(key, item)

    def stop(self, key: str) -> None:
        """A receipt has come: say it no more."""
        item = self._repeating.pop(key, None)
        if item is not None and item.timer is not None:
            item.timer.cancel()
        self._due.pop(key, None)

    def connected(self) -> None:
        """At a new connection everything that repeats is due at once."""
        for key, item in self._repeating.items():
            item.tries = 0
            self._queue(key, item)

    async def run(self) -> None:
        """Publish what is due, for ever."""
        while True:
            await self._news.wait()
            await self._bus.wait_connected()
            try:
                await self._publish_due()
            except BusDown:
                await asyncio.sleep(_BREATH_S)  # the bus needs a moment to notice too

    async def _publish_due(self) -> None:
        while self._due:
            key, item = next(iter(self._due.items()))
            payload = item.render()
            if payload is not None:
                await self._bus.publish(item.topic, payload, 1, item.retain)
            if self._due.get(key) is item:
                del self._due[key]
            if payload is None:
                continue
            if item.sent is not None:
                item.sent()
            if item.repeat and self._repeating.get(key) is item:
                self._schedule(key, item)
        self._news.clear()

    def _schedule(self, key: str, item: _Item) -> None:
        item.tries += 1
        if item.timer is not None:
            item.timer.cancel()
        item.timer = asyncio.get_running_loop().call_later(self._resend.delay(item.tries), self._queue, key, item)

    def _queue(self, key: str, item: _Item) -> None:
        self._due.pop(key, None)
        self._due[key] = item
        self._news.set()
