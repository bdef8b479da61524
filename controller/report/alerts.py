"""What stands now of that which people are told about, from rows: bounded, whatever the history."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from controller.access.alerts import Rules
from controller.loop import CAMPAIGN
from controller.loop.alerting import AlertView, Cause
from controller.report.lists import as_dict
from controller.store.specs import spec_of
from controller.store.tables import Alert, Attempt, Campaign, Event, Proposal
from controller.store.views import enrolled

MOST = 200  # alerts of one rule
LATELY = timedelta(days=1)
AWAY = ("lost", "offline")
SHOWN = 10
SENDINGS = ("alert.sent", "alert.failed")


def causes(session: Session, rules: Rules, now: datetime) -> tuple[list[Cause], datetime | None]:
    """What stands, and when time alone will make something else stand."""
    found: list[Cause] = []
    wake_at = None
    if rules.approval_waiting is not None:
        found, wake_at = _waiting(session, timedelta(seconds=rules.approval_waiting), now)
    if rules.instrument_lost:
        found += _lost(session)
    if rules.campaign_paused:
        found += _paused(session)
    if rules.attempt_in_doubt:
        found += _doubts(session)
    if rules.target_reached:
        found += _ended(session, now)
    if rules.budget is not None:
        found += _spent(session, rules.budget)
    return found, wake_at


def _waiting(session: Session, allowed: timedelta, now: datetime) -> tuple[list[Cause], datetime | None]:
    """Campaigns in which a proposal waits for too long; one alert for each, however many wait."""
    query = (
        select(col(Campaign.id), col(Campaign.name), func.min(Proposal.made_event), func.count())
        .join(Campaign, col(Campaign.id) == col(Proposal.campaign_id))
        .where(col(Proposal.state) == "awaiting-approval")
        .group_by(col(Campaign.id), col(Campaign.name))
    )
    found, later = [], []
    for key, name, event, count in session.execute(query.limit(MOST)).all():
        since = session.get_one(Event, event).at
        if since + allowed > now:
            later.append(since + allowed)
            continue
        text = f"{count} {'proposal waits' if count == 1 else 'proposals wait'} for approval in {name}"
        found.append(Cause(f"approval/{key}", "approval-waiting", name, text, since))
    return found, min(later, default=None)


def _lost(session: Session) -> Iterator[Cause]:
    for row in enrolled(session):
        if row.state in AWAY:
            text = f"instrument {row.name} is {row.state}"
            yield Cause(f"instrument/{row.name}", "instrument-lost", row.name, text)


def _open(session: Session) -> Sequence[Campaign]:
    query = select(Campaign).where(col(Campaign.state).in_(sorted(CAMPAIGN.open_states)))
    return session.scalars(query.order_by(col(Campaign.id)).limit(MOST)).all()


def _paused(session: Session) -> Iterator[Cause]:
    """Paused by the daemon, not by a person."""
    for row in _open(session):
        event = _latest(session, row, "pause", "restore") if row.state == "paused" else None
        if event is not None and event.kind == "campaign.pause" and event.actor is None:
            text = f"campaign {row.name} has paused: {row.reason or 'no reason is known'}"
            yield Cause(f"paused/{row.id}", "campaign-paused", row.name, text, event.at)
        for step in row.paused_steps:
            text = f"campaign {row.name}: step {step} was paused after repeated failures"
            yield Cause(f"paused/{row.id}/{step}", "campaign-paused", row.name, text)


def _latest(session: Session, campaign: Campaign, *changes: str) -> Event | None:
    kinds = [f"campaign.{each}" for each in changes]
    query = select(Event).where(col(Event.campaign_id) == campaign.id, col(Event.kind).in_(kinds))
    return session.scalars(query.order_by(col(Event.number).desc()).limit(1)).first()


def _doubts(session: Session) -> Iterator[Cause]:
    query = select(Attempt, col(Campaign.name)).join(Campaign, col(Campaign.id) == col(Attempt.campaign_id))
    query = query.where(col(Attempt.state) == "doubtful").order_by(col(Attempt.id)).limit(MOST)
    for row, name in session.execute(query).all():
        text = f"attempt {row.id} of {name} at {row.resource} is in doubt: {row.doubt or 'its end is not known'}"
        yield Cause(f"doubt/{row.id}", "attempt-in-doubt", name, text)


def _ended(session: Session, now: datetime) -> Iterator[Cause]:
    """Campaigns that have lately come to their end by themselves: a target or another stopping rule, or the budget."""
    query = select(Campaign).where(
        (col(Campaign.state) == "stopping")
        | (col(Campaign.state).in_(("completed", "stopped")) & (col(Campaign.ended_at) > now - LATELY))
    )
    for row in session.scalars(query.order_by(col(Campaign.id)).limit(MOST)):
        event = _latest(session, row, "stop", "complete")
        if event is not None and event.actor is None:
            text = f"campaign {row.name} has come to its end: {row.reason or row.state}"
            yield Cause(f"ended/{row.id}", "target-reached", row.name, text, event.at, lasting=False)


def _spent(session: Session, share: float) -> Iterator[Cause]:
    for row in _open(session):
        budget = spec_of(session, row).budget
        for name, used, limit in (
            ("experiments", row.experiments, budget.experiments),
            ("cost units", row.cost, budget.cost),
        ):
            if limit and used >= share * limit:
                text = f"campaign {row.name} has used {used:g} of {limit:g} {name} ({used / limit:.0%})"
                key = f"budget/{row.id}/{limit:g} {name}"  # a larger budget is another one
                yield Cause(key, "budget", row.name, text, lasting=False)


def alert_rows(session: Session, found: Sequence[Cause]) -> list[Alert]:
    """What has been told: all alerts that are open, and those of causes that are told once."""
    once = [each.key for each in found if not each.lasting]
    query = select(Alert).where(col(Alert.ended_at).is_(None) | col(Alert.key).in_(once))
    return list(session.scalars(query.order_by(col(Alert.id))))


def view_of(row: Alert) -> AlertView:
    """An alert as the decision sees it."""
    return AlertView(row.key, row.seen_at, row.times_sent, row.sent_at, row.gone_at, row.ended_at is not None)


def shown(session: Session, rules: Rules, now: datetime) -> dict[str, Any]:
    """For the page: what stands, with what was told of it, and the last sendings."""
    found, _ = causes(session, rules, now)
    told = {row.key: row for row in alert_rows(session, found)}
    events = select(Event).where(col(Event.kind).in_(SENDINGS)).order_by(col(Event.number).desc()).limit(SHOWN)
    return {
        "standing": [_standing(each, told.get(each.key)) for each in found],
        "sendings": [as_dict(row, "at", "kind", "subject", "data") for row in session.scalars(events)],
    }


def _standing(cause: Cause, row: Alert | None) -> dict[str, Any]:
    since = cause.since or (row.seen_at if row else None)
    return {
        "rule": cause.rule,
        "text": cause.text,
        "since": since.isoformat() if since else None,
        "times_sent": row.times_sent if row else 0,
        "sent_at": row.sent_at.isoformat() if row and row.sent_at else None,
    }
