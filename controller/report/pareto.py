"""What a campaign has tried, one row per experiment, and which of it is best: what no other one dominates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from controller.loop.progress import last_stage
from controller.report.course import Experiment, course
from controller.store.specs import spec_of
from controller.store.tables import Campaign, Proposal


@dataclass(frozen=True)
class Tried:
    """An experiment (see `loop.progress`) with its candidate."""

    candidate: dict[str, Any]
    key: str
    number: int
    values: dict[str, float]
    merits: tuple[float, ...] | None
    best: bool


def tried(session: Session, campaign: Campaign) -> list[Tried]:
    """All experiments of a campaign, in the order in which they ended."""
    rows = course(session, campaign.id).experiments
    best = front(rows)
    query = select(col(Proposal.id), col(Proposal.candidate), col(Proposal.key)).where(
        col(Proposal.campaign_id) == campaign.id,
        col(Proposal.state) == "completed",
        col(Proposal.stage) == last_stage(spec_of(session, campaign)),
    )
    candidates = {row.id: (row.candidate, row.key) for row in session.execute(query)}
    return [
        Tried(*candidates[row.proposal], row.number, row.values, row.merits, place in best)
        for place, row in enumerate(rows)
        if row.proposal in candidates  # the course may know of later ones than this session sees
    ]


def front(rows: Sequence[Experiment]) -> set[int]:
    """Places of the experiments that no other one dominates; of equal ones the first."""
    from strategies.optimize.pareto import non_dominated

    places = [place for place, row in enumerate(rows) if row.merits is not None]
    if not places:
        return set()
    merits = [rows[place].merits or () for place in places]
    kept = non_dominated(merits, ["maximize"] * len(merits[0]))
    return {place for place, is_best in zip(places, kept, strict=True) if is_best}
