"""The life of a job: one step for one approved proposal, tried until it succeeds or its tries are used up."""

from datetime import datetime, timedelta

from controller.loop.actions import Action, CancelJob, Dispatch, FailJob, PauseStep, RetryJob, SucceedJob
from controller.loop.transitions import Transitions
from controller.loop.view import AttemptView, CampaignView, JobView, ProposalView

JOB = Transitions(
    "job",
    "waiting",
    {
        "waiting": {"dispatch": "active", "cancel": "cancelled", "fail": "failed"},
        "active": {"succeed": "succeeded", "fail": "failed", "retry": "waiting", "cancel": "cancelled"},
        "succeeded": {},
        "failed": {},
        "cancelled": {},
    },
)

# Outcomes that say something about the candidate: trying again would only spend material.
ABOUT_THE_CANDIDATE = frozenset({"failed-synthesis", "invalid"})
RETRY_PAUSE = timedelta(seconds=1)


def decide_job(view: CampaignView, proposal: ProposalView, job: JobView, now: datetime) -> list[Action]:
    """Draw the conclusion from the job's last attempt, or send the next one."""
    if job.state == "active":
        return _conclude(view, proposal, job, now)
    if job.state != "waiting":
        return []
    if view.state == "aborting":
        return [CancelJob(job.id)]
    return _dispatch(view, proposal, job, now)


def _conclude(view: CampaignView, proposal: ProposalView, job: JobView, now: datetime) -> list[Action]:
    attempt = job.attempt
    if attempt is None or attempt.open:
        return []
    if attempt.state == "succeeded":
        return [SucceedJob(job.id)]
    if view.state == "aborting":
        return [CancelJob(job.id)]
    kind = attempt.failure or "lost"
    step = view.stage(proposal.stage).steps[job.step]
    if attempt.repeat or (kind not in ABOUT_THE_CANDIDATE and not attempt.final and job.tries <= step.retries):
        return [RetryJob(job.id, kind, now + RETRY_PAUSE * min(job.tries, 60))]
    return [FailJob(job.id, kind)]


def _dispatch(view: CampaignView, proposal: ProposalView, job: JobView, now: datetime) -> list[Action]:
    step = view.stage(proposal.stage).steps[job.step]
    begun = view.state == "running" or (view.state == "stopping" and proposal.state == "running")
    if not begun or view.halted or step.name in view.paused_steps or (job.not_before and now < job.not_before):
        return []
    free = [name for name in step.instruments if (there := view.instruments.get(name)) and there.takes(view.simulated)]
    if not free:
        return []
    # The least busy one; among equals the first in the campaign file.
    chosen = min(free, key=lambda name: view.instruments[name].busy)
    return [Dispatch(job.id, chosen)]


def decide_breakers(view: CampaignView) -> list[Action]:
    """Pause each step that has failed too often in a row in one way."""
    steps = {
        step.name: step for stage in view.spec.stages for step in stage.steps if step.name not in view.paused_steps
    }
    tripped = {
        name: kind
        for name, step in steps.items()
        for kind, count in view.failures.get(name, {}).items()
        if count >= step.breaker
    }
    return [PauseStep(name, kind) for name, kind in tripped.items()]


def open_attempts(view: CampaignView) -> list[tuple[ProposalView, AttemptView]]:
    """Attempts whose end is not known yet."""
    return [(p, p.job.attempt) for p in view.proposals if p.job and p.job.attempt and p.job.attempt.open]
