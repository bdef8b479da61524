"""Pages of the audit trail, the latest events first, for people who look for something.

However long the trail is, a page costs the same: an index narrows it first (campaign, else kind), of what that leaves
only so many events are looked at, and where they end is said, so that one can go on looking.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select, union_all
from sqlmodel import Session, col

from controller.commands.lookup import find, find_campaign
from controller.report.lists import as_dict
from controller.store.chain import GENESIS
from controller.store.tables import Campaign, Event, Iteration, Proposal

Plain = dict[str, Any]
PAGE = 100
LOOKED_AT = 5000  # events of one page at most
MOST_KINDS = 500  # there are some dozens


@dataclass(frozen=True)
class Wanted:
    """What a person looks for; what is empty narrows nothing.

    `kinds`: one of these, None: any. `before`: the events with smaller numbers.
    """

    campaign: str = ""
    kinds: Sequence[str] | None = None
    actor: str = ""
    subject: str = ""  # a part of it
    before: int | None = None


def page(session: Session, wanted: Wanted) -> Plain:
    """Up to 100 `rows` without their data, and `older`: before which number to look on; None at the trail's beginning.

    Raises `NotFound` for a campaign that is not there.
    """
    # Where the index alone decides, no more is looked at than is shown.
    most = LOOKED_AT if wanted.actor or wanted.subject or (wanted.campaign and wanted.kinds is not None) else PAGE + 1
    looked_at = _looked_at(session, wanted, most).subquery()
    query = select(Event).join(looked_at, looked_at.c.number == col(Event.number))
    if wanted.kinds is not None:
        query = query.where(col(Event.kind).in_(wanted.kinds))
    if wanted.actor:
        query = query.where(col(Event.actor) == wanted.actor)
    if wanted.subject:
        query = query.where(col(Event.subject).icontains(wanted.subject, autoescape=True))
    found = session.scalars(query.order_by(col(Event.number).desc()).limit(PAGE + 1)).all()
    rows = [as_dict(each, "number", "at", "kind", "campaign_id", "subject", "actor") for each in found[:PAGE]]
    names = _names(session, {row["campaign_id"] for row in rows})
    older = found[PAGE - 1].number if len(found) > PAGE else _end(session, looked_at, most)
    about = _about(session, {row["subject"] for row in rows if row["subject"] and row["campaign_id"]})
    told = [
        {**row, "campaign": names.get(row["campaign_id"], ""), "about": about.get(row["subject"], {})} for row in rows
    ]
    return {"rows": told, "older": older}


def _looked_at(session: Session, wanted: Wanted, most: int) -> Select[Any]:
    """The numbers that an index gives at once, the latest first."""
    numbers = select(col(Event.number))
    if wanted.before is not None:
        numbers = numbers.where(col(Event.number) < wanted.before)
    if wanted.campaign:
        numbers = numbers.where(col(Event.campaign_id) == find_campaign(session, wanted.campaign).id)
    elif wanted.kinds is not None:
        parts = [_latest(numbers.where(col(Event.kind) == kind), most).subquery() for kind in wanted.kinds]
        if not parts:
            return numbers.where(col(Event.number) < 0)
        each = union_all(*(select(part.c.number) for part in parts)).subquery()
        return select(each.c.number).order_by(each.c.number.desc()).limit(most)
    return _latest(numbers, most)


def _latest(numbers: Select[Any], most: int) -> Select[Any]:
    return numbers.order_by(col(Event.number).desc()).limit(most)


def _end(session: Session, looked_at: Any, most: int) -> int | None:
    """Where the looking ended, if it was not at the beginning."""
    count, least = session.execute(select(func.count(), func.min(looked_at.c.number))).one()
    return int(least) if count == most else None


def kinds(session: Session) -> list[str]:
    """Every kind of event there is, each found by a leap in the index."""
    found: list[str] = []
    kind = session.scalar(select(func.min(Event.kind)))
    while kind is not None and len(found) < MOST_KINDS:
        found.append(kind)
        kind = session.scalar(select(func.min(Event.kind)).where(col(Event.kind) > kind))
    return found


def _names(session: Session, ids: set[str | None]) -> dict[str | None, str]:
    rows = session.execute(select(col(Campaign.id), col(Campaign.name)).where(col(Campaign.id).in_(ids - {None})))
    return {row[0]: row[1] for row in rows}


def _about(session: Session, subjects: set[str]) -> Plain:
    """By subject: the number of its `experiment` and the `parts` of its id (step, try), or that of its `iteration`."""
    cut = {subject: subject.split("-") for subject in subjects}
    asked = select(col(Proposal.id), col(Proposal.number)).where(
        col(Proposal.id).in_({each[0] for each in cut.values()})
    )
    numbers = {row[0]: row[1] for row in session.execute(asked)}
    found: Plain = {
        subject: {"experiment": numbers[first], "parts": parts}
        for subject, (first, *parts) in cut.items()
        if first in numbers
    }
    acts = select(col(Iteration.id), col(Iteration.number)).where(col(Iteration.id).in_(subjects - found.keys()))
    return found | {row[0]: {"iteration": row[1]} for row in session.execute(acts)}


def newest(session: Session) -> tuple[int, str]:
    """Number and hash of the newest event."""
    row = session.execute(
        select(col(Event.number), col(Event.hash)).order_by(col(Event.number).desc()).limit(1)
    ).first()
    return (row[0], row[1]) if row is not None else (0, GENESIS)


def event(session: Session, number: int) -> Plain:
    """All of one event; raises `NotFound`."""
    return as_dict(find(session, Event, number))
