"""Why experiments failed: what instruments, people and the loop said about it."""

from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from controller.store.tables import Attempt, Event, Job, Proposal

LATEST = 10


def latest_failures(session: Session, campaign_id: str) -> list[dict[str, Any]]:
    """The last proposals that failed, the latest first: number, candidate, kind of failure and why."""
    query = select(Proposal).where(col(Proposal.campaign_id) == campaign_id, col(Proposal.state) == "failed")
    rows = session.scalars(query.order_by(col(Proposal.ended_event).desc()).limit(LATEST)).all()
    reasons = reasons_of(session, campaign_id)
    return [
        {"number": row.number, "candidate": row.candidate, "failure": row.failure, "why": reasons.get(row.id)}
        for row in rows
    ]


def reasons_of(session: Session, campaign_id: str) -> dict[str, str]:
    """What was said last about each proposal that failed: by its last attempt, or why none was made."""
    query = select(Job, col(Attempt.reason)).outerjoin(Attempt, col(Attempt.id) == col(Job.attempt_id))
    failed = query.where(col(Job.campaign_id) == campaign_id, col(Job.state) == "failed")
    jobs = {job.id: (job.proposal_id, reason) for job, reason in session.execute(failed).all()}
    told = select(Event).where(col(Event.campaign_id) == campaign_id, col(Event.kind) == "job.fail")
    reasons = {proposal: reason for proposal, reason in jobs.values() if reason}
    for event in session.scalars(told):
        if (why := event.data.get("why")) and event.subject in jobs:
            reasons[jobs[event.subject][0]] = str(why)
    return reasons
