"""The questions behind the faces. Each returns plain data that JSON can hold; times are ISO 8601 in UTC."""

import base64
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import Select, func, select
from sqlmodel import Session, SQLModel, col

from controller.commands.doubts import list_doubts
from controller.commands.lookup import find, find_campaign
from controller.commands.tasks import OPEN_TASKS, open_tasks
from controller.commands.values import unmeasured
from controller.loop.attempt import UNDER_WAY
from controller.loop.progress import hypervolume
from controller.loop.proposal import PROPOSAL, people_needed
from controller.report.failures import latest_failures
from controller.spec import Campaign as Spec
from controller.store.specs import spec_of, step_of, units_of
from controller.store.tables import (
    ApprovalDecision,
    Attempt,
    Campaign,
    EStop,
    Event,
    Instrument,
    Iteration,
    Job,
    Measurement,
    Orphan,
    Proposal,
    Quarantine,
    Sample,
    SpecVersion,
)
from controller.store.views import enrolled, load_resources

Plain = dict[str, Any]
PREVIEW = 500  # characters
NOT_ENROLLED = "is not enrolled"


def as_dict(row: SQLModel, *names: str) -> Plain:
    """Some columns of a row, or all of them."""
    wanted = names or row.__table__.columns.keys()  # type: ignore[attr-defined]
    return {name: _plain(getattr(row, name)) for name in wanted}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def campaigns(session: Session) -> list[Plain]:
    """All campaigns, the latest first."""
    rows = session.scalars(select(Campaign).order_by(col(Campaign.started_at).desc())).all()
    return [_campaign(session, row) for row in rows]


def _campaign(session: Session, row: Campaign) -> Plain:
    spec = spec_of(session, row)
    objectives = [each.model_dump(mode="json", exclude_none=True) for each in spec.objectives]
    return {
        **as_dict(row),
        "objectives": objectives,
        "budget": spec.budget.model_dump(mode="json", exclude_none=True),
        "hypervolume": hypervolume(spec, row.progress.get("front", [])),
    }


def campaign(session: Session, name: str, now: datetime) -> Plain:
    """One campaign by name or id: its file, what it has done, what it does now; raises `NotFound`."""
    row = find_campaign(session, name)
    version = session.get_one(SpecVersion, (row.id, row.version))
    return {
        **_campaign(session, row),
        "text": version.text,
        "digest": version.digest,
        "counters": {
            "proposals": _count(session, Proposal, row.id),
            "attempts": _count(session, Attempt, row.id),
            "measurements": session.scalar(select(func.count()).where(col(Measurement.campaign_id) == row.id)),
        },
        "open": proposals(session, row.name, "open", limit=200),
        "under_way": _under_way(session, row.id),
        "failures": latest_failures(session, row.id),
        "obstacles": obstacles(session, [row], now)[row.id],
    }


def obstacles(session: Session, rows: Sequence[Campaign], now: datetime) -> dict[str, dict[str, str]]:
    """What keeps the resources of campaigns from being given work, by campaign: name -> why."""
    names = {row.id: _resources(spec_of(session, row)) for row in rows}
    there = load_resources(session, list(dict.fromkeys(chain.from_iterable(names.values()))), now)
    known = {name: view.obstacle for name, view in there.items()}
    return {key: {each: why for each in its if (why := known.get(each, NOT_ENROLLED))} for key, its in names.items()}


def _resources(spec: Spec) -> list[str]:
    steps = [step for stage in spec.stages for step in stage.steps]
    return list(dict.fromkeys(name for step in steps for name in step.resources))


def _count(session: Session, table: type[Proposal] | type[Attempt], campaign_id: str) -> dict[str, int]:
    query = select(col(table.state), func.count()).where(col(table.campaign_id) == campaign_id)
    return {row[0]: row[1] for row in session.execute(query.group_by(col(table.state))).all()}


