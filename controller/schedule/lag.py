"""How long the event loop keeps what is ready waiting: the largest of the last minute."""

import asyncio
import time
from collections import deque

EVERY_S = 0.25
KEPT_S = 60.0


class Lag:
    """Sleeps a little, again and again, and notes how much later it was woken; `largest_s` is of the last minute."""

    def __init__(self) -> None:
        self.largest_s = 0.0  # a number and no look at the notes, which other threads may meet half changed
        self._noted: deque[tuple[float, float]] = deque()

    def note(self, at: float, late: float) -> None:
        """Keep it unless something larger has come since; what is older than a minute goes."""
        while self._noted and self._noted[-1][1] <= late:
            self._noted.pop()
        self._noted.append((at, late))
        while self._noted[0][0] < at - KEPT_S:
            self._noted.popleft()
        self.largest_s = self._noted[0][1]

    async def run(self) -> None:
        """Measure, for ever."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(EVERY_S)
            now = time.monotonic()
            self.note(now, max(0.0, now - before - EVERY_S))
