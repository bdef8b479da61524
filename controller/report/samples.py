"""Samples, the latest first, as they are looked for: by name, place, state or campaign."""

from typing import Any

from sqlalchemy import or_, select
from sqlmodel import Session, col

from controller.report.lists import as_dict
from controller.store.tables import Attempt, Campaign, Proposal, Sample

Plain = dict[str, Any]


def samples(session: Session, wanted: str, *, limit: int) -> list[Plain]:
    """The latest samples that hold a text in their name, place, state or campaign, or were made from such a one."""
    query = (
        select(Sample, Campaign, Proposal, col(Attempt.ended_at))
        .join(Campaign, col(Campaign.id) == col(Sample.campaign_id))
        .join(Attempt, col(Attempt.id) == col(Sample.id))
        .join(Proposal, col(Proposal.id) == col(Attempt.proposal_id))
        .order_by(col(Sample.id).desc())
        .limit(limit)
    )
    if wanted:
        searched = (Sample.name, Sample.place, Sample.state, Campaign.name)
        query = query.where(or_(*(col(each).icontains(wanted, autoescape=True) for each in searched)))
    return [
        {
            **as_dict(sample, "id", "name", "place", "state", "parents", "simulated"),
            "campaign": campaign.name,
            "number": proposal.number,
            "candidate": proposal.candidate,
            "made_at": None if ended is None else ended.isoformat(),
        }
        for sample, campaign, proposal, ended in session.execute(query).all()
    ]
