"""What is wanted: objectives and outcome constraints."""

import math
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from strategies.units import UnitName

GoalName = Literal["maximize", "minimize", "value", "target", "level-set", "explore"]
MAPPING = ("level-set", "explore")  # goals that want to know the property everywhere, not the best of it
_GIVEN = {"value": "value", "level-set": "level"}  # what a goal takes


class Desirability(BaseModel):
    """How desirable a value is, from 0 to 1 (Derringer and Suich 1980): linear between `low` and `high`.

    Maximize: 0 at `low` and below, 1 at `high` and above; minimize the other way round; value: 1 at the value, 0 at
    `low` and `high` and beyond. `weight` is the exponent in the geometric mean over all objectives.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    low: float
    high: float
    weight: float = Field(default=1.0, gt=0, le=1000)

    @model_validator(mode="after")
    def _ordered(self) -> "Desirability":
        if self.low >= self.high:
            raise ValueError(f"low ({self.low:g}) must be below high ({self.high:g})")
        return self


class Objective(BaseModel):
    """What is wanted of a property: as much or as little as can be, one `value`, a target region, or a map of it.

    `reference` is the worst value worth having (the reference point of the hypervolume). A target region is `low` to
    `high`; either bound may be absent. Goal `level-set` seeks where the property crosses `level` (a phase boundary),
    `explore` wants to know it everywhere. With a `desirability` on all objectives these become one score.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    property: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")
    goal: GoalName
    unit: UnitName = "dimensionless"
    reference: float | None = None
    low: float | None = None
    high: float | None = None
    value: float | None = None
    level: float | None = None
    desirability: Desirability | None = None

    @model_validator(mode="after")
    def _has_what_its_goal_takes(self) -> "Objective":
        bounds = [bound for bound in (self.low, self.high) if bound is not None]
        if (self.goal == "target") != bool(bounds):
            raise ValueError("goal 'target' takes low and/or high; 'maximize', 'minimize' and the others take neither")
        if len(bounds) == 2 and bounds[0] >= bounds[1]:
            raise ValueError(f"low ({bounds[0]:g}) must be below high ({bounds[1]:g})")
        for goal, name in _GIVEN.items():
            if (self.goal == goal) != (getattr(self, name) is not None):
                raise ValueError(f"goal {goal!r} takes {name!r}, and no other goal does")
        if self.goal in MAPPING and self.reference is not None:
            raise ValueError(f"goal {self.goal!r} has no worst value worth having; leave `reference` out")
        return self

    @model_validator(mode="after")
    def _desirability_fits(self) -> "Objective":
        if self.desirability is None:
            return self
        if self.goal not in ("maximize", "minimize", "value"):
            raise ValueError(f"goal {self.goal!r} takes no desirability; maximize, minimize and value do")
        if self.value is not None and not self.desirability.low < self.value < self.desirability.high:
            raise ValueError(f"the value ({self.value:g}) must lie between the desirability's low and high")
        return self

    def merit(self, value: float) -> float:
        """A number of which more is better: of a value or a region minus the distance to it; 0 where all is alike."""
        if self.goal == "explore":
            return 0.0
        if self.goal in ("maximize", "minimize"):
            return value if self.goal == "maximize" else -value
        low, high = self.region()
        return -max(low - value, value - high, 0.0)

    def region(self) -> tuple[float, float]:
        """What is to be hit, from low to high: a target region, a value or a level; either may be infinite."""
        if self.goal == "target":
            low = float("-inf") if self.low is None else self.low
            return low, float("inf") if self.high is None else self.high
        wanted = self.value if self.goal == "value" else self.level
        if wanted is None:
            raise ValueError(f"goal {self.goal!r} has no region")
        return wanted, wanted

    def desirable(self, value: float) -> float:
        """How desirable a value is (0 to 1); raises `ValueError` without a `desirability`."""
        if self.desirability is None:
            raise ValueError(f"objective {self.property} has no desirability")
        low, high = self.desirability.low, self.desirability.high
        rising, falling = (value - low) / (high - low), (high - value) / (high - low)
        if self.value is not None:
            rising, falling = (value - low) / (self.value - low), (high - value) / (high - self.value)
            return min(max(min(rising, falling), 0.0), 1.0)
        return min(max(rising if self.goal == "maximize" else falling, 0.0), 1.0)


def is_scored(objectives: Sequence[Objective]) -> bool:
    """Whether the objectives are one score, the geometric mean of their desirabilities."""
    return bool(objectives) and all(objective.desirability is not None for objective in objectives)


def merits(objectives: Sequence[Objective], values: Sequence[float]) -> tuple[float, ...]:
    """Numbers of which more is better: one for each objective, or the one score of desirabilities (0 to 1)."""
    if not is_scored(objectives):
        return tuple(objective.merit(value) for objective, value in zip(objectives, values, strict=True))
    desirable = [objective.desirable(value) for objective, value in zip(objectives, values, strict=True)]
    if min(desirable) == 0:
        return (0.0,)
    logarithm = sum(weight * math.log(each) for weight, each in zip(weights(objectives), desirable, strict=True))
    return (math.exp(logarithm),)


def weights(objectives: Sequence[Objective]) -> list[float]:
    """The exponents of the desirabilities, which add up to 1; raises `ValueError` where one has none."""
    found = [objective.desirability.weight for objective in objectives if objective.desirability is not None]
    if len(found) < len(objectives):
        raise ValueError(fault_together(objectives) or "the objectives have no desirability")
    return [weight / sum(found) for weight in found]


def fault_together(objectives: Sequence[Objective]) -> str | None:
    """Why objectives, each of them right by itself, cannot be pursued together; None where they can."""
    goals = {objective.goal for objective in objectives}
    scored = sum(objective.desirability is not None for objective in objectives)
    if 0 < scored < len(objectives):
        without = next(each.property for each in objectives if each.desirability is None)
        return f"a desirability must stand on all objectives or on none; {without} has none"
    if "explore" in goals and len(goals) > 1:
        return "goal 'explore' goes with no other goal"
    if "level-set" in goals and len(objectives) > 1:
        return "goal 'level-set' must be the only objective"
    return None


class OutcomeConstraint(BaseModel):
    """A measured property that must stay at or below, or at or above, a limit."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    property: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")
    comparison: Literal["<=", ">="]
    value: float
    unit: UnitName = "dimensionless"
