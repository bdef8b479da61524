"""What an operator wants to know in ten seconds: what runs, what waits, what is best, what broke, what it cost."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from controller.loop import CAMPAIGN
from controller.loop.instrument import PRESENT
from controller.loop.progress import hypervolume
from controller.loop.proposal import PROPOSAL
from controller.report import lists
from controller.report.instruments import work_of
from controller.spec import Campaign as Spec
from controller.store.specs import spec_of
from controller.store.tables import Attempt, Campaign, EStop, Event, Measurement, Proposal
from strategies.objectives import is_scored

Plain = dict[str, Any]
SINCE = timedelta(days=1)
MOST = 20
MOST_EARLIER = 50
# Kinds of event that say that something broke, besides attempts and proposals that failed.
FAULTS = ("iteration.fail", "step.pause", "instrument.lost", "instrument.flood", "effect.failed", "job.fail")
BROKEN = ("estop", "attempt.fail", "attempt.refuse", "attempt.doubt", "attempt.abandon", "attempt.expire", *FAULTS)


WORKING = ("running", "stopping")
KEPT = 2000
_ERRORS: dict[tuple[str, str, float], float | None] = {}


def campaigns(session: Session, now: datetime) -> list[Plain]:
    open_states = sorted(CAMPAIGN.open_states)
    lately = (col(Campaign.state).in_(open_states)) | (col(Campaign.ended_at) > now - SINCE)
    rows = session.scalars(select(Campaign).where(lately).order_by(col(Campaign.started_at).desc())).all()
    counts = _open_proposals(session)
    held = lists.obstacles(session, [row for row in rows if row.state in WORKING], now)
    return [{**_campaign(session, row, counts.get(row.id, {})), "obstacles": held.get(row.id, {})} for row in rows]


def earlier(session: Session, now: datetime) -> list[Plain]:
    """Campaigns that ended before that, the latest first."""
    query = select(Campaign).where(col(Campaign.ended_at) <= now - SINCE)
    rows = session.scalars(query.order_by(col(Campaign.ended_at).desc()).limit(MOST_EARLIER))
    return [lists.as_dict(row, "name", "state", "ended_at") for row in rows]


def _open_proposals(session: Session) -> dict[str, dict[tuple[str, str], int]]:
    """How many have not ended, by campaign, stage and state."""
    places = (col(Proposal.campaign_id), col(Proposal.stage), col(Proposal.state))
    query = select(*places, func.count()).where(col(Proposal.state).in_(sorted(PROPOSAL.open_states))).group_by(*places)
    found: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for campaign, stage, state, count in session.execute(query):
        found[campaign][stage, state] = count
    return found


def _campaign(session: Session, row: Campaign, counts: dict[tuple[str, str], int]) -> Plain:
    """`open`: experiments that have begun or wait; experiments are the proposals of the first stage."""
    spec = spec_of(session, row)
    return {
        "waiting": sum(count for (_, state), count in counts.items() if state == "awaiting-approval"),
        "open": sum(count for (stage, _), count in counts.items() if stage == spec.stages[0].name),
        **lists.as_dict(row, "id", "name", "state", "reason", "simulated", "experiments", "cost", "paused_steps"),
        "budget": spec.budget.model_dump(mode="json", exclude_none=True),
        "best": _best(session, row, spec),
        "front": None
        if len(spec.objectives) == 1 or is_scored(spec.objectives)
        else len(row.progress.get("front", [])),
        "hypervolume": hypervolume(spec, row.progress.get("front", [])),
    }


def _best(session: Session, row: Campaign, spec: Spec) -> list[Plain]:
    """The best value of each objective; with its standard error where it was measured once."""
    best = row.progress.get("best", {})
    found = []
    for objective in spec.objectives:
        if objective.property in best:
            value = best[objective.property]
            found.append(
                {
                    "property": objective.property,
                    "goal": objective.goal,
                    "unit": objective.unit,
                    "value": value,
                    "standard_error": _error_of(session, row.id, objective.property, value),
                }
            )
    return found


def _error_of(session: Session, campaign: str, name: str, value: float) -> float | None:
    """The standard error of a value that was measured once; sought once, for it takes all rows of a campaign."""
    key = (campaign, name, value)
    if key not in _ERRORS:
        if len(_ERRORS) >= KEPT:
            _ERRORS.clear()
        query = select(col(Measurement.standard_error)).where(
            col(Measurement.campaign_id) == campaign, col(Measurement.property) == name, col(Measurement.value) == value
        )
        _ERRORS[key] = session.scalars(query.limit(1)).first()
    return _ERRORS[key]


def instruments(session: Session, now: datetime) -> list[Plain]:
    """What each instrument does, and what keeps it from work."""
    rows = lists.instruments(session, now)
    work = work_of(session, [row["name"] for row in rows])
    return [{**_instrument(row), "work": [_work(each) for each in work[row["name"]]]} for row in rows]


def _work(row: Plain) -> Plain:
    return {name: row[name] for name in ("campaign", "number", "step")}


def _instrument(row: Plain) -> Plain:
    wanted = ("name", "state", "simulated", "obstacle", "busy", "concurrency", "said_at")
    return {**{name: row[name] for name in wanted}, "present": row["state"] in PRESENT}


def broke(session: Session, now: datetime) -> list[Plain]:
    """Events within a day that tell of faults, the latest first."""
    latest = [
        select(Event).where(col(Event.kind) == kind).order_by(col(Event.number).desc()).limit(MOST) for kind in BROKEN
    ]  # one by one: each ends after a few rows of its index
    rows = [row for query in latest for row in session.scalars(query) if row.at > now - SINCE]
    rows = sorted(rows, key=lambda row: -row.number)[:MOST]
    ids = {row.campaign_id for row in rows}
    named = select(col(Campaign.id), col(Campaign.name)).where(col(Campaign.id).in_(ids))
    names = {row.id: row.name for row in session.execute(named)}
    found = []
    for row in rows:
        attempt = session.get(Attempt, row.subject or "")
        where = attempt.resource if attempt is not None else _where(row)
        found.append(
            {
                **lists.as_dict(row, "number", "at", "kind"),
                "campaign": names.get(row.campaign_id or ""),
                "where": where,
                "why": _why(session, row, attempt),
            }
        )
    return found


def _where(row: Event) -> str | None:
    """The instrument, or whatever else outside of campaigns it is about."""
    if row.kind == "estop":
        return row.data.get("instrument")
    return row.subject if row.campaign_id is None else None


def _why(session: Session, row: Event, attempt: Attempt | None) -> str:
    if row.kind == "estop" and (stop := session.get(EStop, row.subject or "")) is not None:
        return stop.reason  # often given only afterwards
    said = row.data.get("why") or row.data.get("reason") or row.data.get("error")
    if said is None and attempt is not None:
        said = attempt.reason or attempt.doubt or attempt.failure
    return str(said or "")
