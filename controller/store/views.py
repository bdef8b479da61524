"""Load what a decision sees: a handful of indexed queries over what is open."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from controller.loop.attempt import ATTEMPT, UNDER_WAY
from controller.loop.instrument import PRESENT, not_ready
from controller.loop.proposal import PROPOSAL
from controller.loop.view import (
    AttemptView,
    CampaignView,
    FinishedView,
    InstrumentView,
    JobView,
    ProposalView,
)
from controller.spec import Campaign as Spec
from controller.store.specs import spec_of
from controller.store.tables import Attempt, Campaign, EStop, Instrument, Iteration, Job, Measurement, Proposal


def load_view(session: Session, campaign_id: str, now: datetime, *, halted: bool = False) -> CampaignView:
    """Everything that is open in one campaign, as of this transaction."""
    campaign = session.get_one(Campaign, campaign_id)
    spec = spec_of(session, campaign)
    running = select(func.count()).where(col(Iteration.campaign_id) == campaign_id, col(Iteration.state) == "running")
    return CampaignView(
        id=campaign_id,
        state=campaign.state,
        spec=spec,
        started_at=campaign.started_at,
        simulated=campaign.simulated,
        reason=campaign.reason,
        iteration_running=bool(session.scalar(running)),
        iterations=campaign.iterations,
        experiments=campaign.experiments,
        cost=campaign.cost,
        pool_exhausted=campaign.exhausted,
        halted=halted,
        progress=campaign.progress,
        failures=campaign.failures,
        paused_steps=frozenset(campaign.paused_steps),
        proposals=_proposals(session, campaign_id),
        finished=_finished(session, campaign_id) if len(spec.stages) > 1 else (),
        instruments=load_instruments(session, _named(spec), now),
    )


def _named(spec: Spec) -> set[str]:
    return {name for stage in spec.stages for step in stage.steps for name in step.instruments}


def _proposals(session: Session, campaign_id: str) -> tuple[ProposalView, ...]:
    query = select(Proposal).where(
        col(Proposal.campaign_id) == campaign_id, col(Proposal.state).in_(PROPOSAL.open_states)
    )
    rows = session.scalars(query.order_by(col(Proposal.number))).all()
    jobs = _jobs(session, [row.id for row in rows if row.state == "running"])
    return tuple(
        ProposalView(
            id=row.id,
            stage=row.stage,
            state=row.state,
            facts=row.facts,
            needs_two_people=row.needs_two_people,
            deadline=row.deadline,
            job=jobs.get(row.id),
        )
        for row in rows
    )


def _jobs(session: Session, proposals: Sequence[str]) -> dict[str, JobView]:
    """The present job of each proposal, with its last attempt."""
    if not proposals:
        return {}
    query = select(Job).where(col(Job.proposal_id).in_(proposals)).order_by(col(Job.step))
    latest = {job.proposal_id: job for job in session.scalars(query)}
    names = [f"{job.id}-{job.tries}" for job in latest.values() if job.tries]
    attempts = {row.id: row for row in session.scalars(select(Attempt).where(col(Attempt.id).in_(names)))}
    return {key: _job(job, attempts.get(f"{job.id}-{job.tries}")) for key, job in latest.items()}


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
        instrument=row.instrument,
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
    query = (
        select(col(Measurement.property), func.avg(Measurement.value))
        .where(
            col(Measurement.proposal_id) == proposal_id,
            col(Measurement.status) == "ok",
            col(Measurement.late).is_(False),
            col(Measurement.replaced_event).is_(None),
        )
        .group_by(col(Measurement.property))
    )
    return {name: float(mean) for name, mean in session.execute(query).all()}


# One statement, because every round of every decision asks: attempts under way at each, and whether an e-stop holds it.
_BUSY = select(func.count()).where(col(Attempt.instrument) == col(Instrument.name), col(Attempt.state).in_(UNDER_WAY))
_HELD = select(EStop).where(
    col(EStop.reset_at).is_(None),
    or_(col(EStop.instrument).is_(None), col(EStop.instrument) == col(Instrument.name)),
)
_INSTRUMENTS = select(Instrument, _BUSY.scalar_subquery(), _HELD.exists())


def load_instruments(session: Session, names: Iterable[str], now: datetime) -> dict[str, InstrumentView]:
    """Enrolled instruments by name, with what keeps each from being given work."""
    rows = session.execute(_INSTRUMENTS.where(col(Instrument.name).in_(list(names)))).all()
    return {row.name: instrument_view(row, busy, held, now) for row, busy, held in rows}


def held_estops(session: Session) -> Sequence[EStop]:
    """E-stops that no operator has reset."""
    return session.scalars(select(EStop).where(col(EStop.reset_at).is_(None))).all()


def instrument_view(row: Instrument, busy: int, held: bool, now: datetime) -> InstrumentView:
    """What a decision sees of an instrument."""
    return InstrumentView(
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
