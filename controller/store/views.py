"""Load what a decision sees: a handful of indexed queries over what is open."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, or_, select
from sqlmodel import Session, col

from controller.loop.attempt import ATTEMPT, UNDER_WAY
from controller.loop.instrument import PRESENT, REMOVED, STOPPED, not_ready
from controller.loop.progress import counts, means
from controller.loop.proposal import PROPOSAL
from controller.loop.view import (
    AttemptView,
    CampaignView,
    FinishedView,
    JobView,
    ProposalView,
    ResourceView,
)
from controller.spec import PEOPLE
from controller.spec import Campaign as Spec
from controller.store.specs import spec_of
from controller.store.tables import Attempt, Campaign, EStop, Instrument, Job, Measurement, Proposal


def load_view(session: Session, campaign_id: str, now: datetime, *, halted: bool = False) -> CampaignView:
    """Everything that is open in one campaign, as of this transaction."""
    campaign = session.get_one(Campaign, campaign_id)
    spec = spec_of(session, campaign)
    return CampaignView(
        id=campaign_id,
        state=campaign.state,
        spec=spec,
        started_at=campaign.started_at,
        simulated=campaign.simulated,
        reason=campaign.reason,
        iteration_running=campaign.iterating,
        experiments=campaign.experiments,
        cost=campaign.cost,
        pool_exhausted=campaign.exhausted,
        halted=halted,
        progress=campaign.progress,
        failures=campaign.failures,
        paused_steps=frozenset(campaign.paused_steps),
        proposals=_proposals(session, campaign_id),
        finished=_finished(session, campaign_id) if len(spec.stages) > 1 else (),
        resources=load_resources(session, _named(spec), now),
    )


def _named(spec: Spec) -> set[str]:
    return {name for stage in spec.stages for step in stage.steps for name in step.resources}


# Statements of the hot path stand ready: every decision runs them, and building one takes as long as running it.
_OPEN = (
    select(Proposal, Job, Attempt)
    .outerjoin(Job, col(Job.proposal_id) == col(Proposal.id))
    .outerjoin(Attempt, col(Attempt.id) == col(Job.attempt_id))
    .where(col(Proposal.campaign_id) == bindparam("campaign"), col(Proposal.state).in_(sorted(PROPOSAL.open_states)))
    .order_by(col(Proposal.number), col(Job.step))
)


def _proposals(session: Session, campaign_id: str) -> tuple[ProposalView, ...]:
    """Open proposals, each with its present job and that one's last attempt."""
    views: dict[str, ProposalView] = {}
    for row, job, attempt in session.execute(_OPEN, {"campaign": campaign_id}):
        views[row.id] = ProposalView(  # the rows of earlier jobs come before
            id=row.id,
            stage=row.stage,
            state=row.state,
            facts=row.facts,
            needs_two_people=row.needs_two_people,
            deadline=row.deadline,
            job=None if job is None else _job(job, attempt),
        )
    return tuple(views.values())


def _job(job: Job, attempt: Attempt | None) -> JobView:
    return JobView(
        id=job.id,
        step=job.step,
        state=job.state,
        tries=job.tries,
        spent=job.spent,
        not_before=job.not_before,
        failure=job.failure,
        attempt=None if attempt is None else _attempt(attempt),
    )


def _attempt(row: Attempt) -> AttemptView:
    return AttemptView(
        id=row.id,
        state=row.state,
        resource=row.resource,
        made_at=row.made_at,
        deadline=row.deadline,
        open=not ATTEMPT.final(row.state),
        asked_at=row.asked_at,
        cancel_asked=row.cancel_asked,
        unknown=row.unknown,
        doubt=row.doubt,
        failure=row.failure,
        repeat=row.repeat,
        final=row.final,
    )


def _finished(session: Session, campaign_id: str) -> tuple[FinishedView, ...]:
    query = select(Proposal).where(
        col(Proposal.campaign_id) == campaign_id,
        col(Proposal.state) == "completed",
        col(Proposal.promotion).is_(None),
    )
    return tuple(
        FinishedView(
            row.id,
            row.stage,
            values=mean_values(session, row.id),
            predicted={name: each["mean"] for name, each in row.prediction.items()},
        )
        for row in session.scalars(query.order_by(col(Proposal.number)))
    )


