"""One campaign for whoever looks after it: how it stands, what is in flight, what can be put forward."""

from collections import Counter
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from controller.commands.lookup import find_campaign
from controller.loop import CAMPAIGN
from controller.loop.attempt import UNDER_WAY
from controller.loop.progress import hypervolume
from controller.loop.proposal import PROPOSAL
from controller.report import lists
from controller.report.failures import latest_failures
from controller.spec import Campaign as Spec
from controller.store.specs import spec_of, units_of
from controller.store.tables import Attempt, Campaign, Job, Proposal, SpecVersion
from strategies.spaces import Discrete, Labelled

Plain = dict[str, Any]
MOST_OPEN = 50
OPEN_ATTEMPTS = (*UNDER_WAY, "doubtful", "analysing")


def head(session: Session, name: str) -> Plain:
    """State, budget, and how many experiments are `open`, as on the overview; raises `NotFound`."""
    row = find_campaign(session, name)
    spec = spec_of(session, row)
    return {
        **lists.as_dict(row, "id", "name", "state", "reason", "simulated", "experiments", "cost", "paused_steps"),
        **lists.as_dict(row, "version", "made_by", "started_at", "ended_at", "iterating", "iterations"),
        "open": sum(_open_proposals(session, row.id, spec.stages[0].name).values()),
        "description": spec.description,
        "strategy": spec.strategy.name,
        "budget": spec.budget.model_dump(mode="json", exclude_none=True),
        "hypervolume": hypervolume(spec, row.progress.get("front", [])),
    }


def changes(session: Session, name: str) -> Plain:
    """What people may do to it as it stands; raises `NotFound`."""
    row = find_campaign(session, name)
    return {
        "allowed": [each for each in ("pause", "resume", "stop", "abort") if _may(row, each)],
        "open": not CAMPAIGN.final(row.state),
        "may_inject": row.state in ("running", "paused"),
    }


def _may(row: Campaign, event: str) -> bool:
    steps_wait = event == "resume" and row.state in ("running", "stopping") and bool(row.paused_steps)
    return steps_wait or CAMPAIGN.allows(row.state, event)


def at_work(session: Session, name: str) -> Plain:
    """Open proposals, the first ones, attempts under way, and what failed last."""
    row = find_campaign(session, name)
    return {
        "proposals": lists.proposals(session, name, "open", limit=MOST_OPEN),
        "count": sum(_open_proposals(session, row.id).values()),
        "attempts": [_attempt(*each) for each in _attempts(session, row.id)],
        "failures": latest_failures(session, row.id),
    }


def in_flight(session: Session, name: str) -> Plain:
    """What a pause, stop or abort would meet now, in numbers: attempts by resource, proposals by state."""
    row = find_campaign(session, name)
    attempts = [attempt for attempt, _, _ in _attempts(session, row.id)]
    return {
        "attempts": dict(Counter(each.resource for each in attempts if each.state in UNDER_WAY)),
        "doubtful": sum(each.state == "doubtful" for each in attempts),
        "analysing": sum(each.state == "analysing" for each in attempts),
        "proposals": _open_proposals(session, row.id),
        "iterating": row.iterating,
        "paused_steps": list(row.paused_steps),
    }


def _open_proposals(session: Session, campaign_id: str, stage: str | None = None) -> dict[str, int]:
    """How many have not ended, by state; those of a stage, or of all."""
    query = select(col(Proposal.state), func.count()).where(
        col(Proposal.campaign_id) == campaign_id, col(Proposal.state).in_(sorted(PROPOSAL.open_states))
    )
    if stage is not None:
        query = query.where(col(Proposal.stage) == stage)
    return {row[0]: row[1] for row in session.execute(query.group_by(col(Proposal.state)))}


def _attempts(session: Session, campaign_id: str) -> list[tuple[Attempt, Job, int]]:
    """Open attempts. Of all campaigns there are few, and an index finds them; of one campaign many have ended."""
    query = (
        select(Attempt, Job, col(Proposal.number))
        .join(Job, col(Job.id) == col(Attempt.job_id))
        .join(Proposal, col(Proposal.id) == col(Attempt.proposal_id))
        .where(col(Attempt.state).in_(OPEN_ATTEMPTS))
        .order_by(col(Attempt.made_at), col(Attempt.id))
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query) if row[0].campaign_id == campaign_id]


def _attempt(attempt: Attempt, job: Job, number: int) -> Plain:
    wanted = ("id", "adapter", "resource", "state", "made_at", "deadline")
    return {**lists.as_dict(attempt, *wanted), "step": job.name, "proposal": number}


def file_of(session: Session, name: str) -> Plain:
    """The campaign file in force, and the names of the files that stand beside it."""
    row = find_campaign(session, name)
    spec = spec_of(session, row)
    version = session.get_one(SpecVersion, (row.id, row.version))
    return {"text": version.text, "version": row.version, "files": list(spec.beside())}


def injectable(session: Session, name: str) -> Plain:
    """What a person fills in to put a candidate forward: the space's parameters, and the stages."""
    spec = spec_of(session, find_campaign(session, name))
    return {
        "kind": spec.space.kind,
        "parameters": [_parameter(spec, each) for each in spec.space.names()],
        "stages": [stage.name for stage in spec.stages],
        "units": units_of(spec),
    }


def _parameter(spec: Spec, name: str) -> Plain:
    """`choices` of a category, `values` of a discrete number, `low` and `high` of another; nothing of a bare column."""
    declared = spec.space.parameter(name)
    shown: Plain = {"name": name, "unit": spec.space.unit(name)}
    if declared is None:
        return shown
    if isinstance(declared, Labelled):
        return {**shown, "choices": list(declared.choices)}
    if isinstance(declared, Discrete):
        return {**shown, "values": list(declared.values)}
    return {**shown, "low": declared.low, "high": declared.high}
