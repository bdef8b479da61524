"""The decision: composes what the things of the loop decide, and says when it wants to be asked again."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from controller.loop.actions import (
    Action,
    CancelJob,
    Dispatch,
    FailJob,
    RetryJob,
    StartIteration,
    SucceedJob,
)
from controller.loop.attempt import UNDER_WAY, decide_attempt, wake_for
from controller.loop.campaign import affordable, decide_campaign, exhausted, time_limit
from controller.loop.job import decide_breakers, decide_job, open_attempts
from controller.loop.occupancy import Occupancy
from controller.loop.promotion import decide_promotions
from controller.loop.proposal import decide_proposal
from controller.loop.view import CampaignView, ProposalView
from controller.spec import windows

LOOK_AT_DISK = timedelta(seconds=30)  # nobody tells when a disk has room again


@dataclass(frozen=True)
class Decision:
    """What to do now, and when to decide again if nothing happens before (None: only when something happens)."""

    actions: list[Action]
    wake_at: datetime | None


def decide(view: CampaignView, now: datetime) -> Decision:
    """Decide one step for each thing that is open. Pure: the same view and time give the same decision."""
    if ending := decide_campaign(view, now) or decide_breakers(view):
        return Decision(ending, None)
    actions: list[Action] = []
    for proposal in view.proposals:
        if proposal.job and proposal.job.attempt and proposal.job.attempt.open:
            actions += decide_attempt(view, proposal, proposal.job.attempt, now)
    actions += _work(view, now)
    # What is promoted takes up room that only the next view shows.
    actions += decide_promotions(view) or _propose(view, now)
    return Decision(actions, _wake_at(view, now))


def _work(view: CampaignView, now: datetime) -> list[Action]:
    actions: list[Action] = []
    occupancy = Occupancy.of(view)
    for proposal in view.proposals:
        concluded = decide_job(view, proposal, proposal.job, now, occupancy) if proposal.job else []
        actions += concluded + decide_proposal(view, _after(proposal, concluded), now, occupancy)
    if any(isinstance(action, (FailJob, RetryJob)) for action in actions):  # it may trip the breaker of a step
        actions = [action for action in actions if not isinstance(action, Dispatch)]
    return actions


def _after(proposal: ProposalView, concluded: list[Action]) -> ProposalView:
    """The proposal as it will be once its job is concluded, so that the next step need not wait for another round."""
    job = proposal.job
    for action in concluded:
        match action:
            case SucceedJob():
                return replace(proposal, job=job and replace(job, state="succeeded"))
            case FailJob(kind=kind):
                return replace(proposal, job=job and replace(job, state="failed", failure=kind))
            case CancelJob():
                return replace(proposal, job=job and replace(job, state="cancelled"))
    return proposal


def _propose(view: CampaignView, now: datetime) -> list[Action]:
    wanted = room(view)
    if view.state != "running" or view.iteration_running or view.halted or wanted < 1 or exhausted(view):
        return []
    return [StartIteration(wanted)] if windows.is_open(view.spec.windows, now) else []


def room(view: CampaignView) -> int:
    """How many further proposals may be made now."""
    budget = view.spec.budget
    free = view.spec.parallel - len(view.proposals)
    left = free if budget.experiments is None else budget.experiments - view.experiments
    wanted, cost = min(free, left, view.spec.strategy.batch or free), view.spec.dearest_entry
    while wanted > 1 and not affordable(view, wanted * cost):
        wanted -= 1
    return max(0, wanted)


def _wake_at(view: CampaignView, now: datetime) -> datetime | None:
    moments = [time_limit(view), *(proposal.deadline for proposal in view.proposals)]
    moments += [proposal.job.not_before for proposal in view.proposals if proposal.job]
    for proposal, attempt in open_attempts(view):
        step = view.stage(proposal.stage).steps[proposal.job.step if proposal.job else 0]
        moments += wake_for(step.timeout, attempt) if attempt.state in UNDER_WAY else ()
    if view.halted:
        moments.append(now + LOOK_AT_DISK)
    if view.state == "running" and not windows.is_open(view.spec.windows, now):
        moments.append(windows.next_edge(view.spec.windows, now))
    return min((moment for moment in moments if moment is not None and moment > now), default=None)
