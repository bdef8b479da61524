"""Stored files: which there are, and where each came from."""

from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from controller.commands.errors import NotFound
from controller.report.lists import as_dict
from controller.store.tables import Artifact, Attempt, Campaign, Event, Measurement, Proposal, StoredFile

Plain = dict[str, Any]
MOST = 50  # places where one file came from, and values that were read from it


def latest(session: Session, *, limit: int) -> list[Plain]:
    """The files that came last, the latest first."""
    told = select(Event).where(col(Event.kind) == "file.store").order_by(col(Event.number).desc()).limit(limit)
    events = session.scalars(told).all()
    named = select(StoredFile).where(col(StoredFile.sha256).in_({event.subject for event in events}))
    files = {row.sha256: row for row in session.scalars(named)}
    return [
        {**as_dict(files[event.subject]), **as_dict(event, "at", "actor")} for event in events if event.subject in files
    ]


def count(session: Session) -> int:
    """How many files are in the store."""
    return session.scalar(select(func.count()).select_from(StoredFile)) or 0


def stored(session: Session, sha256: str) -> Plain:
    """One file, where it came from and what was read from it; raises `NotFound`."""
    if (row := session.get(StoredFile, sha256)) is None:
        raise NotFound(f"there is no file {sha256}")
    return {**as_dict(row), "origins": _origins(session, sha256), "values": _values(session, sha256)}


def _origins(session: Session, sha256: str) -> list[Plain]:
    query = (
        select(Artifact, col(Campaign.name), Attempt, col(Proposal.number))
        .outerjoin(Campaign, col(Campaign.id) == col(Artifact.campaign_id))
        .outerjoin(Attempt, col(Attempt.id) == col(Artifact.attempt_id))
        .outerjoin(Proposal, col(Proposal.id) == col(Attempt.proposal_id))
        .where(col(Artifact.sha256) == sha256)
        .order_by(col(Artifact.event).desc())
        .limit(MOST)
    )
    return [
        {
            **as_dict(artifact, "kind", "attempt_id", "event"),
            "name": str(artifact.made_from.get("name", "")),
            "campaign": campaign,
            "number": number,
            "resource": None if attempt is None else attempt.resource,
            "ended_at": None if attempt is None or attempt.ended_at is None else attempt.ended_at.isoformat(),
        }
        for artifact, campaign, attempt, number in session.execute(query).all()
    ]


def _values(session: Session, sha256: str) -> list[Plain]:
    """Values that an analysis read from this file."""
    attempts = select(col(Artifact.attempt_id)).where(col(Artifact.sha256) == sha256).limit(MOST)
    query = select(Measurement).where(
        col(Measurement.attempt_id).in_(session.scalars(attempts).all()), col(Measurement.origin) == "analysis"
    )
    wanted = ("property", "value", "unit", "standard_error", "made_from")
    rows = session.scalars(query.order_by(col(Measurement.event)).limit(MOST))
    return [as_dict(row, *wanted) for row in rows if (row.made_from or {}).get("sha256") == sha256]
