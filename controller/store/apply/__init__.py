"""Write what a decision wants: new states, events and outbox rows, in the transaction that decided."""

from collections.abc import Callable
from typing import Any

from controller.loop import actions as wanted
from controller.store.apply import attempts, campaigns, jobs, proposals
from controller.store.tables import Campaign
from controller.store.unit import Unit

_WRITERS: dict[type, Callable[[Unit, Campaign, Any], None]] = {
    wanted.StartIteration: campaigns.start_iteration,
    wanted.StopCampaign: campaigns.stop,
    wanted.EndCampaign: campaigns.end,
    wanted.PauseStep: campaigns.pause_step,
    wanted.ApproveByRule: proposals.approve_by_rule,
    wanted.SubmitForApproval: proposals.submit,
    wanted.ExpireProposal: proposals.expire,
    wanted.CancelProposal: proposals.cancel,
    wanted.CompleteProposal: proposals.complete,
    wanted.FailProposal: proposals.fail,
    wanted.Promote: proposals.promote,
    wanted.Dismiss: proposals.dismiss,
    wanted.OpenJob: jobs.open_job,
    wanted.Dispatch: jobs.dispatch,
    wanted.SucceedJob: jobs.succeed,
    wanted.RetryJob: jobs.retry,
    wanted.FailJob: jobs.fail,
    wanted.CancelJob: jobs.cancel,
    wanted.AskInstrument: attempts.ask,
    wanted.CancelAttempt: attempts.cancel,
    wanted.DoubtAttempt: attempts.doubt,
    wanted.AbandonAttempt: attempts.abandon,
}


def apply(unit: Unit, campaign_id: str, action: wanted.Action) -> None:
    """Carry out one action on the rows."""
    _WRITERS[type(action)](unit, unit.session.get_one(Campaign, campaign_id), action)
