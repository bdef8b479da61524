"""What many pages show is read once after each commit; and how long pages rest, to leave the daemon its time."""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from sqlmodel import Session

from controller.serving import Bell

T = TypeVar("T")

FRESH_S = 1.0  # what time alone changes is read anew after that
BREATH_S = 0.05  # between two looks of a page, so that many commits are one look
LONGEST_BREATH_S = 2.0
REST = 2  # times as long as all pages together looked: they take a third of the daemon's time at most
LOOK = "look"


@dataclass(frozen=True)
class Look:
    """One look at the database, and what was read since the same commit."""

    kept: dict[Hashable, Any]


@dataclass
class Looks:
    """All looks of all pages."""

    bell: Bell
    _costs: dict[int, float] = field(default_factory=dict)
    _latest: tuple[int, float, Look] | None = None

    def look(self) -> Look:
        """The look of whoever looks now; begun before its session, so that nothing in it is older than the commit."""
        now = time.monotonic()
        if self._latest is None or self._latest[0] != self.bell.rung or now - self._latest[1] > FRESH_S:
            self._latest = (self.bell.rung, now, Look({}))
        return self._latest[2]

    def leave(self, page: int) -> None:
        """It is closed."""
        self._costs.pop(page, None)

    def breath_s(self, page: int, took_s: float) -> float:
        """How long a page rests after a look that took so long."""
        self._costs[page] = took_s
        return min(LONGEST_BREATH_S, max(BREATH_S, REST * sum(self._costs.values())))


def looking(session: Session, look: Look) -> Session:
    """A session in which `shared` finds what was read before."""
    session.info[LOOK] = look
    return session


def shared(session: Session, key: Hashable, read: Callable[[], T]) -> T:
    """What `read` finds, which is the same for whoever looks at `key` after the same commit."""
    look: Look | None = session.info.get(LOOK)
    if look is None:
        return read()
    if key not in look.kept:
        look.kept[key] = read()  # two that read it at the same time find the same
    return cast("T", look.kept[key])
