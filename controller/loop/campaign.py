"""The life of a campaign: what ends it, and whether it may begin something new."""

from datetime import datetime, timedelta

from controller.loop.actions import Action, EndCampaign, StopCampaign
from controller.loop.transitions import Transitions
from controller.loop.view import CampaignView

CAMPAIGN = Transitions(
    "campaign",
    "running",
    {
        "running": {
            "pause": "paused",
            "stop": "stopping",
            "abort": "aborting",
            "complete": "completed",
            "restore": "paused",
        },
        "paused": {"resume": "running", "stop": "stopping", "abort": "aborting", "restore": "paused"},
        "stopping": {"abort": "aborting", "end": "stopped", "restore": "paused"},
        "aborting": {"end": "aborted", "restore": "paused"},
        "completed": {},
        "stopped": {},
        "aborted": {},
    },
)


def decide_campaign(view: CampaignView, now: datetime) -> list[Action]:
    """Stopping comes first: end what has nothing left to do, stop what has reached a limit."""
    if view.state in ("stopping", "aborting"):
        return [] if view.proposals or view.iteration_running else [EndCampaign("end", view.reason or "by an operator")]
    if view.state != "running":
        return []
    if (reached := stop_reached(view, now)) is not None:
        return [reached]
    if exhausted(view) and not (view.proposals or view.finished or view.iteration_running):
        return [EndCampaign("complete", exhausted(view) or "")]
    return []


def exhausted(view: CampaignView) -> str | None:
    """Say which budget lets no further experiment begin; what has begun goes on."""
    budget = view.spec.budget
    if view.pool_exhausted:
        return "every candidate of the space has been tried"
    if budget.experiments is not None and view.experiments >= budget.experiments:
        return f"budget of {budget.experiments} experiments is used"
    if budget.cost is not None and not affordable(view, view.spec.dearest_entry):
        return f"budget of {budget.cost:g} cost units has no room for another experiment"
    return None


def affordable(view: CampaignView, cost: float) -> bool:
    """Whether the budget has room for something of this cost beside what has been begun."""
    budget, used = view.spec.budget.cost, view.cost + view.cost_ahead
    # A rounding error in a sum of costs must not forbid the last experiment.
    return budget is None or (used < budget and used + cost <= budget * (1 + 1e-9))


def stop_reached(view: CampaignView, now: datetime) -> StopCampaign | None:
    """Say which deadline or stopping rule has been reached."""
    budget = view.spec.budget
    if (ends := time_limit(view)) is not None and now >= ends:
        if budget.deadline is not None and ends == budget.deadline:
            return StopCampaign("deadline", "deadline has passed")
        return StopCampaign("wall_time", "wall time is used")
    told = ((rule.rule, rule.reached(view.progress)) for rule in view.spec.stop)
    return next((StopCampaign(name, reason) for name, reason in told if reason is not None), None)


def time_limit(view: CampaignView) -> datetime | None:
    """The earlier of the deadline and the end of the wall time."""
    budget = view.spec.budget
    limits = [budget.deadline] if budget.deadline else []
    if budget.wall_time is not None:
        limits.append(view.started_at + timedelta(seconds=budget.wall_time))
    return min(limits, default=None)
