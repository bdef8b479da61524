"""Actions on proposals."""

from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from controller.loop.actions import (
    ApproveByRule,
    CancelProposal,
    CompleteProposal,
    Dismiss,
    ExpireProposal,
    FailProposal,
    Promote,
    SubmitForApproval,
)
from controller.loop.progress import advance, expect, gathered, last_stage, look_back
from controller.store.change import change_proposal
from controller.store.proposals import IMPORT, approval_deadline, make_proposal
from controller.store.specs import spec_of
from controller.store.tables import Campaign, Iteration, Proposal
from controller.store.unit import Unit
from controller.store.views import mean_values, mean_values_of


def approve_by_rule(unit: Unit, campaign: Campaign, action: ApproveByRule) -> None:
    """Record the approval with the name of the rule that gave it."""
    proposal = unit.session.get_one(Proposal, action.proposal_id)
    proposal.rule = action.rule
    change_proposal(unit, proposal, "approve", rule=action.rule)


def submit(unit: Unit, campaign: Campaign, action: SubmitForApproval) -> None:
    """Wait for people."""
    proposal = unit.session.get_one(Proposal, action.proposal_id)
    proposal.deadline = approval_deadline(unit, action.deadline)
    change_proposal(unit, proposal, "submit")


def expire(unit: Unit, campaign: Campaign, action: ExpireProposal) -> None:
    """Nobody decided in time; the experiment goes back to the budget."""
    withdraw(unit, campaign, unit.session.get_one(Proposal, action.proposal_id), "expire")


def cancel(unit: Unit, campaign: Campaign, action: CancelProposal) -> None:
    """The campaign ends before it."""
    withdraw(unit, campaign, unit.session.get_one(Proposal, action.proposal_id), "cancel")


def withdraw(unit: Unit, campaign: Campaign, proposal: Proposal, event: str, actor: str | None = None) -> None:
    """End a proposal that was never carried out, and give its place in the budget back."""
    if counts_as_experiment(unit, campaign, proposal) and proposal.state != "running":
        campaign.experiments -= 1
    campaign.exhausted = False  # its candidate may be proposed again
    change_proposal(unit, proposal, event, campaign, actor=actor)


def counts_as_experiment(unit: Unit, campaign: Campaign, proposal: Proposal) -> bool:
    """A candidate counts when it is put forward for a stage that nothing is promoted to by rule: mostly the first."""
    return spec_of(unit.session, campaign).is_entry(proposal.stage)


def complete(unit: Unit, campaign: Campaign, action: CompleteProposal) -> None:
    """The stage ended well: update the progress, and leave it to the `promote` rule if a stage follows."""
    proposal = unit.session.get_one(Proposal, action.proposal_id)
    spec = spec_of(unit.session, campaign)
    if proposal.stage == last_stage(spec):
        proposal.promotion = "last"
        campaign.progress = advance(campaign.progress, spec, proposal.key, _values(unit, proposal))
    change_proposal(unit, proposal, "complete", campaign)


def judge_anew(unit: Unit, campaign: Campaign) -> None:
    """Work out the best again from all that was measured: a value has been corrected, or what is wanted amended."""
    spec = spec_of(unit.session, campaign)
    columns = (Proposal.id, Proposal.key, Proposal.parents, Proposal.stage, Proposal.made_by)
    query = select(*(col(each) for each in columns)).where(
        col(Proposal.campaign_id) == campaign.id, col(Proposal.state) == "completed"
    )
    rows = unit.session.execute(query.order_by(col(Proposal.ended_event), col(Proposal.number))).all()
    completed: dict[str, Any] = {row.id: row for row in rows}
    measured = mean_values_of(unit.session, campaign.id)
    progress: dict[str, Any] = {}
    for row in rows:
        if row.stage == last_stage(spec):
            values = gathered(completed[row.id], completed.get, lambda key: measured.get(key, {}))
            progress = advance(progress, spec, row.key, values, imported=row.made_by == IMPORT)
    for report in latest_reports(unit.session, campaign, look_back(spec)):
        progress = expect(progress, spec, report)
    campaign.progress = progress


def latest_reports(session: Session, campaign: Campaign, count: int) -> list[dict[str, Any]]:
    """What the last iterations that were answered said of themselves, the latest last."""
    if not count:
        return []
    query = select(col(Iteration.report)).where(
        col(Iteration.campaign_id) == campaign.id, col(Iteration.state) == "done"
    )
    return list(session.scalars(query.order_by(col(Iteration.number).desc()).limit(count)))[::-1]


def _values(unit: Unit, proposal: Proposal) -> dict[str, float]:
    return gathered(
        proposal,
        lambda name: _completed(unit.session.get(Proposal, name)),
        lambda key: mean_values(unit.session, key),
    )


def _completed(proposal: Proposal | None) -> Proposal | None:
    return proposal if proposal is not None and proposal.state == "completed" else None


def fail(unit: Unit, campaign: Campaign, action: FailProposal) -> None:
    """A step failed for good; the candidate goes no further."""
    proposal = unit.session.get_one(Proposal, action.proposal_id)
    proposal.failure = action.kind
    campaign.exhausted = False  # unless it failed for good, the candidate is still open
    change_proposal(unit, proposal, "fail", campaign, failure=action.kind)


def promote(unit: Unit, campaign: Campaign, action: Promote) -> None:
    """Propose the same candidate for the next stage; the next stage's own rule must approve it."""
    done = unit.session.get_one(Proposal, action.proposal_id)
    stages = spec_of(unit.session, campaign).stages
    following = stages[[stage.name for stage in stages].index(done.stage) + 1]
    done.promotion = "promoted"
    proposal = make_proposal(
        unit,
        campaign,
        stage=following.name,
        key=done.key,
        candidate=done.candidate,
        parents=[done.id],
        prediction=done.prediction,
        acquisition=done.acquisition,
        reason=f"ended well at {done.stage}",
        memory=done.memory,
        facts={**done.facts, "cost": following.cost},
        needs_two_people=done.needs_two_people,
        made_by=f"promotion from {done.stage}",
    )
    unit.record("proposal.promote", done, proposal, campaign, campaign_id=campaign.id, subject=proposal.id)


def dismiss(unit: Unit, campaign: Campaign, action: Dismiss) -> None:
    """The rule does not promote it."""
    done = unit.session.get_one(Proposal, action.proposal_id)
    done.promotion = "dismissed"
    unit.record("proposal.dismiss", done, campaign_id=campaign.id, subject=done.id)
