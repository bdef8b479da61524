"""What `decide` can want: plain messages that can be logged, counted and dry-run before anything moves."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class StartIteration:
    """Ask the strategy for `n` proposals."""

    n: int


@dataclass(frozen=True)
class StopCampaign:
    """A deadline or stopping rule is reached: begin nothing new, let finish what runs.

    `rule` is the rule's name as in the campaign file, or `wall_time` or `deadline` of its budget.
    """

    rule: str
    reason: str


@dataclass(frozen=True)
class EndCampaign:
    """Nothing is left to do; `event` is complete or end."""

    event: str
    reason: str


@dataclass(frozen=True)
class ApproveByRule:
    """The stage's rules approve this proposal; `rule` names them."""

    proposal_id: str
    rule: str


@dataclass(frozen=True)
class SubmitForApproval:
    """People must decide, within `deadline` seconds if given."""

    proposal_id: str
    deadline: float | None


@dataclass(frozen=True)
class ExpireProposal:
    """Nobody decided in time."""

    proposal_id: str


@dataclass(frozen=True)
class CancelProposal:
    """The campaign ends before this proposal began, or while it was aborted."""

    proposal_id: str


@dataclass(frozen=True)
class OpenJob:
    """Begin a step of an approved proposal."""

    proposal_id: str
    step: int


@dataclass(frozen=True)
class CompleteProposal:
    """The last step has succeeded."""

    proposal_id: str


@dataclass(frozen=True)
class FailProposal:
    """A step has failed for good."""

    proposal_id: str
    kind: str


@dataclass(frozen=True)
class Promote:
    """Propose the same candidate for the next stage."""

    proposal_id: str


@dataclass(frozen=True)
class Dismiss:
    """The stage's rule does not promote this one."""

    proposal_id: str


@dataclass(frozen=True)
class Dispatch:
    """Make an attempt for this job at this resource."""

    job_id: str
    resource: str


@dataclass(frozen=True)
class SucceedJob:
    """The attempt has given what the step yields."""

    job_id: str


@dataclass(frozen=True)
class RetryJob:
    """Try once more, not before a moment; `spends` one of the step's retries."""

    job_id: str
    kind: str
    not_before: datetime
    spends: bool = True


@dataclass(frozen=True)
class FailJob:
    """No further try."""

    job_id: str
    kind: str


@dataclass(frozen=True)
class CancelJob:
    """The campaign is aborted."""

    job_id: str


@dataclass(frozen=True)
class PauseStep:
    """Circuit breaker: too many failures of one kind in a row."""

    step: str
    kind: str


@dataclass(frozen=True)
class AskInstrument:
    """Send `report-attempts` for this attempt."""

    attempt_id: str


@dataclass(frozen=True)
class CancelAttempt:
    """Send `cancel` for this attempt."""

    attempt_id: str


@dataclass(frozen=True)
class DoubtAttempt:
    """Nobody but an operator can say what became of it."""

    attempt_id: str
    why: str


@dataclass(frozen=True)
class AbandonAttempt:
    """Give it up without knowing its end; a result that comes all the same is kept and marked late."""

    attempt_id: str
    why: str


Action = (
    StartIteration
    | StopCampaign
    | EndCampaign
    | ApproveByRule
    | SubmitForApproval
    | ExpireProposal
    | CancelProposal
    | OpenJob
    | CompleteProposal
    | FailProposal
    | Promote
    | Dismiss
    | Dispatch
    | SucceedJob
    | RetryJob
    | FailJob
    | CancelJob
    | PauseStep
    | AskInstrument
    | CancelAttempt
    | DoubtAttempt
    | AbandonAttempt
)
