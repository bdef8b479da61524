"""Rebuild a strategy's request from rows as of the event number that its iteration saw, to-day or in ten years."""

from collections import defaultdict
from typing import Any

from sqlalchemy import or_, select
from sqlmodel import Session, col

from controller.loop.job import OUTSIDE
from controller.spec import Stage
from controller.store.specs import spec_of
from controller.store.tables import Campaign, Iteration, Measurement, Proposal, SpecVersion
from strategies import Request

_ABOUT_THE_CANDIDATE = ("failed-synthesis", "invalid", OUTSIDE)
_UNWANTED = ("rejected", "superseded")  # people said no to it, or put something else in its place


def build_request(session: Session, iteration: Iteration) -> Request:
    """The request of an iteration: every row as it stood at its event, in event order."""
    campaign = session.get_one(Campaign, iteration.campaign_id)
    return request_as_of(session, campaign, iteration.event, iteration.n, iteration.seed)


def request_as_of(session: Session, campaign: Campaign, event: int, n: int = 1, seed: int | None = None) -> Request:
    """What a campaign's strategy is asked as of an event number."""
    spec = spec_of(session, campaign, _version_at(session, campaign.id, event))
    rows = _proposals_at(session, campaign.id, event)
    ended = [row for row in rows if row.ended_event is not None and row.ended_event <= event]
    values = _values_at(session, campaign.id, event)
    return Request.model_validate(
        {
            "space": spec.space.model_dump(),
            "objectives": [each.model_dump() for each in spec.objectives],
            "constraints": [each.model_dump() for each in spec.constraints],
            "stages": [_outline(each) for each in spec.stages],
            "strategy": {"name": spec.strategy.name, "options": spec.strategy.options},
            "observations": [
                {**_about(row), "replicate": row.replicate, "values": values[row.id]}
                for row in sorted(ended, key=lambda row: row.ended_event or 0)
                if row.state == "completed"
            ],
            "failures": [
                {**_about(row), "kind": row.failure}
                for row in sorted(ended, key=lambda row: row.ended_event or 0)
                if row.failure in _ABOUT_THE_CANDIDATE and not (row.cleared_event and row.cleared_event <= event)
            ],
            "pending": [_about(row) for row in rows if row.ended_event is None or row.ended_event > event],
            "rejected": [_about(row) for row in ended if row.state in _UNWANTED],
            "n": n,
            "seed": campaign.seed if seed is None else seed,
            "event": event,
        }
    )


def _outline(stage: Stage) -> dict[str, Any]:
    chosen = stage.promote is not None and stage.promote.rule == "strategy"
    promote = "strategy" if chosen else "rule"
    return {"name": stage.name, "cost": stage.cost, "yields": stage.yields, "promote": promote}


def _about(row: Proposal) -> dict[str, Any]:
    """Ids differ from run to run; a strategy knows a proposal by its number in the campaign."""
    return {"candidate": row.candidate, "stage": row.stage, "proposal": str(row.number), "memory": row.memory}


def _version_at(session: Session, campaign_id: str, event: int) -> int:
    query = select(SpecVersion).where(col(SpecVersion.campaign_id) == campaign_id, col(SpecVersion.event) <= event)
    return session.scalars(query.order_by(col(SpecVersion.version).desc())).first().version  # type: ignore[union-attr]


def _proposals_at(session: Session, campaign_id: str, event: int) -> list[Proposal]:
    query = select(Proposal).where(col(Proposal.campaign_id) == campaign_id, col(Proposal.made_event) <= event)
    return list(session.scalars(query.order_by(col(Proposal.number))))


def _values_at(session: Session, campaign_id: str, event: int) -> dict[str | None, list[dict[str, Any]]]:
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
