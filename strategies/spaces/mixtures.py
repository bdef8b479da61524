"""Mixtures: amounts of components that add up to a total exactly."""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from pydantic import Field, model_validator

from strategies.spaces.lattice import Lattice
from strategies.spaces.parameters import Continuous, ParameterName, Section
from strategies.units import UnitName

FINEST_STEPS = 10**12  # of the total, where there is no resolution


class Mixture(Section):
    """Components `of` a mixture, numbers of sum `total`, each between `low` and `high` (None: the total).

    With `resolution`, amounts are multiples of it. From `at_least` to `at_most` components are above 0 (k of n), each
    of these at least `smallest`.
    """

    of: list[ParameterName] = Field(min_length=2, max_length=1000)
    total: float = Field(default=1.0, gt=0, le=1e100)
    low: float = Field(default=0.0, ge=0, le=1e100)
    high: float | None = Field(default=None, gt=0, le=1e100)
    resolution: float | None = Field(default=None, gt=0)
    at_most: int | None = Field(default=None, ge=1)
    at_least: int = Field(default=1, ge=1)
    smallest: float | None = Field(default=None, gt=0)
    unit: UnitName = "dimensionless"

    @model_validator(mode="after")
    def _possible(self) -> "Mixture":
        if len(set(self.of)) != len(self.of):
            raise ValueError("components must be distinct")
        if self.low >= self.upper:
            raise ValueError(f"low ({self.low:g}) must be below high ({self.upper:g})")
        if self.upper > self.total:
            raise ValueError(f"high ({self.upper:g}) must not be above total ({self.total:g})")
        if self.low > 0 and (self.at_most is not None or self.smallest is not None):
            raise ValueError("where low is above 0 all components are present: at_most and smallest have no use")
        if self.at_most is not None and not self.at_least <= self.at_most <= len(self.of):
            raise ValueError(f"at_most ({self.at_most}) must lie between at_least and the number of components")
        if self.at_least > len(self.of):
            raise ValueError(f"at_least ({self.at_least}) is more than there are components")
        for name in ("total", "low", "high", "smallest"):
            value = getattr(self, name)
            if self.resolution is not None and value is not None and _steps(value, self.resolution) is None:
                raise ValueError(f"{name} ({value:g}) must be a multiple of resolution ({self.resolution:g})")
        if not self.lattice().counts():
            raise ValueError("no amounts between the bounds add up to the total")
        return self

    @property
    def upper(self) -> float:
        """The largest amount of a component."""
        return self.total if self.high is None else self.high

    def component(self) -> Continuous:
        """What each component alone may be."""
        return _component(self.low, self.upper, self.unit, self.resolution)

    def lattice(self) -> Lattice:
        """The amounts as whole numbers of steps."""
        least = self.low if self.low > 0 else self.smallest
        return _lattice(
            len(self.of), self.total, least, self.upper, self.resolution, self.low > 0, self.at_least, self.at_most
        )

    def steps(self, values: Mapping[str, float | int | str]) -> list[float]:
        """The components' amounts as numbers of steps, not rounded."""
        step = self.lattice().step
        return [float(values[name]) / step for name in self.of]

    def amounts(self, point: list[int]) -> dict[str, float]:
        """The amount of each component at a point of the lattice."""
        lattice = self.lattice()
        return {name: lattice.amount(steps) for name, steps in zip(self.of, point, strict=True)}

    def faults(self, values: Mapping[str, float | int | str]) -> list[str]:
        """Why these amounts are none of the mixture's, in words; float rounding is forgiven."""
        shown = ", ".join(self.of[:3]) + (", ..." if len(self.of) > 3 else "")
        return [f"mixture of {shown}: {fault}" for fault in self.lattice().faults(self.rounded(values))]

    def rounded(self, values: Mapping[str, float | int | str]) -> list[int]:
        """Amounts as whole numbers of steps; of a sum that float arithmetic missed the largest takes up the rest."""
        lattice = self.lattice()
        point = [round(number) for number in self.steps(values)]
        missing = lattice.total - sum(point)
        if self.resolution is None and abs(missing) <= 1e-9 * FINEST_STEPS:
            point[point.index(max(point))] += missing
        return point


def _steps(value: float, resolution: float) -> int | None:
    quotient = Decimal(repr(value)) / Decimal(repr(resolution))
    return int(quotient) if quotient == quotient.to_integral_value() else None


@lru_cache(maxsize=256)
def _component(low: float, high: float, unit: str, resolution: float | None) -> Continuous:
    return Continuous(type="continuous", low=low, high=high, unit=unit, resolution=resolution)


@lru_cache(maxsize=256)
def _lattice(
    n: int,
    total: float,
    least: float | None,
    upper: float,
    resolution: float | None,
    all_present: bool,
    at_least: int,
    at_most: int | None,
) -> Lattice:
    step = resolution if resolution is not None else total / FINEST_STEPS
    fewest, most = (n, n) if all_present else (at_least, n if at_most is None else at_most)
    return Lattice(
        n=n,
        step=step,
        total=round(total / step),
        smallest=max(1, round((least or 0.0) / step)),
        largest=round(upper / step),
        fewest=fewest,
        most=most,
    )
