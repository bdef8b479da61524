"""Why experiments failed: what instruments, people and the loop said about it."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from controller.store.tables import Attempt, Event, Job, Proposal

LATEST = 10
FEW = 200  # events in which the reasons of the latest failures are looked for

# A job, its proposal and what its last attempt said; a job that failed, and what was said of it.
_FAILED = select(col(Job.id), col(Job.proposal_id), col(Attempt.reason)).outerjoin(
    Attempt, col(Attempt.id) == col(Job.attempt_id)
)
_TOLD = select(col(Event.subject), col(Event.data)).where(col(Event.kind) == "job.fail")


def latest_failures(session: Session, campaign_id: str) -> list[dict[str, Any]]:
    """The last proposals that failed, the latest first: number, candidate, kind of failure and why."""
    query = select(Proposal).where(col(Proposal.campaign_id) == campaign_id, col(Proposal.state) == "failed")
    rows = session.scalars(query.order_by(col(Proposal.ended_event).desc()).limit(LATEST)).all()
    failed = _FAILED.where(col(Job.proposal_id).in_([row.id for row in rows]), col(Job.state) == "failed")
    told = _TOLD.order_by(col(Event.number).desc()).limit(FEW)
    reasons = _reasons(session.execute(failed), session.execute(told).all()[::-1])
    return [
        {"number": row.number, "candidate": row.candidate, "failure": row.failure, "why": reasons.get(row.id)}
        for row in rows
    ]


def reasons_of(session: Session, campaign_id: str) -> dict[str, str]:
    """What was said last about each proposal that failed: by its last attempt, or why none was made."""
    failed = _FAILED.where(col(Job.campaign_id) == campaign_id, col(Job.state) == "failed")
    told = _TOLD.where(col(Event.campaign_id) == campaign_id).order_by(col(Event.number))
    return _reasons(session.execute(failed), session.execute(told))


def _reasons(failed: Iterable[Any], told: Iterable[Any]) -> dict[str, str]:
    """By proposal."""
    jobs = {job: (proposal, reason) for job, proposal, reason in failed}
    reasons = {proposal: reason for proposal, reason in jobs.values() if reason}
    for subject, data in told:
        if (why := data.get("why")) and subject in jobs:
            reasons[jobs[subject][0]] = str(why)
    return reasons
