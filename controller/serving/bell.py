"""The bell that rings after each commit."""

import asyncio

from controller.store import Committed


class Bell:
    """Rings after each commit, for everybody who follows."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Event] = set()
        self.closed = False
        self.rung = 0  # so many times

    def ring(self, _committed: Committed | None = None) -> None:
        """Wake everybody."""
        self.rung += 1
        for each in self._listeners:
            each.set()

    def close(self) -> None:
        """End all streams and pages; their clients come back."""
        self.closed = True
        self.ring()

    def enter(self) -> asyncio.Event:
        """Begin to listen."""
        rung = asyncio.Event()
        self._listeners.add(rung)
        return rung

    def leave(self, rung: asyncio.Event) -> None:
        """Listen no longer."""
        self._listeners.discard(rung)

    @staticmethod
    async def wait(rung: asyncio.Event, limit_s: float) -> bool:
        """Wait for the next ring; False if there was none in time."""
        try:
            await asyncio.wait_for(rung.wait(), limit_s)
        except TimeoutError:
            return False
        return True
