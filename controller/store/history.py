"""Rebuild a strategy's request from rows as of the event number that its iteration saw, to-day or in ten years."""

from typing import Any

from sqlmodel import Session

from controller.loop.job import OUTSIDE
from controller.spec import Stage
from controller.store.observed import ended_at, proposals_at, spec_at, values_at
from controller.store.sources import sources_at
from controller.store.tables import Campaign, Iteration, Proposal
from strategies import Request

_ABOUT_THE_CANDIDATE = ("failed-synthesis", "invalid", OUTSIDE)
_UNWANTED = ("rejected", "superseded")  # people said no to it, or put something else in its place


def build_request(session: Session, iteration: Iteration) -> Request:
    """The request of an iteration: every row as it stood at its event, in event order."""
    campaign = session.get_one(Campaign, iteration.campaign_id)
    return request_as_of(session, campaign, iteration.event, iteration.n, iteration.seed)


def request_as_of(session: Session, campaign: Campaign, event: int, n: int = 1, seed: int | None = None) -> Request:
    """What a campaign's strategy is asked as of an event number."""
    spec = spec_at(session, campaign, event)
    if spec is None:
        raise LookupError(f"campaign {campaign.name} began after event {event}")
    rows = proposals_at(session, campaign.id, event)
    ended = ended_at(rows, event)
    pending = [row for row in rows if row.ended_event is None or row.ended_event > event]
    values = values_at(session, campaign.id, event)
    return Request.model_validate(
        {
            "space": spec.space.model_dump(),
            "objectives": [each.model_dump() for each in spec.objectives],
            "constraints": [each.model_dump() for each in spec.constraints],
            "stages": [_outline(each) for each in spec.stages],
            "strategy": {"name": spec.strategy.name, "options": spec.strategy.options},
            "observations": [
                {**_about(row), "replicate": row.replicate, "values": values[row.id]}
                for row in ended
                if row.state == "completed"
            ],
            "failures": [
                {**_about(row), "kind": row.failure}
                for row in ended
                if row.failure in _ABOUT_THE_CANDIDATE and not (row.cleared_event and row.cleared_event <= event)
            ],
            "pending": [_about(row) for row in pending],
            "rejected": [_about(row) for row in sorted(ended, key=lambda row: row.number) if row.state in _UNWANTED],
            "sources": sources_at(session, spec, event),
            **({"transfer": spec.transfer.method} if spec.transfer else {}),
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
