"""At which stages a strategy may enter a candidate, and what that costs.

A stage whose candidates the strategy itself puts forward for the next one ends a level; what a rule promotes stays
within one. A campaign without such a stage has one level: candidates enter at its first stage and go on by rules.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from strategies.request import Request, StageOutline

MOST_TIMES = 50.0  # no level counts as cheaper than this share of the dearest: free points would be asked for ever


@dataclass(frozen=True)
class Level:
    """Stages that follow each other by rules; a proposal for the first of them enters the level."""

    stages: tuple[StageOutline, ...]

    @property
    def entry(self) -> str:
        """The stage that its proposals are for."""
        return self.stages[0].name

    @property
    def names(self) -> list[str]:
        """Its stages."""
        return [stage.name for stage in self.stages]

    @property
    def cost(self) -> float:
        """What one candidate costs that passes all its stages."""
        return sum(stage.cost for stage in self.stages)


def levels_of(request: Request) -> list[Level]:
    """The levels in order, the last one the truth; raises `ValueError` where the request names no stage."""
    if not request.stages:
        raise ValueError("the request names no stage")
    runs: list[list[StageOutline]] = [[]]
    for stage in request.stages:
        runs[-1].append(stage)
        if stage.promote == "strategy":
            runs.append([])
    return [Level(tuple(run)) for run in runs if run]


def relative_costs(levels: Sequence[Level]) -> list[float]:
    """Cost of each level in units of the last one's; all 1 where that one is free."""
    dear = levels[-1].cost
    return [max(level.cost / dear, 1.0 / MOST_TIMES) if dear > 0 else 1.0 for level in levels]


def level_of(levels: Sequence[Level], stage: str) -> int:
    """The place of the level that a stage belongs to; the last for one that none has."""
    return next((place for place, level in enumerate(levels) if stage in level.names), len(levels) - 1)


def dear_stages(levels: Sequence[Level], name: str) -> list[str] | None:
    """The stages whose values of a property are predicted: the last level's, if it yields it; None: whatever has."""
    last = levels[-1]
    return last.names if len(levels) > 1 and any(name in stage.yields for stage in last.stages) else None
