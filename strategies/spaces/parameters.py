"""What one parameter may be: numbers, ordered labels, labels without order."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from strategies.spaces.descriptors import Descriptors
from strategies.units import UnitName

ParameterName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
Label = Annotated[str, Field(min_length=1, max_length=1000)]
Scale = Literal["linear", "log"]

# Sums and squares of such numbers stay finite, and no property of the real world is larger in its own unit.
LARGEST = 1e100
FINEST = 1e-12
Moderate = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]


class Section(BaseModel):
    """A part of a space: unknown keys and numbers that are not finite are refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Continuous(Section):
    """A real number between `low` and `high`; with `resolution`, snapped to low + k * resolution.

    On scale `log` ratios count, not differences: it is sampled and modelled by its logarithm.
    """

    type: Literal["continuous"]
    low: Moderate
    high: Moderate
    unit: UnitName = "dimensionless"
    resolution: float | None = Field(default=None, gt=0)
    scale: Scale = "linear"

    @model_validator(mode="after")
    def _ordered(self) -> "Continuous":
        if self.low >= self.high:
            raise ValueError(f"low ({self.low:g}) must be below high ({self.high:g})")
        if self.resolution is not None and self.resolution < (self.high - self.low) * FINEST:
            raise ValueError(f"resolution ({self.resolution:g}) is finer than {FINEST:g} of the range")
        if self.scale == "log" and self.low <= 0:
            raise ValueError(f"on scale log, low ({self.low:g}) must be above 0")
        return self


class Integer(Section):
    """A whole number from `low` to `high`, both included."""

    type: Literal["integer"]
    low: int
    high: int
    unit: UnitName = "dimensionless"

    @model_validator(mode="after")
    def _ordered(self) -> "Integer":
        if self.low >= self.high:
            raise ValueError(f"low ({self.low}) must be below high ({self.high})")
        return self


class Discrete(Section):
    """One of some numbers; their order and distance count (on scale `log`: their ratios)."""

    type: Literal["discrete"]
    values: list[Moderate] = Field(min_length=2)
    unit: UnitName = "dimensionless"
    scale: Scale = "linear"

    @model_validator(mode="after")
    def _distinct(self) -> "Discrete":
        if len(set(self.values)) != len(self.values):
            raise ValueError("values must be distinct")
        if self.scale == "log" and min(self.values) <= 0:
            raise ValueError(f"on scale log, all values must be above 0, not {min(self.values):g}")
        return self


class Ordinal(Section):
    """One of some labels in order, from lowest to highest; the steps between them count alike."""

    type: Literal["ordinal"]
    choices: list[Label] = Field(min_length=2)

    @model_validator(mode="after")
    def _distinct(self) -> "Ordinal":
        if len(set(self.choices)) != len(self.choices):
            raise ValueError("choices must be distinct")
        return self


class Categorical(Section):
    """One of some labels without order; `descriptors` say in numbers what is alike."""

    type: Literal["categorical"]
    choices: list[Label] = Field(min_length=2)
    descriptors: Descriptors | None = None

    @model_validator(mode="after")
    def _distinct(self) -> "Categorical":
        if len(set(self.choices)) != len(self.choices):
            raise ValueError("choices must be distinct")
        if self.descriptors is not None:
            self.descriptors.check(self.choices)
        return self


Labelled = Categorical | Ordinal
Parameter = Annotated[Continuous | Integer | Discrete | Ordinal | Categorical, Field(discriminator="type")]
