"""What a campaign has tried, one row per candidate, and which of it is best: the Pareto set of the measured means."""

from collections import defaultdict
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from controller.loop.progress import feasible, merit
from controller.spec import Campaign as Spec
from controller.store.specs import spec_of
from controller.store.tables import Campaign, Measurement, Proposal


@dataclass(frozen=True)
class Tried:
    """A candidate that went through the last stage: the proposals' numbers, and the mean of each measured property."""

    candidate: dict[str, Any]
    numbers: tuple[int, ...]
    values: dict[str, float]
    best: bool  # in the Pareto set of the measured values


def tried(session: Session, campaign: Campaign) -> list[Tried]:
    """All candidates of a campaign with measured values of the last stage, in order of first completion."""
    spec = spec_of(session, campaign)
    proposals: dict[str, list[Any]] = defaultdict(list)
    query = select(col(Proposal.id), col(Proposal.number), col(Proposal.key), col(Proposal.candidate)).where(
        col(Proposal.campaign_id) == campaign.id,
        col(Proposal.state) == "completed",
        col(Proposal.stage) == spec.stages[-1].name,
    )
    for row in session.execute(query.order_by(col(Proposal.ended_event))):
        proposals[row.key].append(row)
    measured = _measured(session, campaign.id)
    means = [_means([measured[row.id] for row in rows]) for rows in proposals.values()]
    return [
        Tried(rows[0].candidate, tuple(row.number for row in rows), values, best)
        for rows, values, best in zip(proposals.values(), means, _best(spec, means), strict=True)
    ]


def _measured(session: Session, campaign_id: str) -> dict[str | None, list[tuple[str, float]]]:
    """What counts of each proposal, property and value: neither late nor replaced by a correction."""
    query = select(col(Measurement.proposal_id), col(Measurement.property), col(Measurement.value)).where(
        col(Measurement.campaign_id) == campaign_id,
        col(Measurement.late).is_(False),
        col(Measurement.replaced_event).is_(None),
    )
    found: dict[str | None, list[tuple[str, float]]] = defaultdict(list)
    for proposal, name, value in session.execute(query.order_by(col(Measurement.event), col(Measurement.id))):
        found[proposal].append((name, value))
    return found


def _means(measured: list[list[tuple[str, float]]]) -> dict[str, float]:
    values: dict[str, list[float]] = defaultdict(list)
    for name, value in (each for rows in measured for each in rows):
        values[name].append(value)
    return {name: fmean(each) for name, each in values.items()}


def _best(spec: Spec, rows: list[dict[str, float]]) -> list[bool]:
    """Which rows are complete, keep the outcome constraints and are dominated by no other such row."""
    from strategies.optimize.pareto import non_dominated

    names = [objective.property for objective in spec.objectives]
    places = [place for place, row in enumerate(rows) if set(names) <= set(row) and feasible(spec, row)]
    merits = [[merit(spec, index, rows[place][name]) for index, name in enumerate(names)] for place in places]
    front = non_dominated(merits, ["maximize"] * len(names))
    best = {place for place, kept in zip(places, front, strict=True) if kept}
    return [place in best for place in range(len(rows))]
