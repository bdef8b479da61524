"""Measurements as tables: the latest ones that a person looks for, and all of them for a spreadsheet."""

import csv
import io
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from controller.loop.progress import counts
from controller.report.course import PART, Course, course
from controller.report.table import cell
from controller.store.tables import Attempt, Measurement, Proposal

Plain = dict[str, Any]
MOST = 25  # on a page
TOLD = ("id", "property", "value", "unit", "standard_error", "origin", "status", "late")
BESIDE = ("event", "proposal_id", "attempt_id", "replaced_event")
HEADER = (
    *("experiment", "stage", "property", "value", "unit", "standard error", "status", "late", "corrected", "counts"),
    *("origin", "simulated", "channel", "place", "event", "attempt", "id"),
)


def found(
    session: Session, name: str, number: int | None = None, wanted: str | None = None, upto: int | None = None
) -> Plain:
    """A page of the measurements, of one experiment and of one property if these are given, and how many there are.

    `rows` are newest first, with the experiment and the files that they come from; in the order of events they end
    before the place `upto` (None: the latest). `older` and `newer` are where the pages beside end. Raises `NotFound`.
    """
    known = course(session, name)
    if number is None and wanted is None and upto is None:
        latest: Plain = known.keep(session, "measurements", lambda: _found(session, known, list(known.measured), None))
        return latest
    proposals = None if number is None else _proposals(session, known, number)
    ids = [
        each.id
        for each in known.measured.values()
        if (proposals is None or each.proposal in proposals) and wanted in (None, each.property)
    ]
    return _found(session, known, ids, upto)


def _proposals(session: Session, known: Course, number: int) -> set[str]:
    query = select(col(Proposal.id)).where(col(Proposal.campaign_id) == known.campaign, col(Proposal.number) == number)
    return set(session.scalars(query))


def _found(session: Session, known: Course, ids: Sequence[str], upto: int | None) -> Plain:
    end = len(ids) if upto is None else min(upto, len(ids))
    columns = [col(getattr(Measurement, each)) for each in (*TOLD, *BESIDE)]
    rows: list[Any] = []
    for part in _parts(ids[max(0, end - MOST) : end]):
        rows += session.execute(select(*columns).where(col(Measurement.id).in_(part)))
    latest = sorted(rows, key=lambda row: (row.event, row.id), reverse=True)
    numbers = by_id(session, col(Proposal.id), col(Proposal.number), {row.proposal_id for row in latest})
    files = by_id(session, col(Attempt.id), col(Attempt.result)["files"], {row.attempt_id for row in latest})
    return {
        "total": len(ids),
        "upto": end,
        "older": max(0, end - MOST),
        "newer": end + MOST if end + MOST < len(ids) else None,
        "properties": known.keep(session, "properties", lambda: _properties(known)),
        "rows": [
            {
                **{each: getattr(row, each) for each in TOLD},
                "corrected": row.replaced_event is not None,
                "experiment": numbers.get(row.proposal_id),
                "files": [{"sha256": each["sha256"], "name": each["name"]} for each in files.get(row.attempt_id) or []],
            }
            for row in latest
        ],
    }


def _properties(known: Course) -> list[str]:
    return sorted({each.property for each in known.measured.values()})


def by_id(session: Session, key: Any, value: Any, ids: Collection[str | None]) -> dict[str | None, Any]:
    """One column of many rows by another, which is their key."""
    there: dict[str | None, Any] = {}
    for part in _parts(sorted(each for each in ids if each is not None)):
        there |= {row[0]: row[1] for row in session.execute(select(key, value).where(key.in_(part)))}
    return there


def _parts(ids: Iterable[str]) -> Iterator[list[str]]:
    left = iter(ids)
    while part := list(islice(left, PART)):
        yield part


def csv_parts(session: Session, name: str) -> list[Callable[[Session], str]]:
    """A CSV of all measurements, in the order of events: each of these reads one part of it. Raises `NotFound`.

    What is corrected while it is read stands in it as it was: the value that took its place is not among them.
    """
    known = course(session, name)
    parts = _parts(list(known.measured))
    upto = known.upto
    return [lambda _: _lines([HEADER]), *(lambda session, part=part: _csv(session, part, upto) for part in parts)]


def _csv(session: Session, ids: Sequence[str], upto: int) -> str:
    columns = (
        *(Proposal.number, Proposal.stage, Measurement.property, Measurement.value, Measurement.unit),
        *(Measurement.standard_error, Measurement.status, Measurement.late, Measurement.replaced_event),
        *(Measurement.origin, Measurement.simulated, Measurement.channel, Measurement.place, Measurement.event),
        *(Measurement.attempt_id, Measurement.id),
    )
    query = select(*(col(each) for each in columns)).select_from(Measurement)
    query = query.outerjoin(Proposal, col(Proposal.id) == col(Measurement.proposal_id))
    rows = session.execute(
        query.where(col(Measurement.id).in_(ids)).order_by(col(Measurement.event), col(Measurement.id))
    )
    return _lines(_line(row, upto) for row in rows)


def _line(row: Any, upto: int) -> tuple[Any, ...]:
    replaced = row.replaced_event if (row.replaced_event or 0) <= upto else None
    return (
        *(row.number, row.stage, row.property, row.value, row.unit, row.standard_error, row.status),
        *(_said(row.late), _said(replaced is not None)),
        _said(counts(row.status, row.late, replaced)),
        *(row.origin, _said(row.simulated), row.channel, row.place, row.event, row.attempt_id, row.id),
    )


def _said(true: bool) -> str:
    return "yes" if true else "no"


def _lines(rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([cell(value) for value in row] for row in rows)
    return text.getvalue()
