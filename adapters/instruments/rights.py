"""What the broker lets the daemon do, found out by trying: it accepts what is forbidden, and silently drops it.

One round trip for each class of topic, at an instrument with the daemon's own name, which no instrument can have.
"""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from adapters.instruments import topics

PATIENCE_S = 5.0
_INSTRUMENTS = ("state", "description", "heartbeat", "status", "result")
_OURS = ("request", "receipt", "command", "host state")

Publish = Callable[[str, bytes], Awaitable[None]]


@dataclass(frozen=True)
class Right:
    """One class of topic: whether what the daemon writes there arrives, and whether it should."""

    topic: str
    wanted: bool
    arrived: bool


class Rights:
    """Round trips over a connection that is subscribed to `filters` and hands every delivery to `take`."""

    def __init__(self, site: str, daemon: str) -> None:
        self._site = site
        self._daemon = daemon
        self._places = {self._topic(kind): kind for kind in (*_INSTRUMENTS, *_OURS)}
        self._heard: dict[str, set[str]] = {}
        self._news = asyncio.Event()

    @property
    def filters(self) -> list[tuple[str, int]]:
        """What to listen to, also where nothing should arrive."""
        return [(topic, 1) for topic in self._places]

    def _topic(self, kind: str) -> str:
        if kind == "host state":  # not the daemon's own, which instruments follow
            return topics.host_state(self._site, f"{self._daemon}-trial")
        if kind in ("status", "result", "request", "receipt"):
            return topics.attempt(self._site, self._daemon, "trial", kind)
        return topics.own(self._site, self._daemon, kind)

    def take(self, topic: str, payload: bytes) -> bool:
        """Note what came of a trial; False for everything else."""
        kind = self._places.get(topic)
        if kind is None:
            return False
        mark = payload.decode("utf-8", "replace")
        if mark in self._heard:
            self._heard[mark].add(kind)
            self._news.set()
        return True

    async def run(self, publish: Publish) -> list[Right]:
        """Try them all: what must not arrive first, so that it would have by the time the rest has."""
        mark = json.dumps({"trial": secrets.token_hex(8)})
        heard = self._heard[mark] = set()
        try:
            for topic in self._places:
                await publish(topic, mark.encode())
            try:
                async with asyncio.timeout(PATIENCE_S):
                    while not heard.issuperset(_OURS):
                        self._news.clear()
                        await self._news.wait()
            except TimeoutError:
                pass  # what has not arrived is not allowed
            return [Right(topic, kind in _OURS, kind in heard) for topic, kind in self._places.items()]
        finally:
            del self._heard[mark]
