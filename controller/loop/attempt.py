"""The life of an attempt: at most once in matter, exactly once in the record.

An attempt is committed before it is published. It ends only when the instrument's journal or an operator says so, or
where the step's `on_unknown` is `retry`.
"""

from datetime import datetime, timedelta

from controller.loop.actions import AbandonAttempt, Action, AskInstrument, CancelAttempt, DoubtAttempt
from controller.loop.transitions import Transitions
from controller.loop.view import AttemptView, CampaignView, ProposalView

_ENDS = {"analyse": "analysing", "succeed": "succeeded", "fail": "failed", "abandon": "abandoned"}
_ANSWERS = {**_ENDS, "refuse": "refused", "expire": "expired", "cancel": "cancelled", "doubt": "doubtful"}

ATTEMPT = Transitions(
    "attempt",
    "created",
    {
        # A crash between publication and its record leaves `created`: any answer is possible.
        "created": {"send": "sent", "accept": "accepted", "run": "running", **_ANSWERS},
        "sent": {"accept": "accepted", "run": "running", "deny": "created", **_ANSWERS},
        "accepted": {"accept": "accepted", "run": "running", **_ANSWERS},
        "running": {"run": "running", **_ANSWERS},
        # What the journal says all the same ends the doubt.
        "doubtful": {
            "accept": "accepted",
            "run": "running",
            "refuse": "refused",
            "expire": "expired",
            "cancel": "cancelled",
            **_ENDS,
        },
        # Its result is there; what its files say is still to be read, by us.
        "analysing": {"succeed": "succeeded", "fail": "failed", "doubt": "doubtful"},
        "succeeded": {},
        "failed": {},
        "refused": {},
        "expired": {},
        "cancelled": {},
        "abandoned": {},
    },
)

UNDER_WAY = ("created", "sent", "accepted", "running")  # takes up room at its resource

ANSWER_GRACE = timedelta(seconds=5)
ASK_AGAIN = timedelta(seconds=10)


def decide_attempt(view: CampaignView, proposal: ProposalView, attempt: AttemptView, now: datetime) -> list[Action]:
    """Ask after what is silent, doubt what stays silent, cancel what is aborted."""
    if attempt.state == "analysing":
        return []
    step = view.stage(proposal.stage).steps[proposal.job.step if proposal.job else 0]
    if attempt.state == "doubtful":
        return [AbandonAttempt(attempt.id, attempt.doubt or "lost")] if view.state == "aborting" else []
    if attempt.unknown:
        return [_give_up(step.on_unknown, attempt, attempt.unknown)]
    if view.state == "aborting" and not attempt.cancel_asked:
        return [CancelAttempt(attempt.id)]
    if now >= attempt.deadline + grace(step.timeout):
        return [_give_up(step.on_unknown, attempt, "no answer within the time limit of the step")]
    there = view.resources.get(attempt.resource)
    if there is not None and there.present and now >= ask_at(attempt):  # one that comes back is asked anyway
        return [AskInstrument(attempt.id)]
    return []


def _give_up(on_unknown: str, attempt: AttemptView, why: str) -> Action:
    return AbandonAttempt(attempt.id, why) if on_unknown == "retry" else DoubtAttempt(attempt.id, why)


def grace(timeout: float) -> timedelta:
    """How long after its deadline an attempt may still be answered before it is in doubt."""
    return timedelta(seconds=max(30.0, 0.5 * timeout))


def ask_at(attempt: AttemptView) -> datetime:
    """When to ask the instrument for news: soon after silence on a request, later after the deadline."""
    first = attempt.made_at + ANSWER_GRACE if attempt.state == "sent" else attempt.deadline
    return max(first, attempt.asked_at + ASK_AGAIN) if attempt.asked_at else first


def wake_for(step_timeout: float, attempt: AttemptView) -> tuple[datetime, datetime]:
    """When this attempt wants to be looked at: to ask, and to give up where nobody could be asked."""
    return ask_at(attempt), attempt.deadline + grace(step_timeout)
