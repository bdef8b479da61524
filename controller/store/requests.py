"""Build what an attempt sends, checked against the instrument's description and the site's limits."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlmodel import col

from adapters.instruments.messages import Description, EarlierStep, Request, request_digest
from controller.loop.limits import outside_limits, parameters_for
from controller.store.tables import Attempt, Campaign, Instrument, Job, Measurement, Proposal, Sample
from controller.store.unit import Unit

if TYPE_CHECKING:
    from controller.spec import Step


@dataclass(frozen=True)
class Prepared:
    """A request ready to be sent, or the reasons why it must not be."""

    request: dict[str, Any]
    start_before: datetime
    problems: list[str] = field(default_factory=list)


def instrument_request(
    unit: Unit, campaign: Campaign, proposal: Proposal, job: Job, step: "Step", instrument: Instrument
) -> Prepared:
    """The request of the next attempt of this job at this instrument."""
    capability = Description.model_validate(instrument.description).capabilities.get(step.capability)
    if capability is None:
        return Prepared({}, unit.now, [f"{instrument.name} does not offer {step.capability!r}"])
    parameters, problems = parameters_for(proposal.candidate, step.parameters, capability)
    problems += outside_limits(parameters, capability)
    problems += unit.limits.violations(proposal.candidate)
    hazard = unit.limits.hazard_class(proposal.candidate)
    if hazard >= unit.limits.two_people_from and not proposal.needs_two_people:
        problems.append(f"site limits: hazard class {hazard} takes two people, and this was approved before they did")
    start_before = unit.now + timedelta(seconds=step.start_within)
    earlier, sample = _earlier(unit, proposal, job)
    fields = {
        "attempt_id": f"{job.id}-{job.tries + 1}",
        "digest": "0" * 64,
        "journal_id": instrument.journal_id,
        "campaign": campaign.id,
        "step": step.name,
        "capability": step.capability,
        "candidate": proposal.candidate,
        "parameters": parameters,
        "yields": list(step.yields),
        "sample_id": sample,
        "replicate": proposal.replicate,
        "earlier": earlier,
        "start_before": start_before,
        "timeout_s": step.timeout,
    }
    plain = Request.model_validate(fields).model_dump(mode="json", exclude_none=True)
    return Prepared({**plain, "digest": request_digest(plain)}, start_before, problems)


def _earlier(unit: Unit, proposal: Proposal, job: Job) -> tuple[list[EarlierStep], str | None]:
    """Results of the earlier steps of this stage, and the sample that they made."""
    query = (
        select(Attempt, Job)
        .join(Job, col(Job.id) == col(Attempt.job_id))
        .where(col(Job.proposal_id) == proposal.id, col(Job.step) < job.step, col(Attempt.state) == "succeeded")
        .order_by(col(Job.step))
    )
    steps: list[EarlierStep] = []
    sample: str | None = None
    for attempt, done in unit.session.execute(query).all():
        rows = unit.session.scalars(select(Measurement).where(col(Measurement.attempt_id) == attempt.id))
        measured = [_as_sent(row) for row in rows if row.replaced_event is None]
        steps.append(
            EarlierStep.model_validate({"step": done.name, "attempt_id": attempt.id, "measurements": measured})
        )
        if made := unit.session.get(Sample, attempt.id):
            sample = made.name
    return steps, sample


def _as_sent(row: Measurement) -> dict[str, Any]:
    return {
        "channel": row.channel,
        "index": row.place,
        "property": row.property,
        "value": row.value,
        "unit": row.unit,
        "standard_error": row.standard_error,
        "status": row.status,
    }
