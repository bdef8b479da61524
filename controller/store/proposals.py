"""Make proposals: from a strategy, by promotion or by an operator."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from controller.store.chain import canonical, sha256
from controller.store.tables import Campaign, Proposal
from controller.store.unit import Unit

IMPORT = "import"  # who makes the proposals of an imported table

_SHOWN = (
    "candidate",
    "stage",
    "parents",
    "prediction",
    "acquisition",
    "reason",
    "facts",
    "needs_two_people",
    "made_by",
)


def make_proposal(unit: Unit, campaign: Campaign, **fields: Any) -> Proposal:
    """Return a new proposal, numbered and with the digest of what will be shown; the caller records it."""
    campaign.proposals += 1
    proposal = Proposal(
        id=unit.new_id(),
        campaign_id=campaign.id,
        number=campaign.proposals,
        state="proposed",
        replicate=_replicate(unit, campaign.id, fields["stage"], fields["key"]),
        digest="",
        made_event=unit.next_event,
        **fields,
    )
    proposal.digest = shown_digest(proposal)
    unit.session.add(proposal)
    return proposal


def shown_digest(proposal: Proposal) -> str:
    """SHA-256 of what an operator is shown; a decision names it."""
    return sha256(canonical({name: getattr(proposal, name) for name in _SHOWN}))


def _replicate(unit: Unit, campaign_id: str, stage: str, key: str) -> int:
    """How often this candidate has been proposed for this stage, this time included, withdrawn ones apart."""
    withdrawn = ("rejected", "expired", "superseded", "cancelled")
    query = select(func.count()).where(
        col(Proposal.campaign_id) == campaign_id,
        col(Proposal.stage) == stage,
        col(Proposal.key) == key,
        col(Proposal.state).not_in(withdrawn),
    )
    return (unit.session.scalar(query) or 0) + 1


def approval_deadline(unit: Unit, seconds: float | None) -> Any:
    """The moment at which an undecided proposal expires, if there is one."""
    return None if seconds is None else unit.now + timedelta(seconds=seconds)
