"""The life of a proposal: approved by rule or by people, then carried through the steps of its stage."""

from datetime import datetime
from typing import TYPE_CHECKING

from controller.loop.actions import (
    Action,
    ApproveByRule,
    CancelProposal,
    CompleteProposal,
    ExpireProposal,
    FailProposal,
    OpenJob,
    SubmitForApproval,
)
from controller.loop.job import dispatch, job_id
from controller.loop.occupancy import Occupancy
from controller.loop.transitions import Transitions
from controller.loop.view import CampaignView, JobView, ProposalView

if TYPE_CHECKING:
    from controller.spec import Stage

PROPOSAL = Transitions(
    "proposal",
    "proposed",
    {
        "proposed": {
            "submit": "awaiting-approval",
            "approve": "approved",
            "supersede": "superseded",
            "cancel": "cancelled",
        },
        "awaiting-approval": {
            "approve": "approved",
            "reject": "rejected",
            "expire": "expired",
            "supersede": "superseded",
            "cancel": "cancelled",
        },
        "approved": {"start": "running", "supersede": "superseded", "cancel": "cancelled"},
        "running": {"complete": "completed", "fail": "failed", "cancel": "cancelled"},
        "rejected": {},
        "expired": {},
        "superseded": {},
        "cancelled": {},
        "completed": {},
        "failed": {},
    },
)


def decide_proposal(view: CampaignView, proposal: ProposalView, now: datetime, occupancy: Occupancy) -> list[Action]:
    """Take one proposal one step further, if it can go."""
    if view.state == "aborting" or (view.state == "stopping" and proposal.state != "running"):
        return [] if proposal.attempts_open else [CancelProposal(proposal.id)]
    if proposal.state == "running":
        return _carry_on(view, proposal, now, occupancy)
    if proposal.state == "awaiting-approval" and proposal.deadline is not None and now >= proposal.deadline:
        return [ExpireProposal(proposal.id)]
    if view.state != "running":
        return []
    if proposal.state == "proposed":
        asked = _ask_for_approval(view, proposal)
        return [asked, *_begin(view, proposal, now, occupancy)] if isinstance(asked, ApproveByRule) else [asked]
    return _begin(view, proposal, now, occupancy) if proposal.state == "approved" else []


def _begin(view: CampaignView, proposal: ProposalView, now: datetime, occupancy: Occupancy) -> list[Action]:
    if not occupancy.has_room(view, proposal.stage):
        return []
    occupancy.proposals[proposal.stage] += 1
    return _open(view, proposal, 0, now, occupancy)


def _ask_for_approval(view: CampaignView, proposal: ProposalView) -> Action:
    approval = view.stage(proposal.stage).approval
    if approval.policy == "auto" and not proposal.needs_two_people and not unmet_rules(view, proposal):
        names = ", ".join(rule.name for rule in approval.rules) or "auto"
        return ApproveByRule(proposal.id, names)
    return SubmitForApproval(proposal.id, approval.deadline)


def unmet_rules(view: CampaignView, proposal: ProposalView) -> list[str]:
    """Names of the rules of the stage that the facts of this proposal do not meet; a missing fact does not meet."""
    return [
        rule.name
        for rule in view.stage(proposal.stage).approval.rules
        if (fact := proposal.facts.get(rule.kind)) is None or fact > rule.value
    ]


def _carry_on(view: CampaignView, proposal: ProposalView, now: datetime, occupancy: Occupancy) -> list[Action]:
    job = proposal.job
    if job is None or job.state not in ("succeeded", "failed", "cancelled"):
        return []
    if job.state != "succeeded":
        return [FailProposal(proposal.id, job.failure or job.state)]
    if job.step + 1 < len(view.stage(proposal.stage).steps):
        return _open(view, proposal, job.step + 1, now, occupancy)
    return [CompleteProposal(proposal.id)]


def _open(view: CampaignView, proposal: ProposalView, step: int, now: datetime, occupancy: Occupancy) -> list[Action]:
    """Begin a step, and give it to a resource at once if one is free."""
    job = JobView(job_id(proposal.id, step), step, "waiting", tries=0)
    return [OpenJob(proposal.id, step), *dispatch(view, proposal, job, now, occupancy)]


def people_needed(stage: "Stage", needs_two_people: bool) -> int:
    """How many different users must approve."""
    return 2 if needs_two_people or stage.approval.policy == "two-people" else 1
