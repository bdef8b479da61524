"""What a check finds, and how it says so."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

S = TypeVar("S")


class Verdict(StrEnum):
    """What one check says of the instrument."""

    OK = "ok"
    FAILED = "FAILED"
    NOT_TESTED = "not tested"


@dataclass(frozen=True)
class Finding:
    """One line of the report. `clause` are the numbers of the rules in PROTOCOL.md; `seen` is what the wire showed."""

    clause: str
    what: str
    verdict: Verdict
    seen: str


class NotConforming(Exception):
    """The instrument did not do what the clause says; the text tells what was seen instead."""


class NotTested(Exception):
    """The clause could not be tested here; the text says why."""


@dataclass(frozen=True)
class Check(Generic[S]):
    """One check of one clause: `run` returns what was seen, or raises one of the two above."""

    clause: str
    what: str
    run: Callable[[S], Awaitable[str]]

    async def find(self, subject: S) -> Finding:
        """Run it and say what was found."""
        try:
            verdict, seen = Verdict.OK, await self.run(subject)
        except NotConforming as fault:
            verdict, seen = Verdict.FAILED, str(fault)
        except NotTested as reason:
            verdict, seen = Verdict.NOT_TESTED, str(reason)
        return Finding(self.clause, self.what, verdict, seen)


def demand(holds: bool, otherwise: str) -> None:
    """Raise `NotConforming` unless it holds."""
    if not holds:
        raise NotConforming(otherwise)
