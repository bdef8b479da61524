"""Why experiments failed: what instruments, people and the loop said about it."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from controller.store.tables import Attempt, Event, Job, Proposal

LATEST = 10
FEW = 200  # events in which the reasons of the latest failures are looked for


def latest_failures(session: Session, campaign_id: str) -> list[dict[str, Any]]:
    """The last proposals that failed, the latest first: number, candidate, kind of failure and why."""
    query = select(Proposal).where(col(Proposal.campaign_id) == campaign_id, col(Proposal.state) == "failed")
    rows = session.scalars(query.order_by(col(Proposal.ended_event).desc()).limit(LATEST)).all()
    jobs = select(Job, col(Attempt.reason)).outerjoin(Attempt, col(Attempt.id) == col(Job.attempt_id))
    failed = jobs.where(col(Job.proposal_id).in_([row.id for row in rows]), col(Job.state) == "failed")
    told = select(Event).where(col(Event.kind) == "job.fail").order_by(col(Event.number).desc()).limit(FEW)
    reasons = _reasons(session.execute(failed).all(), session.scalars(told).all()[::-1])
    return [
        {"number": row.number, "candidate": row.candidate, "failure": row.failure, "why": reasons.get(row.id)}
        for row in rows
    ]


def reasons_of(session: Session, campaign_id: str) -> dict[str, str]:
    """What was said last about each proposal that failed: by its last attempt, or why none was made."""
    query = select(Job, col(Attempt.reason)).outerjoin(Attempt, col(Attempt.id) == col(Job.attempt_id))
    failed = query.where(col(Job.campaign_id) == campaign_id, col(Job.state) == "failed")
    told = select(Event).where(col(Event.campaign_id) == campaign_id, col(Event.kind) == "job.fail")
    return _reasons(session.execute(failed).all(), session.scalars(told).all())


def _reasons(failed: Iterable[Any], told: Iterable[Event]) -> dict[str, str]:
    """By proposal, from pairs of a job and what its last attempt said, and from the events of jobs that failed."""
    jobs = {job.id: (job.proposal_id, reason) for job, reason in failed}
    reasons = {proposal: reason for proposal, reason in jobs.values() if reason}
    for event in told:
        if (why := event.data.get("why")) and event.subject in jobs:
            reasons[jobs[event.subject][0]] = str(why)
    return reasons
