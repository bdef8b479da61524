"""What instruments do: the work that they have, what waits for them, and what went wrong with them lately."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from controller.loop.attempt import UNDER_WAY
from controller.report import lists
from controller.report.expected import usual
from controller.store.specs import spec_of
from controller.store.tables import Attempt, Campaign, Event, Job, Proposal

Plain = dict[str, Any]
MOST = 200  # attempts, and proposals that wait
FAULTS = ("attempt.fail", "attempt.refuse", "attempt.expire", "attempt.doubt", "attempt.abandon", "instrument.lost")
LOOKED_AT = 50  # of each kind of fault
SHOWN = 5  # of each instrument


def at_work(session: Session, now: datetime) -> dict[str, Plain]:
    """All enrolled instruments by name, each with `work`, what is `waiting` for it, and its last `faults`."""
    rows = {row["name"]: row for row in lists.instruments(session, now)}
    work, waiting, faults = _with_expected(session, work_of(session, rows)), _waiting(session), _faults(session)
    return {
        name: {**_without_description(row), "work": work[name], "waiting": waiting[name], "faults": faults[name]}
        for name, row in rows.items()
    }


def descriptions(session: Session, now: datetime) -> dict[str, Plain]:
    """What each instrument says that it can do, by name."""
    wanted = ("name", "description", "description_digest", "accepted")
    return {row["name"]: {key: row[key] for key in wanted} for row in lists.instruments(session, now)}


def _without_description(row: Plain) -> Plain:
    return {name: value for name, value in row.items() if name != "description"}


def _with_expected(session: Session, work: dict[str, list[Plain]]) -> dict[str, list[Plain]]:
    """With how long it usually takes, `expected_s`, and when that is long, `long_s`; None where it was never done."""
    found = usual(session, work) if work else {}
    told: dict[str, list[Plain]] = defaultdict(list)
    for name, rows in work.items():
        for row in rows:
            its = found.get((name, row["capability"]))
            told[name].append(
                {**row, "expected_s": its.expected_s if its else None, "long_s": its.long_s if its else None}
            )
    return told


def work_of(session: Session, names: Iterable[str]) -> dict[str, list[Plain]]:
    """Attempts that it was sent and that have not ended, in the order in which they were made."""
    query = (
        select(Attempt, Job, Proposal, col(Campaign.name))
        .join(Job, col(Job.id) == col(Attempt.job_id))
        .join(Proposal, col(Proposal.id) == col(Attempt.proposal_id))
        .join(Campaign, col(Campaign.id) == col(Attempt.campaign_id))
        .where(col(Attempt.resource).in_(names), col(Attempt.state).in_(UNDER_WAY))
        .order_by(col(Attempt.made_at), col(Attempt.id))
        .limit(MOST)
    )
    found: dict[str, list[Plain]] = defaultdict(list)
    for attempt, job, proposal, campaign in session.execute(query).all():
        wanted = ("id", "state", "made_at", "start_before", "deadline", "cancel_asked")
        about = {"campaign": campaign, "number": proposal.number, "step": job.name}
        about["capability"] = attempt.request.get("capability")
        limit_s = (attempt.deadline - attempt.start_before).total_seconds()
        found[attempt.resource].append({**lists.as_dict(attempt, *wanted), **about, "limit_s": limit_s})
    return found


def _waiting(session: Session) -> dict[str, list[Plain]]:
    """Approved proposals whose next step any of these may take; one of several instruments has it in its list too."""
    begun = col(Proposal.state) == "running"
    query = (
        select(Proposal, Campaign, Job)
        .join(Campaign, col(Campaign.id) == col(Proposal.campaign_id))
        .outerjoin(Job, (col(Job.proposal_id) == col(Proposal.id)) & (col(Job.state) == "waiting"))
        .where((col(Proposal.state) == "approved") | (begun & col(Job.id).is_not(None)))
        .order_by(col(Campaign.priority).desc(), col(Proposal.id))
        .limit(MOST)
    )
    found: dict[str, list[Plain]] = defaultdict(list)
    for proposal, campaign, job in session.execute(query).all():
        stage = next((each for each in spec_of(session, campaign).stages if each.name == proposal.stage), None)
        if stage is None:
            continue
        step = stage.steps[job.step if job is not None else 0]
        for name in step.resources:
            found[name].append({"campaign": campaign.name, "number": proposal.number, "step": step.name})
    return found


def _faults(session: Session) -> dict[str, list[Plain]]:
    """The last events that tell of trouble, the latest first; only the last ones of each kind are looked at."""
    events: list[Event] = []
    for kind in FAULTS:
        query = select(Event).where(col(Event.kind) == kind).order_by(col(Event.number).desc()).limit(LOOKED_AT)
        events += session.scalars(query)
    named = select(Attempt).where(col(Attempt.id).in_({event.subject for event in events}))
    attempts = {row.id: row for row in session.scalars(named)}
    found: dict[str, list[Plain]] = defaultdict(list)
    for event in sorted(events, key=lambda event: event.number, reverse=True):
        attempt = attempts.get(event.subject or "")
        place = attempt.resource if attempt is not None else str(event.subject)
        if len(found[place]) < SHOWN:
            found[place].append({**lists.as_dict(event, "number", "at", "kind"), "why": _why(event, attempt)})
    return found


def _why(event: Event, attempt: Attempt | None) -> str:
    said = event.data.get("why") or event.data.get("reason") or event.data.get("failure")
    if said is None and attempt is not None:
        said = attempt.reason or attempt.doubt or attempt.failure
    return str(said or "")
