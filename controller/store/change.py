"""Small changes of rows that every writer of the loop shares: one transition, told by one event."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import SQLModel, col

from controller.loop import ATTEMPT, CAMPAIGN, JOB, PROPOSAL
from controller.loop.attempt import UNDER_WAY
from controller.store.tables import Attempt, Campaign, Job, Measurement, Proposal
from controller.store.unit import Unit

ATTEMPT_ENDS_WITHOUT_RESULT = {
    "refuse": "refused",
    "expire": "expired",
    "cancel": "cancelled",
    "abandon": "lost",
}


def change_campaign(unit: Unit, campaign: Campaign, event: str, *, actor: str | None = None, **data: Any) -> int:
    """Take a campaign through one transition; raises `ForbiddenTransition`."""
    campaign.state = CAMPAIGN.next(campaign.state, event)
    if CAMPAIGN.final(campaign.state):
        campaign.ended_at = unit.now
    return unit.record(f"campaign.{event}", campaign, campaign_id=campaign.id, subject=campaign.id, actor=actor, **data)


def pause_for(unit: Unit, campaign: Campaign, reason: str) -> None:
    """Pause a campaign that cannot go on by itself, if it runs."""
    if CAMPAIGN.allows(campaign.state, "pause"):
        campaign.reason = reason
        change_campaign(unit, campaign, "pause", reason=reason)


def change_proposal(
    unit: Unit, proposal: Proposal, event: str, *rows: SQLModel, actor: str | None = None, **data: Any
) -> int:
    """Take a proposal through one transition, telling of `rows` in the same event."""
    proposal.state = PROPOSAL.next(proposal.state, event)
    if PROPOSAL.final(proposal.state):
        proposal.ended_event = unit.next_event
    return unit.record(
        f"proposal.{event}",
        proposal,
        *rows,
        campaign_id=proposal.campaign_id,
        subject=proposal.id,
        actor=actor,
        **data,
    )


def change_job(unit: Unit, job: Job, event: str, *rows: SQLModel, **data: Any) -> int:
    """Take a job through one transition."""
    job.state = JOB.next(job.state, event)
    return unit.record(f"job.{event}", job, *rows, campaign_id=job.campaign_id, subject=job.id, **data)


def change_attempt(
    unit: Unit, attempt: Attempt, event: str, *rows: SQLModel, actor: str | None = None, **data: Any
) -> int:
    """Take an attempt through one transition."""
    attempt.state = ATTEMPT.next(attempt.state, event)
    if ATTEMPT.final(attempt.state):
        _end(attempt, event, unit.now)
    if ATTEMPT.final(attempt.state) and attempt.state != "succeeded":
        rows = (*rows, *_uncounted(unit, attempt))
    if attempt.state not in UNDER_WAY:
        unit.wake_all()  # another campaign may be waiting for the instrument
    return unit.record(
        f"attempt.{event}", attempt, *rows, campaign_id=attempt.campaign_id, subject=attempt.id, actor=actor, **data
    )


def _uncounted(unit: Unit, attempt: Attempt) -> list[Measurement]:
    """What an attempt measured whose files then gave nothing is no value of its candidate: kept as if it came late."""
    query = select(Measurement).where(col(Measurement.attempt_id) == attempt.id, col(Measurement.late).is_(False))
    rows = list(unit.session.scalars(query))
    for row in rows:
        row.late = True
    return rows


def _end(attempt: Attempt, event: str, now: datetime) -> None:
    attempt.ended_at = now
    attempt.unknown = attempt.doubt = None
    attempt.failure = attempt.failure or ATTEMPT_ENDS_WITHOUT_RESULT.get(event)
