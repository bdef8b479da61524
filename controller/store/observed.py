"""What a campaign had measured as of an event number."""

from collections import defaultdict
from typing import Any

from sqlalchemy import or_, select
from sqlmodel import Session, col

from controller.spec import Campaign as Spec
from controller.store.specs import spec_of
from controller.store.tables import Campaign, Measurement, Proposal, SpecVersion


def spec_at(session: Session, campaign: Campaign, event: int) -> Spec | None:
    """The spec in force at an event; None before the campaign began."""
    query = select(SpecVersion).where(col(SpecVersion.campaign_id) == campaign.id, col(SpecVersion.event) <= event)
    row = session.scalars(query.order_by(col(SpecVersion.version).desc())).first()
    return None if row is None else spec_of(session, campaign, row.version)


def proposals_at(session: Session, campaign_id: str, event: int) -> list[Proposal]:
    """The proposals that had been made."""
    query = select(Proposal).where(col(Proposal.campaign_id) == campaign_id, col(Proposal.made_event) <= event)
    return list(session.scalars(query.order_by(col(Proposal.number))))


def ended_at(rows: list[Proposal], event: int) -> list[Proposal]:
    """Those that had ended, in the order in which they did."""
    ended = [row for row in rows if row.ended_event is not None and row.ended_event <= event]
    return sorted(ended, key=lambda row: row.ended_event or 0)


def values_at(session: Session, campaign_id: str, event: int) -> dict[str | None, list[dict[str, Any]]]:
    """Measured values of each proposal, corrections in the place of what they replace."""
    query = select(Measurement).where(
        col(Measurement.campaign_id) == campaign_id,
        col(Measurement.event) <= event,
        col(Measurement.late).is_(False),
        or_(col(Measurement.replaced_event).is_(None), col(Measurement.replaced_event) > event),
    )
    values: dict[str | None, list[dict[str, Any]]] = defaultdict(list)
    for row in session.scalars(
        query.order_by(col(Measurement.event), col(Measurement.channel), col(Measurement.place))
    ):
        values[row.proposal_id].append(
            {
                "property": row.property,
                "value": row.value,
                "standard_error": row.standard_error,
                "status": row.status,
            }
        )
    return values
