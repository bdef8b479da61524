"""How long work usually takes, from what the same instrument took for the same capability lately."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy import select
from sqlmodel import Session, col

from controller.store.tables import Attempt, Event

LOOKED_AT = 200  # results of the whole site, the latest ones: an index ends after them however long the history is
TAKEN = 20  # of one capability at one instrument
SLACK = 1.5  # times the usual length, before it is called long

Kind = tuple[str, str]  # an instrument and its capability


@dataclass(frozen=True)
class Usual:
    """Seconds from the making of an attempt to its result: usually, and from when on it is unusual."""

    expected_s: float
    long_s: float


def usual(session: Session, instruments: Iterable[str]) -> dict[Kind, Usual]:
    """Of each capability that one of them has used lately, and well."""
    lately = select(col(Event.subject)).where(col(Event.kind) == "attempt.succeed")
    ids = lately.order_by(col(Event.number).desc()).limit(LOOKED_AT).subquery()
    query = (
        select(
            col(Attempt.resource),
            col(Attempt.request)["capability"].as_string(),
            col(Attempt.made_at),
            col(Attempt.ended_at),
        )
        .join(ids, ids.c.subject == col(Attempt.id))
        .where(col(Attempt.ended_at).is_not(None))
        .order_by(col(Attempt.ended_at).desc())
    )
    found: dict[Kind, list[float]] = defaultdict(list)
    wanted = set(instruments)  # not asked of the database, which might go through all attempts of an instrument
    for resource, capability, made_at, ended_at in session.execute(query):
        if resource in wanted and len(found[resource, capability]) < TAKEN:
            found[resource, capability].append(_seconds(made_at, ended_at))
    return {kind: _usual(lengths) for kind, lengths in found.items()}


def _seconds(made_at: datetime, ended_at: datetime) -> float:
    return max(0.0, (ended_at - made_at).total_seconds())


def _usual(lengths: list[float]) -> Usual:
    expected = float(median(lengths))
    return Usual(expected, max(SLACK * expected, *lengths))
