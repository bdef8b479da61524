"""The search space as it stands in the campaign file."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from strategies.spaces.linear import LinearConstraint, parse_linear
from strategies.units import UnitName

ParameterName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]


# Sums and squares of such numbers stay finite, and no property of the real world is larger in its own unit.
LARGEST = 1e100
FINEST = 1e-12
Moderate = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Continuous(_Section):
    """A real number between `low` and `high`; with `resolution`, snapped to low + k * resolution."""

    type: Literal["continuous"]
    low: Moderate
    high: Moderate
    unit: UnitName = "dimensionless"
    resolution: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _ordered(self) -> "Continuous":
        if self.low >= self.high:
            raise ValueError(f"low ({self.low:g}) must be below high ({self.high:g})")
        if self.resolution is not None and self.resolution < (self.high - self.low) * FINEST:
            raise ValueError(f"resolution ({self.resolution:g}) is finer than {FINEST:g} of the range")
        return self


class Integer(_Section):
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


class Discrete(_Section):
    """One of some numbers; their order and distance count."""

    type: Literal["discrete"]
    values: list[Moderate] = Field(min_length=2)
    unit: UnitName = "dimensionless"

    @model_validator(mode="after")
    def _distinct(self) -> "Discrete":
        if len(set(self.values)) != len(self.values):
            raise ValueError("values must be distinct")
        return self


class Categorical(_Section):
    """One of some labels without order."""

    type: Literal["categorical"]
    choices: list[Annotated[str, Field(min_length=1, max_length=1000)]] = Field(min_length=2)

    @model_validator(mode="after")
    def _distinct(self) -> "Categorical":
        if len(set(self.choices)) != len(self.choices):
            raise ValueError("choices must be distinct")
        return self


Parameter = Annotated[Continuous | Integer | Discrete | Categorical, Field(discriminator="type")]


class Pool(_Section):
    """Candidates listed in a CSV file with a header line.

    `columns` are the columns that are the parameters; the others are ignored. `label` names the column that tells rows
    apart for people. `file` stands in the campaign file; `sha256` is set once the file is stored.
    """

    file: str
    columns: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field(min_length=1)
    label: str | None = None
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")

    @model_validator(mode="after")
    def _distinct(self) -> "Pool":
        if len(set(self.columns)) != len(self.columns):
            raise ValueError("columns must be distinct")
        if self.label in self.columns:
            raise ValueError(f"label column {self.label!r} cannot be a parameter too")
        return self


class Space(_Section):
    """Parameters with linear constraints, or a `pool` whose columns are the parameters.

    `kind` is the candidate kind. `constraints` are linear, such as `2 * a + b <= 3`, over numeric parameters, each in
    its own unit. With a pool, `parameters` may give a column its unit and type; a column without one is a number
    without unit if all its cells are numbers, and a category otherwise.
    """

    kind: Literal["conditions"] = "conditions"
    parameters: dict[ParameterName, Parameter] = {}
    constraints: list[str] = []
    pool: Pool | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "Space":
        if self.pool is None and not self.parameters:
            raise ValueError("a space needs parameters or a pool")
        if self.pool is not None:
            unknown = [name for name in self.parameters if name not in self.pool.columns]
            if unknown:
                raise ValueError(f"parameter {unknown[0]!r} is no column of the pool ({', '.join(self.pool.columns)})")
        self.linear_constraints()
        return self

    def names(self) -> list[str]:
        """The parameters in order: the pool's columns, or as declared."""
        return list(self.pool.columns if self.pool is not None else self.parameters)

    def numeric_names(self) -> list[str]:
        """Parameters that may stand in a linear constraint (of a pool: all that are not declared categorical)."""
        return [name for name in self.names() if not isinstance(self.parameters.get(name), Categorical)]

    def unit(self, name: str) -> str:
        """The parameter's unit (`dimensionless` for categories and undeclared pool columns)."""
        parameter = self.parameters.get(name)
        return "dimensionless" if parameter is None or isinstance(parameter, Categorical) else parameter.unit

    def linear_constraints(self) -> list[LinearConstraint]:
        """The constraints, parsed; raises `ValueError` naming what is unknown or not linear."""
        names = self.numeric_names()
        return [parse_linear(text, names) for text in self.constraints]
