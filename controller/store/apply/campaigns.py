"""Actions on the campaign itself."""

from controller.loop import ITERATION
from controller.loop.actions import EndCampaign, PauseStep, StartIteration, StopCampaign
from controller.store.change import change_campaign
from controller.store.tables import Campaign, Iteration
from controller.store.unit import Unit


def start_iteration(unit: Unit, campaign: Campaign, action: StartIteration) -> None:
    """Make the iteration's row, its seed and the event as of which its request is built."""
    campaign.iterations += 1
    campaign.iterating = True
    iteration = Iteration(
        id=unit.new_id(),
        campaign_id=campaign.id,
        number=campaign.iterations,
        state=ITERATION.initial,
        n=action.n,
        seed=campaign.seed,  # one sequence for the whole campaign: strategies go on in it by what stands in the request
        event=unit.next_event,
    )
    unit.record("iteration.start", campaign, iteration, campaign_id=campaign.id, subject=iteration.id, n=action.n)
    unit.outbox("propose", campaign.id, iteration=iteration.id)


def stop(unit: Unit, campaign: Campaign, action: StopCampaign) -> None:
    """Begin nothing new; what runs may finish."""
    campaign.reason = f"rule {action.rule}: {action.reason}"
    change_campaign(unit, campaign, "stop", rule=action.rule, reason=action.reason)


def end(unit: Unit, campaign: Campaign, action: EndCampaign) -> None:
    """Nothing is left to do."""
    campaign.reason = action.reason
    change_campaign(unit, campaign, action.event, reason=action.reason)


def pause_step(unit: Unit, campaign: Campaign, action: PauseStep) -> None:
    """The circuit breaker: no further dispatch of this step until an operator resumes the campaign."""
    campaign.paused_steps = sorted({*campaign.paused_steps, action.step})
    unit.record(
        "step.pause", campaign, campaign_id=campaign.id, subject=action.step, why=f"repeated failure: {action.kind}"
    )
