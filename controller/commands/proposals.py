"""Decisions of people about proposals."""

from collections.abc import Collection

from sqlalchemy import select
from sqlmodel import Session, col

from controller.access.actors import Actor, Role
from controller.commands.errors import Conflict, DoneAlready
from controller.commands.lookup import find, in_words
from controller.loop.proposal import people_needed
from controller.store import Unit
from controller.store.apply.proposals import withdraw
from controller.store.change import change_proposal
from controller.store.specs import spec_of
from controller.store.tables import ApprovalDecision, Campaign, Proposal

_UNDONE = ("rejected", "expired", "superseded", "cancelled")  # whoever had approved it is told of that as others are


def approve(unit: Unit, actor: Actor, proposal_id: str, digest: str, why: str | None = None) -> Proposal:
    """Approve what was shown; where two people are needed, the second one's approval counts."""
    earlier = _approvals(unit.session, proposal_id)
    proposal = _awaiting(unit.session, actor, proposal_id, digest, earlier)
    needed = _needed(unit.session, proposal)
    if needed > 1 and actor.name in _own_work(unit.session, proposal):
        raise Conflict(f"{actor.name} put this proposal forward; it takes two other people")
    if actor.name in earlier:
        raise Conflict(f"{actor.name} has approved this already; it takes another person")
    decision = _decision(unit, actor, proposal, "approve", why)
    if len(earlier) + 1 < needed:
        unit.record(
            "proposal.first-approval",
            decision,
            campaign_id=proposal.campaign_id,
            subject=proposal.id,
            actor=actor.name,
        )
        return proposal
    proposal.rule = None
    change_proposal(unit, proposal, "approve", decision, actor=actor.name, why=why)
    return proposal


def reject(unit: Unit, actor: Actor, proposal_id: str, digest: str, why: str) -> Proposal:
    """Reject what was shown; its place in the budget is free again."""
    proposal = _awaiting(unit.session, actor, proposal_id, digest)
    decision = _decision(unit, actor, proposal, "reject", why)
    unit.record(
        "proposal.rejection", decision, campaign_id=proposal.campaign_id, subject=proposal.id, actor=actor.name, why=why
    )
    withdraw(unit, unit.session.get_one(Campaign, proposal.campaign_id), proposal, "reject", actor=actor.name)
    return proposal


def clear_failure(unit: Unit, actor: Actor, proposal_id: str, why: str) -> Proposal:
    """Let a candidate be proposed again whose synthesis failed or that was invalid; later requests leave it out."""
    actor.require(Role.OPERATOR)
    proposal = find(unit.session, Proposal, proposal_id)
    if proposal.state != "failed" or proposal.cleared_event is not None:
        raise Conflict(f"{in_words(unit.session, proposal)} has no failure that could be cleared")
    proposal.cleared_event = unit.next_event
    campaign = unit.session.get_one(Campaign, proposal.campaign_id)
    campaign.exhausted = False
    unit.record(
        "proposal.clear",
        proposal,
        campaign,
        campaign_id=proposal.campaign_id,
        subject=proposal.id,
        actor=actor.name,
        why=why,
    )
    return proposal


def _awaiting(
    session: Session, actor: Actor, proposal_id: str, digest: str, approved_by: Collection[str] = ()
) -> Proposal:
    """What is to be decided about, as it was shown; `approved_by` may well ask for the same once more."""
    actor.require(Role.OPERATOR)
    proposal = find(session, Proposal, proposal_id)
    name = in_words(session, proposal)
    if proposal.state != "awaiting-approval":
        if actor.name in approved_by and proposal.digest == digest and proposal.state not in _UNDONE:
            raise DoneAlready(f"you have approved {name} already: it is {proposal.state}")
        raise Conflict(f"{name} has been decided already: it is {proposal.state}")
    if proposal.digest != digest:
        raise Conflict(f"{name} is not what was shown (digest differs); look at it again")
    return proposal


def _approvals(session: Session, proposal_id: str) -> set[str]:
    query = select(ApprovalDecision).where(
        col(ApprovalDecision.proposal_id) == proposal_id, col(ApprovalDecision.verdict) == "approve"
    )
    return {row.user for row in session.scalars(query)}


def _needed(session: Session, proposal: Proposal) -> int:
    spec = spec_of(session, session.get_one(Campaign, proposal.campaign_id))
    stage = next(stage for stage in spec.stages if stage.name == proposal.stage)
    return people_needed(stage, proposal.needs_two_people)


def _own_work(session: Session, proposal: Proposal) -> set[str]:
    """Whoever injected or edited this proposal or any that it comes from."""
    names: set[str] = set()
    waiting = [proposal.id]
    while waiting:
        row = session.get(Proposal, waiting.pop())
        if row is not None:
            if row.iteration_id is None:  # a strategy is nobody
                names.add(row.made_by)
            waiting += row.parents
    return names


def _decision(unit: Unit, actor: Actor, proposal: Proposal, verdict: str, why: str | None) -> ApprovalDecision:
    return ApprovalDecision(
        id=unit.new_id(),
        proposal_id=proposal.id,
        user=actor.name,
        verdict=verdict,
        digest=proposal.digest,
        why=why,
        at=unit.now,
    )
