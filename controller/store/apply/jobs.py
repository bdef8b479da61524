"""Actions on jobs."""

from datetime import timedelta
from typing import Any

from controller.loop.actions import CancelJob, Dispatch, FailJob, OpenJob, RetryJob, SucceedJob
from controller.loop.job import REPEAT
from controller.store.change import change_job, change_proposal
from controller.store.requests import instrument_request
from controller.store.specs import spec_of
from controller.store.tables import Attempt, Campaign, Instrument, Job, Proposal
from controller.store.unit import Unit


def open_job(unit: Unit, campaign: Campaign, action: OpenJob) -> None:
    """Begin a step; the first one starts the proposal."""
    proposal = unit.session.get_one(Proposal, action.proposal_id)
    step = _stage(unit, campaign, proposal).steps[action.step]
    job = Job(
        id=unit.new_id(),
        campaign_id=campaign.id,
        proposal_id=proposal.id,
        step=action.step,
        name=step.name,
        state="waiting",
    )
    if action.step == 0:
        change_proposal(unit, proposal, "start", job)
    else:
        unit.record("job.open", job, campaign_id=campaign.id, subject=job.id)


def _stage(unit: Unit, campaign: Campaign, proposal: Proposal) -> Any:
    spec = spec_of(unit.session, campaign)
    return next(stage for stage in spec.stages if stage.name == proposal.stage)


def dispatch(unit: Unit, campaign: Campaign, action: Dispatch) -> None:
    """Commit the attempt with everything that will be sent; it is published after the commit."""
    job = unit.session.get_one(Job, action.job_id)
    proposal = unit.session.get_one(Proposal, job.proposal_id)
    instrument = unit.session.get_one(Instrument, action.instrument)
    step = _stage(unit, campaign, proposal).steps[job.step]
    prepared = instrument_request(unit, campaign, proposal, job, step, instrument)
    if prepared.problems:
        job.failure = "outside-limits"
        _count_failure(campaign, job.name, job.failure)
        change_job(unit, job, "fail", campaign, why="; ".join(prepared.problems), instrument=instrument.name)
        return
    job.tries += 1
    job.not_before = None
    campaign.cost += step.cost
    attempt = Attempt(
        id=prepared.request["attempt_id"],
        job_id=job.id,
        campaign_id=campaign.id,
        proposal_id=proposal.id,
        instrument=instrument.name,
        state="created",
        request=prepared.request,
        digest=prepared.request["digest"],
        journal_id=prepared.request["journal_id"],
        made_at=unit.now,
        start_before=prepared.start_before,
        deadline=prepared.start_before + timedelta(seconds=step.timeout),
    )
    change_job(unit, job, "dispatch", attempt, campaign, instrument=instrument.name)
    unit.outbox("request", campaign.id, attempt=attempt.id)


def succeed(unit: Unit, campaign: Campaign, action: SucceedJob) -> None:
    """The step is done; its row of failures is over."""
    job = unit.session.get_one(Job, action.job_id)
    if campaign.failures.get(job.name):
        campaign.failures = {**campaign.failures, job.name: {}}
        change_job(unit, job, "succeed", campaign)
    else:
        change_job(unit, job, "succeed")


def retry(unit: Unit, campaign: Campaign, action: RetryJob) -> None:
    """Back to waiting, not before a moment."""
    job = unit.session.get_one(Job, action.job_id)
    job.not_before = action.not_before
    job.spent += action.spends
    if action.kind != REPEAT:
        _count_failure(campaign, job.name, action.kind)
    change_job(unit, job, "retry", campaign, failure=action.kind)


def fail(unit: Unit, campaign: Campaign, action: FailJob) -> None:
    """No further try."""
    job = unit.session.get_one(Job, action.job_id)
    job.failure = action.kind
    _count_failure(campaign, job.name, action.kind)
    change_job(unit, job, "fail", campaign, failure=action.kind)


def _count_failure(campaign: Campaign, step: str, kind: str) -> None:
    counts = campaign.failures.get(step, {})
    campaign.failures = {**campaign.failures, step: {**counts, kind: counts.get(kind, 0) + 1}}


def cancel(unit: Unit, campaign: Campaign, action: CancelJob) -> None:
    """The campaign is aborted."""
    change_job(unit, unit.session.get_one(Job, action.job_id), "cancel")