def _under_way(session: Session, campaign_id: str) -> list[Plain]:
    """What runs where."""
    query = (
        select(Attempt, Job, col(Proposal.number))
        .join(Job, col(Job.id) == col(Attempt.job_id))
        .join(Proposal, col(Proposal.id) == col(Attempt.proposal_id))
        .where(col(Attempt.campaign_id) == campaign_id, col(Attempt.state).in_(UNDER_WAY))
        .order_by(col(Attempt.made_at))
    )
    return [
        {
            **as_dict(attempt, "id", "adapter", "resource", "state", "made_at", "deadline"),
            "step": job.name,
            "proposal": number,
        }
        for attempt, job, number in session.execute(query).all()
    ]


def proposals(session: Session, name: str | None, state: str | None, *, limit: int) -> list[Plain]:
    """Proposals in the order in which they were made; `state` may be `open`, for all that have not ended."""
    query = select(Proposal, Campaign).join(Campaign, col(Campaign.id) == col(Proposal.campaign_id))
    if name is not None:
        query = query.where(col(Proposal.campaign_id) == find_campaign(session, name).id)
    if state is not None:
        query = query.where(col(Proposal.state).in_(PROPOSAL.open_states if state == "open" else [state]))
    ordered = query.order_by(col(Proposal.made_event), col(Proposal.number)).limit(limit)
    return shown(session, session.execute(ordered).all())


def shown(session: Session, rows: Sequence[Any]) -> list[Plain]:
    """Proposals as they are shown; `rows` are pairs of a proposal and its campaign."""
    approved = approved_by(session, [row.id for row, _ in rows])
    return [_proposal(session, row, its, approved[row.id]) for row, its in rows]


def proposal(session: Session, proposal_id: str) -> Plain:
    """One proposal as it is shown to whoever decides about it; raises `NotFound`."""
    row = find(session, Proposal, proposal_id)
    its = session.get_one(Campaign, row.campaign_id)
    return _proposal(session, row, its, approved_by(session, [row.id])[row.id])


def _proposal(session: Session, row: Proposal, its: Campaign, approved_by: list[str]) -> Plain:
    # An amended file may have dropped the stage of a proposal that has ended.
    stage = next((each for each in spec_of(session, its).stages if each.name == row.stage), None)
    return {
        **as_dict(row),
        "campaign": its.name,
        "people_needed": None if stage is None else people_needed(stage, row.needs_two_people),
        "approved_by": approved_by,
    }


def approved_by(session: Session, names: Any) -> dict[str, list[str]]:
    """Who approved which proposals; `names` are their ids, or a query that gives them."""
    query = select(col(ApprovalDecision.proposal_id), col(ApprovalDecision.user)).where(
        col(ApprovalDecision.proposal_id).in_(names), col(ApprovalDecision.verdict) == "approve"
    )
    users: dict[str, list[str]] = defaultdict(list)
    for proposal, user in session.execute(query.order_by(col(ApprovalDecision.at))):
        users[proposal].append(user)
    return users


def tasks(session: Session, *, limit: int | None = None) -> list[Plain]:
    """Steps by hand that wait for somebody, oldest first, with what is to be done."""
    return [_task(session, row) for row in open_tasks(session, limit)]


def count_tasks(session: Session) -> int:
    """How many of them there are."""
    return session.scalar(select(func.count()).select_from(Attempt).where(*OPEN_TASKS)) or 0


def _task(session: Session, row: Attempt) -> Plain:
    read = [{"gives": ", ".join(each.gives.values()), "file": each.file} for each in step_of(session, row).analysis]
    return {**_doubt(session, row), "instructions": row.request.get("instructions", ""), "analysis": read}


def samples(session: Session, name: str | None, *, limit: int) -> list[Plain]:
    """Samples in the order in which they were made, each with the candidate that it is."""
    query = select(Sample, Attempt, Proposal).join(Attempt, col(Attempt.id) == col(Sample.id))
    query = query.join(Proposal, col(Proposal.id) == col(Attempt.proposal_id))
    if name is not None:
        query = query.where(col(Sample.campaign_id) == find_campaign(session, name).id)
    rows = session.execute(query.order_by(col(Sample.id)).limit(limit)).all()
    return [
        {**as_dict(sample), "proposal": row.number, "candidate": row.candidate, "made_at": _plain(attempt.ended_at)}
        for sample, attempt, row in rows
    ]


