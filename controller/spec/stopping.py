"""What a campaign may spend and when it has reached its goal."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from controller.spec.fields import Name, Seconds, Section


class Budget(Section):
    """Nothing new begins beyond any of these; `wall_time` in seconds since the start, `deadline` with its time zone."""

    experiments: int | None = Field(default=None, ge=1, le=10_000_000)
    cost: float | None = Field(default=None, gt=0)
    wall_time: Seconds | None = None
    deadline: AwareDatetime | None = None

    @property
    def is_limited(self) -> bool:
        """Whether anything is limited."""
        return any(limit is not None for limit in (self.experiments, self.cost, self.wall_time, self.deadline))


class TargetReached(Section):
    """Stop when the best measured value of an objective's property (in the objective's unit) is good enough."""

    rule: Literal["target_reached"]
    property: Name
    comparison: Literal["<=", ">="]
    value: float

    def reached(self, progress: Mapping[str, Any]) -> str | None:
        """Say that it is reached; reads `progress["best"]`, property -> best value so far."""
        best = progress.get("best", {}).get(self.property)
        if best is None or (best < self.value if self.comparison == ">=" else best > self.value):
            return None
        return f"{self.property} has reached {best:g} ({self.comparison} {self.value:g})"


class NoImprovement(Section):
    """Stop after this many experiments in a row that improved nothing."""

    rule: Literal["no_improvement"]
    experiments: int = Field(ge=1)

    def reached(self, progress: Mapping[str, Any]) -> str | None:
        """Say that it is reached; reads `progress["without_improvement"]`, experiments since the last improvement."""
        count = progress.get("without_improvement", 0)
        return f"no improvement in {count} experiments" if count >= self.experiments else None


class Hypervolume(Section):
    """Stop when the hypervolume over the objectives' reference points is at least `value`."""

    rule: Literal["hypervolume"]
    value: float = Field(gt=0)

    def reached(self, progress: Mapping[str, Any]) -> str | None:
        """Say that it is reached; reads `progress["hypervolume"]`."""
        volume = progress.get("hypervolume")
        return None if volume is None or volume < self.value else f"hypervolume has reached {volume:g}"


StoppingRule = Annotated[TargetReached | NoImprovement | Hypervolume, Field(discriminator="rule")]
