"""Actions on jobs."""

from datetime import timedelta
from typing import Any

from controller.loop import ATTEMPT, JOB, SAMPLE
from controller.loop.actions import CancelJob, Dispatch, FailJob, OpenJob, RetryJob, SucceedJob
from controller.loop.job import OUTSIDE, REPEAT, job_id, step_key
from controller.store.change import change_attempt, change_job, change_proposal
from controller.store.requests import earlier, prepare
from controller.store.specs import spec_of
from controller.store.tables import Attempt, Campaign, Job, Proposal
from controller.store.unit import Unit


def open_job(unit: Unit, campaign: Campaign, action: OpenJob) -> None:
    """Begin a step; the first one starts the proposal."""
    proposal = unit.session.get_one(Proposal, action.proposal_id)
    step = _stage(unit, campaign, proposal).steps[action.step]
    job = Job(
        id=job_id(proposal.id, action.step),
        campaign_id=campaign.id,
        proposal_id=proposal.id,
        step=action.step,
        name=step.name,
        state=JOB.initial,
    )
    if action.step == 0:
        change_proposal(unit, proposal, "start", job)
    else:
        unit.record("job.open", job, campaign_id=campaign.id, subject=job.id)


def _stage(unit: Unit, campaign: Campaign, proposal: Proposal) -> Any:
    spec = spec_of(unit.session, campaign)
    return next(stage for stage in spec.stages if stage.name == proposal.stage)


def dispatch(unit: Unit, campaign: Campaign, action: Dispatch) -> None:
    """Commit the attempt with everything that will be asked; it reaches its resource after the commit."""
    job = unit.session.get_one(Job, action.job_id)
    proposal = unit.session.get_one(Proposal, job.proposal_id)
    step = _stage(unit, campaign, proposal).steps[job.step]
    prepared = prepare(unit, campaign, proposal, job, step, action.resource)
    if prepared.problems:
        key = step_key(proposal.stage, job.name)
        if campaign.failures.get(key, {}).get(OUTSIDE, 0) >= step.breaker:
            return  # the next round pauses the step; what waits for it must not fail too
        job.failure = OUTSIDE
        _count_failure(campaign, key, OUTSIDE)
        change_job(unit, job, "fail", campaign, why="; ".join(prepared.problems), resource=action.resource)
        return
    job.tries += 1
    job.attempt_id = prepared.request["attempt_id"]
    job.not_before = None
    campaign.cost += step.cost
    attempt = Attempt(
        id=prepared.request["attempt_id"],
        job_id=job.id,
        campaign_id=campaign.id,
        proposal_id=proposal.id,
        adapter=step.adapter,
        resource=action.resource,
        state=ATTEMPT.initial,
        request=prepared.request,
        digest=prepared.request["digest"],
        journal_id=prepared.journal_id,
        made_at=unit.now,
        start_before=prepared.start_before,
        deadline=prepared.start_before + timedelta(seconds=step.timeout),
    )
    change_job(unit, job, "dispatch", attempt, campaign, resource=action.resource)
    if step.adapter == "instrument":
        unit.outbox("request", campaign.id, attempt=attempt.id)
    else:  # a task is sent by standing in its row
        change_attempt(unit, attempt, "send")


def succeed(unit: Unit, campaign: Campaign, action: SucceedJob) -> None:
    """The step is done; its row of failures is over, and so, perhaps, is the sample that it used."""
    job = unit.session.get_one(Job, action.job_id)
    proposal = unit.session.get_one(Proposal, job.proposal_id)
    key = step_key(proposal.stage, job.name)
    if campaign.failures.get(key):
        campaign.failures = {**campaign.failures, key: {}}
        change_job(unit, job, "succeed", campaign)
    else:
        change_job(unit, job, "succeed")
    if _stage(unit, campaign, proposal).steps[job.step].uses_up_sample:
        _use_up_sample(unit, proposal, job)


def _use_up_sample(unit: Unit, proposal: Proposal, job: Job) -> None:
    _, sample = earlier(unit, proposal, job)
    if sample is not None and SAMPLE.allows(sample.state, "use-up"):
        sample.state = SAMPLE.next(sample.state, "use-up")
        unit.record("sample.use-up", sample, campaign_id=sample.campaign_id, subject=sample.id, job=job.id)


def retry(unit: Unit, campaign: Campaign, action: RetryJob) -> None:
    """Back to waiting, not before a moment."""
    job = unit.session.get_one(Job, action.job_id)
    job.not_before = action.not_before
    job.spent += action.spends
    if action.kind != REPEAT:
        _count_failure(campaign, _key(unit, job), action.kind)
    change_job(unit, job, "retry", campaign, failure=action.kind)


def fail(unit: Unit, campaign: Campaign, action: FailJob) -> None:
    """No further try."""
    job = unit.session.get_one(Job, action.job_id)
    job.failure = action.kind
    if not _called_off(unit, job):
        _count_failure(campaign, _key(unit, job), action.kind)
    change_job(unit, job, "fail", campaign, failure=action.kind)


def _called_off(unit: Unit, job: Job) -> bool:
    """Whether an operator had its last attempt cancelled, which no circuit breaker counts."""
    attempt = unit.session.get(Attempt, job.attempt_id or "")
    return attempt is not None and attempt.state == "cancelled" and attempt.cancel_asked


def _key(unit: Unit, job: Job) -> str:
    return step_key(unit.session.get_one(Proposal, job.proposal_id).stage, job.name)


def _count_failure(campaign: Campaign, step: str, kind: str) -> None:
    counts = campaign.failures.get(step, {})
    campaign.failures = {**campaign.failures, step: {**counts, kind: counts.get(kind, 0) + 1}}


def cancel(unit: Unit, campaign: Campaign, action: CancelJob) -> None:
    """The campaign is aborted."""
    change_job(unit, unit.session.get_one(Job, action.job_id), "cancel")