def jobs_that_failed(session: Session) -> list[str]:
    """Why jobs ended before anything was sent, as their events tell."""
    query = select(Event).where(col(Event.kind) == "job.fail").order_by(col(Event.number))
    return [str(row.data["why"]) for row in session.scalars(query) if "why" in row.data]


def doubts(session: Session, now: datetime) -> list[Plain]:
    """Attempts that wait for an operator, each with the evidence."""
    rows = doubtful(session, now)
    told = evidence(session, [row["id"] for row in rows])
    return [{**row, **told[row["id"]]} for row in rows]


def doubtful(session: Session, now: datetime, *, limit: int | None = None) -> list[Plain]:
    """Attempts that wait for an operator, oldest first, and how their instruments are now."""
    rows = list_doubts(session, limit)
    resources = load_resources(session, {row.resource for row in rows}, now)
    return [
        {
            **_doubt(session, row),
            "instrument_now": _instrument_now(session, row, resources[row.resource].obstacle),
        }
        for row in rows
    ]


def count_doubts(session: Session) -> int:
    """How many of them there are."""
    return session.scalar(select(func.count()).where(col(Attempt.state) == "doubtful")) or 0


def evidence(session: Session, attempts: Sequence[str]) -> dict[str, Plain]:
    """What has become of each attempt, as events, and its messages that were refused."""
    rows = session.scalars(select(Attempt).where(col(Attempt.id).in_(attempts))).all()
    told, refused = _told(session, rows), _refused(session, attempts)
    return {name: {"events": told[name], "refused": refused[name]} for name in attempts}


def _doubt(session: Session, row: Attempt) -> Plain:
    its = session.get_one(Proposal, row.proposal_id)
    return {
        **as_dict(
            row, "id", "adapter", "resource", "state", "made_at", "start_before", "deadline", "asked_at", "request"
        ),
        "why": row.doubt,
        "campaign": session.get_one(Campaign, row.campaign_id).name,
        "step": session.get_one(Job, row.job_id).name,
        "yields": unmeasured(session, row),
        "units": units_of(spec_of(session, session.get_one(Campaign, row.campaign_id))),
        "proposal": as_dict(its, "id", "number", "stage", "candidate", "replicate"),
    }


def _instrument_now(session: Session, row: Attempt, obstacle: str | None) -> Plain | None:
    """How the instrument is; None for work by hand."""
    if (instrument := session.get(Instrument, row.resource)) is None:
        return None
    same = instrument.journal_id == row.journal_id
    return {**as_dict(instrument, "state", "said_at"), "obstacle": obstacle, "has_the_same_journal": same}


def _told(session: Session, rows: Sequence[Attempt]) -> dict[str | None, list[Plain]]:
    """Events about each attempt; none is older than its proposal, so that nothing before that is looked at."""
    made = select(func.min(Proposal.made_event)).where(col(Proposal.id).in_({row.proposal_id for row in rows}))
    query = select(Event).where(
        col(Event.number) > (session.scalar(made) or 0),
        col(Event.campaign_id).in_({row.campaign_id for row in rows}),
        col(Event.subject).in_([row.id for row in rows]),
    )
    told: dict[str | None, list[Plain]] = defaultdict(list)
    for event in session.scalars(query.order_by(col(Event.number))):
        told[event.subject].append(as_dict(event, "number", "at", "kind", "actor", "data"))
    return told


def _refused(session: Session, attempts: Sequence[str]) -> dict[str | None, list[Plain]]:
    query = select(Quarantine).where(col(Quarantine.attempt_id).in_(attempts)).order_by(col(Quarantine.id))
    refused: dict[str | None, list[Plain]] = defaultdict(list)
    for row in session.scalars(query):
        refused[row.attempt_id].append(as_dict(row, "id", "at", "reason"))
    return refused


def quarantined(session: Session, before: str | None = None, *, limit: int) -> list[Plain]:
    """Refused messages, the latest first; `before` is the id of the last one that was read."""
    query = select(Quarantine)
    if before is not None:
        query = query.where(col(Quarantine.id) < before)
    return [_refusal(row) for row in session.scalars(query.order_by(col(Quarantine.id).desc()).limit(limit))]


