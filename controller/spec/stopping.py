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
    """Stop when measured values of an objective's property (in the objective's unit) are good enough.

    `times` different candidates must be: one may owe it to the noise.
    """

    rule: Literal["target_reached"]
    property: Name
    comparison: Literal["<=", ">="]
    value: float
    times: int = Field(default=1, ge=1, le=1000)

    def asks(self) -> str:
        """What it asks of a candidate; under this text `progress["good"]` counts them."""
        return f"{self.property} {self.comparison} {self.value!r}"

    def good(self, value: float) -> bool:
        """Whether a value is good enough."""
        return value >= self.value if self.comparison == ">=" else value <= self.value

    def reached(self, progress: Mapping[str, Any]) -> str | None:
        """Say that it is reached; reads `progress["best"]`, property -> best value, and keys in `progress["good"]`."""
        best = progress.get("best", {}).get(self.property)
        if best is None or not self.good(best):
            return None
        said = f"{self.property} has reached {best:g} ({self.comparison} {self.value:g})"
        if self.times == 1:
            return said
        count = len(progress.get("good", {}).get(self.asks(), ()))
        return f"{said}, {count} candidates are that good" if count >= self.times else None


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


class HypervolumeStalled(Section):
    """Stop when `experiments` in a row raised the hypervolume by no more than `share` of itself, all together.

    They are counted from the first experiment that lies beyond the reference points: before it there is none to raise.
    """

    rule: Literal["hypervolume_stalled"]
    experiments: int = Field(ge=1, le=10_000)
    share: float = Field(default=0.01, ge=0, lt=1)

    def reached(self, progress: Mapping[str, Any]) -> str | None:
        """Say that it is reached; reads `progress["volumes"]`, the hypervolume after each experiment."""
        volumes = progress.get("volumes", [])[-1 - self.experiments :]
        if len(volumes) <= self.experiments or volumes[0] <= 0:
            return None
        gain = volumes[-1] - volumes[0]
        if gain > self.share * volumes[0]:
            return None
        return f"hypervolume has risen by {gain / volumes[0]:.2%} in {self.experiments} experiments"


class ExpectedGain(Section):
    """Stop when the strategy expects no proposal to gain its cost: `in_a_row` iterations expect less than `less_than`.

    Both are in the objective's unit. An iteration that expects nothing in numbers, such as one of the initial design,
    breaks the row.
    """

    rule: Literal["expected_gain"]
    less_than: float = Field(gt=0)
    in_a_row: int = Field(default=3, ge=1, le=1000)

    def reached(self, progress: Mapping[str, Any]) -> str | None:
        """Say that it is reached; reads `progress["expected"]`, what each of the last iterations expected to gain."""
        expected = progress.get("expected", [])[-self.in_a_row :]
        if len(expected) < self.in_a_row or max(expected) >= self.less_than:
            return None
        often = f"{self.in_a_row} iterations in a row expect" if self.in_a_row > 1 else "the last iteration expects"
        return f"{often} to gain at most {max(expected):.3g} (less than {self.less_than:g})"


StoppingRule = Annotated[
    TargetReached | NoImprovement | Hypervolume | HypervolumeStalled | ExpectedGain, Field(discriminator="rule")
]
