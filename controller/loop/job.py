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
REPEAT = "repeat"  # an operator's wish, which is no failure
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
    again = now + RETRY_PAUSE * min(job.tries, 60)
    if attempt.repeat:
        return [RetryJob(job.id, REPEAT, again, spends=False)]
    if attempt.final or kind in ABOUT_THE_CANDIDATE:
        return [FailJob(job.id, kind)]
    if never_ran(attempt):  # without end, but for the breaker
        return [RetryJob(job.id, kind, again, spends=False)]
    if job.spent < view.stage(proposal.stage).steps[job.step].retries:
        return [RetryJob(job.id, kind, again)]
    return [FailJob(job.id, kind)]


def never_ran(attempt: AttemptView) -> bool:
    """Whether the instrument has said that it never began and never will.

    Outside an abort only an attempt that the journal had denied is cancelled.
    """
    return attempt.state in ("expired", "refused") or (attempt.state == "cancelled" and attempt.cancel_asked)


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
