"""The search space as it stands in the campaign file."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from strategies.spaces.chemistry import check_elements
from strategies.spaces.linear import LinearConstraint, numbers_of, parse_linear
from strategies.spaces.mixtures import Mixture
from strategies.spaces.parameters import Labelled, Parameter, ParameterName, Section
from strategies.spaces.rules import Rule, check_rule


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
    """Parameters and mixtures with constraints and rules, or a `pool` whose columns are the parameters.

    `kind` is the candidate kind; of kind mixture (amounts on a `basis`) and composition (of elements) the components
    are those of the one mixture, and the other parameters stand beside them. `constraints` are linear, such as
    `2 * a + b <= 3`, over numeric parameters, each in its own unit. With a pool, `parameters` may give a column its
    unit and type; a column without one is a number without unit if all its cells are numbers, and a category otherwise.
    """

    kind: Literal["conditions", "mixture", "composition"] = "conditions"
    basis: Literal["mole", "mass", "volume"] | None = None
    parameters: dict[ParameterName, Parameter] = {}
    mixtures: list[Mixture] = Field(default=[], max_length=20)
    constraints: list[str] = []
    rules: list[Rule] = Field(default=[], max_length=1000)
    pool: Pool | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "Space":
        if self.pool is None and not self.parameters and not self.mixtures:
            raise ValueError("a space needs parameters or a pool")
        if self.pool is not None:
            unknown = [name for name in self.parameters if name not in self.pool.columns]
            if unknown:
                raise ValueError(f"parameter {unknown[0]!r} is no column of the pool ({', '.join(self.pool.columns)})")
            if self.mixtures or self.kind != "conditions":
                raise ValueError("a pool lists candidates of kind conditions; it has no mixtures")
        names = self.names()
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"{twice[0]!r}: this name stands for two parameters or components")
        self.linear_constraints()
        for rule in self.rules:
            check_rule(rule, names, self.parameter)
        return self

    @model_validator(mode="after")
    def _kind_fits(self) -> "Space":
        if (self.kind == "mixture") != (self.basis is not None):
            raise ValueError("a space of kind mixture has a `basis`: mole, mass or volume; no other has one")
        if self.kind != "conditions" and len(self.mixtures) != 1:
            raise ValueError(f"a space of kind {self.kind} has one mixture, not {len(self.mixtures)}")
        if self.kind == "composition":
            check_elements(self.mixtures[0].of)
        return self

    def names(self) -> list[str]:
        """The parameters in order: the pool's columns, or as declared, and after them the components of mixtures."""
        return list(self.pool.columns) if self.pool is not None else [*self.parameters, *self.components()]

    def components(self) -> list[str]:
        """The components of all mixtures."""
        return [name for mixture in self.mixtures for name in mixture.of]

    def numeric_names(self) -> list[str]:
        """Parameters that may stand in a linear constraint (of a pool: all that are not declared as labels)."""
        return [name for name in self.names() if not isinstance(self.parameter(name), Labelled)]

    def parameter(self, name: str) -> Parameter | None:
        """What a parameter, or a component alone, may be; None for a bare column of a pool."""
        if name in self.parameters:
            return self.parameters[name]
        return next((mixture.component() for mixture in self.mixtures if name in mixture.of), None)

    def settable(self) -> dict[str, Parameter]:
        """Every parameter and component by name."""
        components = {name: mixture.component() for mixture in self.mixtures for name in mixture.of}
        return {**self.parameters, **components}

    def unit(self, name: str) -> str:
        """The parameter's unit (`dimensionless` for labels and undeclared pool columns)."""
        parameter = self.parameter(name)
        return "dimensionless" if parameter is None or isinstance(parameter, Labelled) else parameter.unit

    def linear_constraints(self) -> list[LinearConstraint]:
        """The constraints, parsed; raises `ValueError` naming what is unknown or not linear."""
        names = self.numeric_names() if self.constraints else []
        return [parse_linear(text, names) for text in self.constraints]

    def broken(self, values: Mapping[str, float | int | str]) -> list[str]:
        """The constraints and rules that the values break, in words."""
        constraints = [one for one in self.linear_constraints() if one.excess(numbers_of(one, values)) > 0]
        return [
            *(f"{one.text} does not hold" for one in constraints),
            *(rule.text() for rule in self.rules if not rule.holds(values)),
        ]
