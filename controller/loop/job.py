"""The life of a job: one step for one approved proposal, tried until it succeeds or its tries are used up."""

from datetime import datetime, timedelta

from controller.loop.actions import Action, CancelJob, Dispatch, FailJob, PauseStep, RetryJob, SucceedJob
from controller.loop.occupancy import Occupancy
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
OUTSIDE = "outside-limits"  # of an instrument or the site: it was not sent, and would not be another time
REPEAT = "repeat"  # an operator's wish, which is no failure
RETRY_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = 60 * RETRY_PAUSE


def job_id(proposal_id: str, step: int) -> str:
    """A proposal has one job for each step, counted from 1."""
    return f"{proposal_id}-{step + 1}"


def step_key(stage: str, step: str) -> str:
    """What names a step in the whole campaign; its own name is unique within its stage only."""
    return f"{stage}/{step}"


def decide_job(
    view: CampaignView, proposal: ProposalView, job: JobView, now: datetime, occupancy: Occupancy
) -> list[Action]:
    """Draw the conclusion from the job's last attempt, or send the next one."""
    if job.state == "active":
        return _conclude(view, proposal, job, now)
    if job.state != "waiting":
        return []
    if view.state == "aborting":
        return [CancelJob(job.id)]
    return dispatch(view, proposal, job, now, occupancy)


def _conclude(view: CampaignView, proposal: ProposalView, job: JobView, now: datetime) -> list[Action]:
    attempt = job.attempt
    if attempt is None or attempt.open:
        return []
    if attempt.state == "succeeded":
        return [SucceedJob(job.id)]
    if view.state == "aborting":
        return [CancelJob(job.id)]
    kind = attempt.failure or "lost"
    again = now + min(RETRY_PAUSE * job.tries, LONGEST_PAUSE)
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

    Outside an abort only an attempt that the journal had denied is cancelled, or one that an operator called off: that
    one is `final`, and not asked about here.
    """
    return attempt.state in ("expired", "refused") or (attempt.state == "cancelled" and attempt.cancel_asked)


def dispatch(
    view: CampaignView, proposal: ProposalView, job: JobView, now: datetime, occupancy: Occupancy
) -> list[Action]:
    """Give a waiting job to a resource, if one is free."""
    step = view.stage(proposal.stage).steps[job.step]
    begun = view.state == "running" or (view.state == "stopping" and proposal.state == "running")
    paused = view.halted or step_key(proposal.stage, step.name) in view.paused_steps
    # A pause that ends later than any pause can was begun before the clock was set back.
    waits = job.not_before is not None and now < job.not_before <= now + LONGEST_PAUSE
    if not begun or paused or waits:
        return []
    if (chosen := occupancy.free(view, step.resources)) is None:
        return []
    occupancy.attempts[chosen] += 1
    return [Dispatch(job.id, chosen)]


def decide_breakers(view: CampaignView) -> list[Action]:
    """Pause each step that has failed too often in a row in one way."""
    steps = {step_key(stage.name, step.name): step for stage in view.spec.stages for step in stage.steps}
    tripped = {
        name: kind
        for name, step in steps.items()
        if name not in view.paused_steps
        for kind, count in view.failures.get(name, {}).items()
        if count >= step.breaker
    }
    return [PauseStep(name, kind) for name, kind in tripped.items()]


def open_attempts(view: CampaignView) -> list[tuple[ProposalView, AttemptView]]:
    """Attempts whose end is not known yet."""
    return [(p, p.job.attempt) for p in view.proposals if p.job and p.job.attempt and p.job.attempt.open]
