"""Whoever guesses is made to wait."""

import time
from collections import OrderedDict
from collections.abc import Callable

WINDOW_S = 300.0
BY_NAME, BY_ADDRESS = 5, 30  # failures within the window; several people may sit behind one address
KEPT = 10_000  # names and addresses


class Limiter:
    """Counts failed tries to sign in, by what was tried (a name, an address); in memory only."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, list[float]] = OrderedDict()

    def wait_s(self, name: str, address: str) -> float:
        """Seconds until the next try is looked at; 0: it may be made now."""
        return max(self._wait(f"name {name}", BY_NAME), self._wait(f"address {address}", BY_ADDRESS))

    def tries(self, name: str, address: str) -> None:
        """Count a try, as if it had failed: many at one moment are not looked at either."""
        for key in (f"name {name}", f"address {address}"):
            self._failures[key] = [*self._failures.get(key, ()), self._clock()][-BY_ADDRESS:]
            self._failures.move_to_end(key)
            if len(self._failures) > KEPT:
                self._failures.popitem(last=False)

    def forgive(self, name: str, address: str) -> None:
        """The last try was none, or was right: it does not count."""
        for key in (f"name {name}", f"address {address}"):
            if times := self._failures.get(key):
                times.pop()

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures of a name, and the last try from the address."""
        self.forgive(name, address)
        self._failures.pop(f"name {name}", None)

    def _wait(self, key: str, allowed: int) -> float:
        since = self._clock() - WINDOW_S
        recent = [at for at in self._failures.get(key, ()) if at > since][-allowed:]
        return recent[0] - since if len(recent) == allowed else 0.0