def _refusal(row: Quarantine) -> Plain:
    """The message with its bytes in base64, and the beginning as text in which nothing is hidden."""
    shown = row.payload[: 4 * PREVIEW].decode("utf-8", "replace")[:PREVIEW]
    return {
        **as_dict(row, "id", "at", "topic", "instrument", "attempt_id", "reason", "digest", "size"),
        **as_dict(row, "settled_at", "settled_by", "settled_how", "settled_why"),
        "preview": "".join(c if c.isprintable() else ascii(c)[1:-1] for c in shown),
        "payload": base64.b64encode(row.payload).decode(),
    }


def orphans(session: Session, before: str | None = None, *, limit: int) -> list[Plain]:
    """Well-formed results whose attempt is not known, the latest first."""
    query = select(Orphan)
    if before is not None:
        query = query.where(col(Orphan.id) < before)
    return [as_dict(row) for row in session.scalars(query.order_by(col(Orphan.id).desc()).limit(limit))]


def instruments(session: Session, now: datetime) -> list[Plain]:
    """All enrolled instruments: what each says of itself, and what keeps it from being given work."""
    rows = enrolled(session)
    views = load_resources(session, [row.name for row in rows], now)
    return [
        {
            **as_dict(row, "name", "state", "simulated", "said_at", "boot_id", "journal_id", "wanted_paused"),
            **as_dict(row, "armed_by", "armed_until", "description", "description_digest"),
            "accepted": row.description_digest is not None and row.accepted_digest == row.description_digest,
            "armed": row.simulated or (row.armed_until is not None and row.armed_until > now),
            "obstacle": views[row.name].obstacle,
            "busy": views[row.name].busy,
            "concurrency": views[row.name].concurrency,
        }
        for row in rows
    ]


def estops(session: Session, *, limit: int) -> list[Plain]:
    """E-stops, those that hold first, then the latest."""
    query = select(EStop).order_by(col(EStop.reset_at).is_not(None), col(EStop.at).desc()).limit(limit)
    return [{**as_dict(row), "holds": row.reset_at is None} for row in session.scalars(query)]


def events(session: Session, after: int | None, campaign_id: str | None, *, limit: int) -> list[Plain]:
    """Events by number: the first ones after `after`, or without it the latest ones."""
    query: Select[Any] = select(Event)
    if campaign_id is not None:
        query = query.where(col(Event.campaign_id) == campaign_id)
    if after is not None:
        rows = session.scalars(query.where(col(Event.number) > after).order_by(col(Event.number)).limit(limit)).all()
    else:
        rows = session.scalars(query.order_by(col(Event.number).desc()).limit(limit)).all()[::-1]
    return [as_dict(row) for row in rows]


def last_event(session: Session) -> int:
    """The number of the latest event; 0 where nothing has happened."""
    return session.scalar(select(func.max(Event.number))) or 0


def measurements(session: Session, name: str | None, after: int, *, limit: int) -> list[Plain]:
    """Measurements of the events after `after`, in their order; what one event tells is never parted."""
    query = select(Measurement)
    if name is not None:
        query = query.where(col(Measurement.campaign_id) == find_campaign(session, name).id)
    ordered = query.order_by(col(Measurement.event), col(Measurement.id))
    rows = list(session.scalars(ordered.where(col(Measurement.event) > after).limit(limit)))
    if len(rows) == limit:
        last = rows[-1]
        rows += session.scalars(ordered.where(col(Measurement.event) == last.event, col(Measurement.id) > last.id))
    return [as_dict(row) for row in rows]


def iterations(session: Session, name: str, after: int, *, limit: int) -> list[Plain]:
    """The iterations of a campaign after a number."""
    query = select(Iteration).where(
        col(Iteration.campaign_id) == find_campaign(session, name).id, col(Iteration.number) > after
    )
    return [as_dict(row) for row in session.scalars(query.order_by(col(Iteration.number)).limit(limit))]
