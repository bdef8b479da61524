"""What stands now of that which people are told about, from rows: bounded, whatever the history."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, String, cast, func, select
from sqlmodel import Session, col

from controller.access.alerts import RuleName, Rules
from controller.loop import CAMPAIGN
from controller.loop.alerting import AlertView, Cause
from controller.report.lists import as_dict
from controller.store.specs import spec_of
from controller.store.tables import Alert, Attempt, Campaign, Event, Proposal
from controller.store.views import enrolled

MOST = 200  # rows that one rule looks at
LATELY = timedelta(days=1)
AWAY = ("lost", "offline")
TEXTS = {
    "approval-waiting": "proposals wait for approval in {campaign}: {count}",
    "instrument-lost": "instrument {instrument} is lost",
    "instrument-offline": "instrument {instrument} is offline",
    "campaign-paused": "campaign {campaign} has paused: {why}",
    "campaign-paused-unexplained": "campaign {campaign} has paused: no reason is known",
    "step-paused": "campaign {campaign}: step {step} was paused after repeated failures",
    "attempt-in-doubt": "attempt {attempt} of {campaign} at {resource} is in doubt: {why}",
    "attempt-in-doubt-unexplained": "attempt {attempt} of {campaign} at {resource} is in doubt: its end is not known",
    "ended": "campaign {campaign} has come to its end: {why}",
    "ended-unexplained": "campaign {campaign} has come to its end",
    "experiments-used": "campaign {campaign} has used {used} of {limit} experiments ({share})",
    "cost-used": "campaign {campaign} has used {used} of {limit} cost units ({share})",
}
SHOWN = 10
SENDINGS = ("alert.sent", "alert.failed")


@dataclass
class Found:
    """What stands; of the rules in `cut` more stands than was read. `wake_at`: when time alone adds something."""

    session: Session
    causes: list[Cause] = field(default_factory=list)
    cut: set[str] = field(default_factory=set)
    wake_at: datetime | None = None

    def rows(self, query: Select[*tuple[Any, ...]], *rules: RuleName) -> Sequence[Any]:
        """The first rows of a query on which these rules rest."""
        rows = self.session.execute(query.limit(MOST + 1)).all()
        if len(rows) > MOST:
            self.cut.update(rules)
        return rows[:MOST]


def causes(session: Session, rules: Rules, now: datetime) -> Found:
    """What stands, and when time alone will make something else stand."""
    found = Found(session)
    if rules.approval_waiting is not None:
        found.causes += _waiting(found, timedelta(seconds=rules.approval_waiting), now)
    if rules.instrument_lost:
        found.causes += _lost(session)
    if rules.campaign_paused:
        found.causes += _paused(found)
    if rules.attempt_in_doubt:
        found.causes += _doubts(found)
    if rules.target_reached:
        found.causes += _ended(found, now)
    if rules.budget is not None:
        found.causes += _spent(found, rules.budget)
    return found


def _waiting(found: Found, allowed: timedelta, now: datetime) -> Iterator[Cause]:
    """Campaigns in which a proposal waits for too long; one alert for each, however many wait."""
    query = (
        select(col(Campaign.id), col(Campaign.name), func.min(Proposal.made_event), func.count())
        .join(Campaign, col(Campaign.id) == col(Proposal.campaign_id))
        .where(col(Proposal.state) == "awaiting-approval")
        .group_by(col(Campaign.id), col(Campaign.name))
        .order_by(col(Campaign.id))
    )
    for key, name, event, count in found.rows(query, "approval-waiting"):
        since = found.session.get_one(Event, event).at
        if since + allowed > now:
            found.wake_at = min(found.wake_at or since + allowed, since + allowed)
            continue
        yield _cause(f"approval/{key}", "approval-waiting", name, since, campaign=name, count=count)


def _lost(session: Session) -> Iterator[Cause]:
    for row in enrolled(session):
        if row.state in AWAY:
            what = f"instrument-{row.state}"
            yield _cause(f"instrument/{row.name}", "instrument-lost", row.name, what=what, instrument=row.name)


def _open() -> Select[Any]:
    return select(Campaign).where(col(Campaign.state).in_(sorted(CAMPAIGN.open_states))).order_by(col(Campaign.id))


def _paused(found: Found) -> Iterator[Cause]:
    """Paused by the daemon, not by a person."""
    stands_still = (col(Campaign.state) == "paused") | (cast(col(Campaign.paused_steps), String) != "[]")
    for (row,) in found.rows(_open().where(stands_still), "campaign-paused"):
        event = _latest(found.session, row, "pause", "restore") if row.state == "paused" else None
        if event is not None and event.kind == "campaign.pause" and event.actor is None:
            yield _cause(f"paused/{row.id}", "campaign-paused", row.name, event.at, campaign=row.name, why=row.reason)
        for step in row.paused_steps:
            key = f"paused/{row.id}/{step}"
            yield _cause(key, "campaign-paused", row.name, what="step-paused", campaign=row.name, step=step)


def _latest(session: Session, campaign: Campaign, *changes: str) -> Event | None:
    kinds = [f"campaign.{each}" for each in changes]
    query = select(Event).where(col(Event.campaign_id) == campaign.id, col(Event.kind).in_(kinds))
    return session.scalars(query.order_by(col(Event.number).desc()).limit(1)).first()


def _doubts(found: Found) -> Iterator[Cause]:
    query = select(Attempt, col(Campaign.name)).join(Campaign, col(Campaign.id) == col(Attempt.campaign_id))
    query = query.where(col(Attempt.state) == "doubtful").order_by(col(Attempt.id))
    for row, name in found.rows(query, "attempt-in-doubt"):
        facts: dict[str, Any] = {"attempt": row.id, "campaign": name, "resource": row.resource, "why": row.doubt}
        yield _cause(f"doubt/{row.id}", "attempt-in-doubt", name, **facts)


def _ended(found: Found, now: datetime) -> Iterator[Cause]:
    """Campaigns that have lately come to their end by themselves: a target or another stopping rule, or the budget."""
    query = select(Campaign).where(
        (col(Campaign.state) == "stopping")
        | (col(Campaign.state).in_(("completed", "stopped")) & (col(Campaign.ended_at) > now - LATELY))
    )
    for (row,) in found.rows(query.order_by(col(Campaign.id)), "target-reached"):
        event = _latest(found.session, row, "stop", "complete")
        if event is not None and event.actor is None:
            facts: dict[str, Any] = {"campaign": row.name, "why": row.reason}
            yield _cause(f"ended/{row.id}", "target-reached", row.name, event.at, lasting=False, what="ended", **facts)


def _spent(found: Found, share: float) -> Iterator[Cause]:
    for (row,) in found.rows(_open(), "budget"):
        budget = spec_of(found.session, row).budget
        for what, unit, used, limit in (
            ("experiments-used", "experiments", row.experiments, budget.experiments),
            ("cost-used", "cost units", row.cost, budget.cost),
        ):
            if limit and used >= share * limit:
                key = f"budget/{row.id}/{limit:g} {unit}"  # a larger budget is another one
                facts: dict[str, Any] = {"used": f"{used:g}", "limit": f"{limit:g}", "share": f"{used / limit:.0%}"}
                yield _cause(key, "budget", row.name, lasting=False, what=what, campaign=row.name, **facts)


def _cause(
    key: str,
    rule: RuleName,
    subject: str,
    since: datetime | None = None,
    *,
    lasting: bool = True,
    what: str = "",
    **facts: Any,
) -> Cause:
    """With its text; `what` is the rule where the rule has one text only. A `why` may be unknown."""
    what = what or rule
    if "why" in facts and not facts["why"]:
        what = f"{what}-unexplained"
    return Cause(key, rule, subject, TEXTS[what].format(**facts), since, lasting, what, facts)


def alert_rows(found: Found) -> list[Alert]:
    """What has been told: all alerts that are open, and those of causes that are told once.

    An alert of a rule that was cut, whose cause was not read, may stand or be over: it is left as it is.
    """
    once = [each.key for each in found.causes if not each.lasting]
    query = select(Alert).where(col(Alert.ended_at).is_(None) | col(Alert.key).in_(once))
    stands = {each.key for each in found.causes}
    rows = found.session.scalars(query.order_by(col(Alert.id)))
    return [row for row in rows if row.rule not in found.cut or row.key in stands]


def view_of(row: Alert) -> AlertView:
    """An alert as the decision sees it."""
    return AlertView(row.key, row.seen_at, row.times_sent, row.sent_at, row.gone_at, row.ended_at is not None)


def shown(session: Session, rules: Rules, now: datetime) -> dict[str, Any]:
    """For the page: what stands, with what was told of it, and the last sendings."""
    found = causes(session, rules, now)
    told = {row.key: row for row in alert_rows(found)}
    events = select(Event).where(col(Event.kind).in_(SENDINGS)).order_by(col(Event.number).desc()).limit(SHOWN)
    return {
        "standing": [_standing(each, told.get(each.key)) for each in found.causes],
        "cut": bool(found.cut),
        "sendings": [as_dict(row, "at", "kind", "subject", "data") for row in session.scalars(events)],
    }


def _standing(cause: Cause, row: Alert | None) -> dict[str, Any]:
    since = cause.since or (row.seen_at if row else None)
    return {
        "rule": cause.rule,
        "what": cause.what,
        "text": cause.text,
        "facts": cause.facts,
        "since": since.isoformat() if since else None,
        "times_sent": row.times_sent if row else 0,
        "sent_at": row.sent_at.isoformat() if row and row.sent_at else None,
    }