def mean_values(session: Session, proposal_id: str) -> dict[str, float]:
    """Mean of each property that was measured for a proposal."""
    rows = session.execute(_measured(col(Measurement.proposal_id) == proposal_id))
    return means((name, value) for _, name, value, *how in rows if counts(*how))


def mean_values_of(session: Session, campaign_id: str) -> dict[str, dict[str, float]]:
    """The same of all proposals of a campaign, by proposal; reads all its history."""
    found: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for proposal, name, value, *how in session.execute(_measured(col(Measurement.campaign_id) == campaign_id)):
        if proposal is not None and counts(*how):
            found[proposal].append((name, value))
    return {proposal: means(values) for proposal, values in found.items()}


def _measured(condition: ColumnElement[bool]) -> Any:
    columns = (
        Measurement.proposal_id,
        Measurement.property,
        Measurement.value,
        Measurement.status,
        Measurement.late,
        Measurement.replaced_event,
    )
    query = select(*(col(each) for each in columns)).where(condition)
    return query.order_by(col(Measurement.event), col(Measurement.id))


# Attempts under way at each, and whether an e-stop holds it.
_BUSY = select(func.count()).where(col(Attempt.resource) == col(Instrument.name), col(Attempt.state).in_(UNDER_WAY))
_HELD = select(EStop).where(
    col(EStop.reset_at).is_(None),
    or_(col(EStop.instrument).is_(None), col(EStop.instrument) == col(Instrument.name)),
)
_INSTRUMENTS = select(Instrument, _BUSY.scalar_subquery(), _HELD.exists()).where(
    col(Instrument.name).in_(bindparam("names", expanding=True))
)


def load_resources(session: Session, names: Iterable[str], now: datetime) -> dict[str, ResourceView]:
    """Resources by name, with what keeps each from being given work. An instrument that is not enrolled is left out."""
    wanted = set(names)
    rows = session.execute(_INSTRUMENTS, {"names": sorted(wanted - {PEOPLE})}).all() if wanted - {PEOPLE} else ()
    views = {row.name: _instrument(row, busy, held, now) for row, busy, held in rows}
    if PEOPLE in wanted:  # whoever has time takes the task; nobody is asked whether they do
        held = any(stop.instrument is None for stop in held_estops(session))
        obstacle = STOPPED if held else None
        views[PEOPLE] = ResourceView(PEOPLE, None, None, busy=0, present=False, obstacle=obstacle)
    return views


def enrolled(session: Session) -> Sequence[Instrument]:
    """Instruments by name, without those that were removed."""
    query = select(Instrument).where(col(Instrument.state) != REMOVED).order_by(col(Instrument.name))
    return session.scalars(query).all()


def open_attempts(session: Session, resource: str) -> Sequence[Attempt]:
    """Attempts under way at an instrument, and those in doubt."""
    query = select(Attempt).where(col(Attempt.resource) == resource, col(Attempt.state).in_([*UNDER_WAY, "doubtful"]))
    return session.scalars(query).all()


def open_attempts_of(session: Session, proposal_id: str) -> Sequence[Attempt]:
    """Attempts of a proposal that have not ended: under way, in doubt, or with files still to be read."""
    query = select(Attempt).where(col(Attempt.proposal_id) == proposal_id)
    return session.scalars(query.where(col(Attempt.state).in_(ATTEMPT.open_states))).all()


def held_estops(session: Session) -> Sequence[EStop]:
    """E-stops that no operator has reset."""
    return session.scalars(select(EStop).where(col(EStop.reset_at).is_(None))).all()


def _instrument(row: Instrument, busy: int, held: bool, now: datetime) -> ResourceView:
    """What a decision sees of an instrument."""
    return ResourceView(
        name=row.name,
        simulated=row.simulated,
        concurrency=int(row.description.get("concurrency", 1)),
        busy=busy,
        present=row.state in PRESENT,
        obstacle=not_ready(
            state=row.state,
            held=held,
            wanted_paused=row.wanted_paused,
            described=row.description_digest is not None,
            accepted=row.description_digest == row.accepted_digest,
            armed_until=row.armed_until,
            simulated=row.simulated,
            now=now,
        ),
    )
