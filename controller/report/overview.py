"""What an operator wants to know in ten seconds: what runs, what waits, what is best, what broke, what it cost."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from controller.loop import CAMPAIGN
from controller.loop.instrument import PRESENT
from controller.loop.progress import hypervolume
from controller.report import lists
from controller.report.attention import attention
from controller.spec import Campaign as Spec
from controller.store.specs import spec_of
from controller.store.tables import Attempt, Campaign, Event, Measurement, Proposal

Plain = dict[str, Any]
SINCE = timedelta(days=1)
MOST = 20
# Kinds of event that say that something broke, besides attempts and proposals that failed.
FAULTS = ("iteration.fail", "step.pause", "instrument.lost", "instrument.flood", "effect.failed", "job.fail")
BROKEN = ("attempt.fail", "attempt.refuse", "attempt.doubt", "attempt.abandon", "attempt.expire", *FAULTS)


def overview(session: Session, now: datetime) -> Plain:
    """Campaigns that are open or ended within a day, instruments, and what broke within a day."""
    return {
        "campaigns": _campaigns(session, now),
        "doubts": attention(session)["counts"]["doubts"],
        "instruments": [_instrument(row) for row in lists.instruments(session, now)],
        "broke": _broke(session, now),
    }


def _campaigns(session: Session, now: datetime) -> list[Plain]:
    open_states = sorted(CAMPAIGN.open_states)
    lately = (col(Campaign.state).in_(open_states)) | (col(Campaign.ended_at) > now - SINCE)
    rows = session.scalars(select(Campaign).where(lately).order_by(col(Campaign.started_at).desc())).all()
    waiting = select(col(Proposal.campaign_id), func.count()).where(col(Proposal.state) == "awaiting-approval")
    counts = {row[0]: row[1] for row in session.execute(waiting.group_by(col(Proposal.campaign_id))).all()}
    return [{**_campaign(session, row), "waiting": counts.get(row.id, 0)} for row in rows]


def _campaign(session: Session, row: Campaign) -> Plain:
    spec = spec_of(session, row)
    return {
        **lists.as_dict(row, "id", "name", "state", "reason", "simulated", "experiments", "cost", "paused_steps"),
        "budget": spec.budget.model_dump(mode="json", exclude_none=True),
        "best": _best(session, row, spec),
        "front": len(row.progress.get("front", [])) if len(spec.objectives) > 1 else None,
        "hypervolume": hypervolume(spec, row.progress.get("front", [])),
    }


def _best(session: Session, row: Campaign, spec: Spec) -> list[Plain]:
    """The best value of each objective; with its standard error where it was measured once."""
    best = row.progress.get("best", {})
    found = []
    for objective in spec.objectives:
        if objective.property in best:
            value = best[objective.property]
            error = session.scalars(
                select(col(Measurement.standard_error))
                .where(
                    col(Measurement.campaign_id) == row.id,
                    col(Measurement.property) == objective.property,
                    col(Measurement.value) == value,
                )
                .limit(1)
            ).first()
            found.append(
                {
                    "property": objective.property,
                    "goal": objective.goal,
                    "unit": objective.unit,
                    "value": value,
                    "standard_error": error,
                }
            )
    return found


def _instrument(row: Plain) -> Plain:
    wanted = ("name", "state", "simulated", "obstacle", "busy", "concurrency", "said_at")
    return {**{name: row[name] for name in wanted}, "present": row["state"] in PRESENT}


def _broke(session: Session, now: datetime) -> list[Plain]:
    """Events that tell of faults, the latest first."""
    query = select(Event).where(col(Event.kind).in_(BROKEN), col(Event.at) > now - SINCE)
    rows = session.scalars(query.order_by(col(Event.number).desc()).limit(MOST)).all()
    names = {row.id: row.name for row in session.scalars(select(Campaign))}
    found = []
    for row in rows:
        attempt = session.get(Attempt, row.subject or "")
        where = attempt.resource if attempt is not None else (row.subject if row.campaign_id is None else None)
        found.append(
            {
                **lists.as_dict(row, "number", "at", "kind"),
                "campaign": names.get(row.campaign_id or ""),
                "where": where,
                "why": _why(row, attempt),
            }
        )
    return found


def _why(row: Event, attempt: Attempt | None) -> str:
    said = row.data.get("why") or row.data.get("reason") or row.data.get("error")
    if said is None and attempt is not None:
        said = attempt.reason or attempt.doubt or attempt.failure
    return str(said or "")
