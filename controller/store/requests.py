"""Build what an attempt asks for, checked against the instrument's description and the site's limits."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlmodel import col

from adapters.instruments.messages import Description, EarlierStep, Request, request_digest
from adapters.person import instructions_for
from controller.loop.limits import outside_limits, parameters_for
from controller.store.chain import canonical, sha256
from controller.store.tables import Attempt, Campaign, Instrument, Job, Measurement, Proposal, Sample
from controller.store.unit import Unit

if TYPE_CHECKING:
    from controller.spec import Step


@dataclass(frozen=True)
class Prepared:
    """What an attempt will ask for, or the reasons why it must not be asked."""

    request: dict[str, Any]
    start_before: datetime
    journal_id: str | None = None
    problems: list[str] = field(default_factory=list)


def prepare(unit: Unit, campaign: Campaign, proposal: Proposal, job: Job, step: "Step", resource: str) -> Prepared:
    """The request of the next attempt of this job at this resource."""
    problems = unit.limits.violations(proposal.candidate)
    hazard = unit.limits.hazard_class(proposal.candidate)
    if hazard >= unit.limits.two_people_from and not proposal.needs_two_people:
        problems.append(f"site limits: hazard class {hazard} takes two people, and this was approved before they did")
    start_before = unit.now + timedelta(seconds=step.start_within)
    steps, sample = earlier(unit, proposal, job)
    fields = {
        "attempt_id": f"{job.id}-{(campaign.attempts_from or 0) + job.tries + 1}",
        "campaign": campaign.id,
        "step": step.name,
        "candidate": proposal.candidate,
        "yields": step.asked,
        "sample_id": None if sample is None else sample.name,
        "replicate": proposal.replicate,
        "earlier": steps,
        "start_before": start_before,
        "timeout_s": step.timeout,
    }
    if step.adapter == "person":
        return Prepared(_task(fields, step), start_before, problems=problems)
    return _instrument_request(unit.session.get_one(Instrument, resource), step, fields, problems)


def _task(fields: dict[str, Any], step: "Step") -> dict[str, Any]:
    """What a person is asked for; it is made of what an instrument is told, and says it in words."""
    said = {"instructions": instructions_for(step.instructions or "", fields["candidate"])}
    steps = [each.model_dump(mode="json", exclude_none=True) for each in fields["earlier"]]
    plain = {**fields, **said, "earlier": steps, "start_before": fields["start_before"].isoformat()}
    return {**plain, "digest": sha256(canonical(plain))}


def _instrument_request(instrument: Instrument, step: "Step", fields: dict[str, Any], problems: list[str]) -> Prepared:
    capability = Description.model_validate(instrument.description).capabilities.get(step.capability or "")
    if capability is None:
        refused = [f"{instrument.name} does not offer {step.capability!r}"]
        return Prepared({}, fields["start_before"], problems=refused)
    parameters, unsaid = parameters_for(fields["candidate"], step.parameters, capability)
    problems = [*unsaid, *outside_limits(parameters, capability), *problems]
    told = {"journal_id": instrument.journal_id, "capability": step.capability, "parameters": parameters}
    message = Request.model_validate({**fields, **told, "digest": "0" * 64})
    plain = message.model_dump(mode="json", exclude_none=True)
    request = {**plain, "digest": request_digest(plain)}
    return Prepared(request, fields["start_before"], instrument.journal_id, problems)


def earlier(unit: Unit, proposal: Proposal, job: Job) -> tuple[list[EarlierStep], Sample | None]:
    """Results of the earlier steps of this stage, and the sample that they made."""
    if job.step == 0:
        return [], None
    query = (
        select(Attempt, Job)
        .join(Job, col(Job.id) == col(Attempt.job_id))
        .where(col(Job.proposal_id) == proposal.id, col(Job.step) < job.step, col(Attempt.state) == "succeeded")
        .order_by(col(Job.step))
    )
    steps: list[EarlierStep] = []
    sample: Sample | None = None
    for attempt, done in unit.session.execute(query).all():
        rows = unit.session.scalars(select(Measurement).where(col(Measurement.attempt_id) == attempt.id))
        measured = [_as_sent(row) for row in rows if row.replaced_event is None]
        steps.append(
            EarlierStep.model_validate({"step": done.name, "attempt_id": attempt.id, "measurements": measured})
        )
        sample = unit.session.get(Sample, attempt.id) or sample
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
