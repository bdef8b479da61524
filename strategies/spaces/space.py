"""The search space as it stands in the campaign file."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from strategies.spaces.linear import LinearConstraint, parse_linear
from strategies.spaces.parameters import Labelled, Parameter, ParameterName, Section


class Pool(Section):
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


class Space(Section):
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
        """Parameters that may stand in a linear constraint (of a pool: all that are not declared as labels)."""
        return [name for name in self.names() if not isinstance(self.parameter(name), Labelled)]

    def parameter(self, name: str) -> Parameter | None:
        """What is declared of a name; None for a bare column of a pool."""
        return self.parameters.get(name)

    def unit(self, name: str) -> str:
        """The parameter's unit (`dimensionless` for labels and undeclared pool columns)."""
        parameter = self.parameter(name)
        return "dimensionless" if parameter is None or isinstance(parameter, Labelled) else parameter.unit

    def linear_constraints(self) -> list[LinearConstraint]:
        """The constraints, parsed; raises `ValueError` naming what is unknown or not linear."""
        names = self.numeric_names()
        return [parse_linear(text, names) for text in self.constraints]
