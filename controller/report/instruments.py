"""What instruments do: the work that they have, what waits for them, and what went wrong with them lately."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal_column, select
from sqlmodel import Session, col

from controller.loop.attempt import UNDER_WAY
from controller.report import lists
from controller.report.expected import usual
from controller.spec import Step
from controller.store.specs import spec_of
from controller.store.tables import Attempt, Campaign, Event, Job, Proposal

Plain = dict[str, Any]
WORK_SHOWN = 25  # attempts of each instrument
WAITING_SHOWN = 5  # proposals that wait for each
FAULTS = ("attempt.fail", "attempt.refuse", "attempt.expire", "attempt.doubt", "attempt.abandon", "instrument.lost")
PAUSES = ("instrument.pause", "instrument.flood")
LOOKED_AT = 50  # of each kind of fault
SHOWN = 5  # of each instrument


def at_work(session: Session, now: datetime) -> dict[str, Plain]:
    """All enrolled instruments by name, each with `work`, what is `waiting` for it, its last `faults`, its `pause`."""
    rows = {row["name"]: row for row in lists.instruments(session, now)}
    work, waiting, faults = _with_expected(session, work_of(session, rows)), _waiting(session), _faults(session)
    return {
        name: {
            **_without_description(row),
            **{"work": work[name], "waiting": waiting[name], "faults": faults[name]},
            "pause": _pause(session, name) if row["wanted_paused"] else None,
        }
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
    """The first attempts that it was sent and that have not ended, in the order in which they were made."""
    order = (col(Attempt.made_at), col(Attempt.id))
    place = func.row_number().over(partition_by=col(Attempt.resource), order_by=order).label("place")
    under_way = select(col(Attempt.id), place).where(
        col(Attempt.resource).in_(names), col(Attempt.state).in_(UNDER_WAY)
    )
    placed = under_way.subquery()
    query = (
        select(Attempt, Job, Proposal, col(Campaign.name))
        .join(placed, (placed.c.id == col(Attempt.id)) & (placed.c.place <= WORK_SHOWN))
        .join(Job, col(Job.id) == col(Attempt.job_id))
        .join(Proposal, col(Proposal.id) == col(Attempt.proposal_id))
        .join(Campaign, col(Campaign.id) == col(Attempt.campaign_id))
        .order_by(*order)
    )
    found: dict[str, list[Plain]] = defaultdict(list)
    for attempt, job, proposal, campaign in session.execute(query).all():
        wanted = ("id", "state", "made_at", "start_before", "deadline", "cancel_asked")
        about = {"campaign": campaign, "number": proposal.number, "step": job.name}
        about["capability"] = attempt.request.get("capability")
        limit_s = (attempt.deadline - attempt.start_before).total_seconds()
        found[attempt.resource].append({**lists.as_dict(attempt, *wanted), **about, "limit_s": limit_s})
    return found


def _waiting(session: Session) -> dict[str, Plain]:
    """Approved proposals whose next step it may take, one of several: how many, and the first ones."""
    campaign, stage = col(Proposal.campaign_id), col(Proposal.stage)
    place = func.coalesce(col(Job.step), literal_column("0"))  # as a parameter it could not be grouped by
    groups = _of_waiting(campaign, stage, place, func.count()).group_by(campaign, stage, place)
    found: dict[str, Plain] = defaultdict(lambda: {"count": 0, "first": []})
    for campaign_id, stage_name, step_place, count in session.execute(groups).all():
        row = session.get_one(Campaign, campaign_id)
        if (step := _step(session, row, stage_name, step_place)) is None:
            continue
        mine = (campaign == campaign_id, stage == stage_name, place == step_place)
        query = _of_waiting(col(Proposal.id), col(Proposal.number)).where(*mine).order_by(col(Proposal.id))
        first = [
            (-row.priority, key, {"campaign": row.name, "number": number, "step": step.name})
            for key, number in session.execute(query.limit(WAITING_SHOWN))
        ]
        for name in step.resources:
            found[name]["count"] += count
            found[name]["first"] = sorted([*found[name]["first"], *first], key=lambda each: each[:2])[:WAITING_SHOWN]
    for each in found.values():
        each["first"] = [shown for _, _, shown in each["first"]]
    return found


def _of_waiting(*columns: Any) -> Any:
    begun = col(Proposal.state) == "running"
    return (
        select(*columns)
        .select_from(Proposal)
        .outerjoin(Job, (col(Job.proposal_id) == col(Proposal.id)) & (col(Job.state) == "waiting"))
        .where((col(Proposal.state) == "approved") | (begun & col(Job.id).is_not(None)))
    )


def _step(session: Session, campaign: Campaign, stage_name: str, place: int) -> Step | None:
    """An amended file may have dropped the stage."""
    stage = next((each for each in spec_of(session, campaign).stages if each.name == stage_name), None)
    return None if stage is None else stage.steps[place]


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


def _pause(session: Session, name: str) -> Plain | None:
    """Who paused it last, when and why; pauses are few."""
    query = select(Event).where(col(Event.kind).in_(PAUSES), col(Event.subject) == name)
    event = session.scalars(query.order_by(col(Event.number).desc()).limit(1)).first()
    return None if event is None else {**lists.as_dict(event, "at", "actor"), "why": _why(event, None)}


def _why(event: Event, attempt: Attempt | None) -> str:
    said = event.data.get("why") or event.data.get("reason") or event.data.get("failure")
    if said is None and attempt is not None:
        said = attempt.reason or attempt.doubt or attempt.failure
    return str(said or "")
