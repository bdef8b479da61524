"""What is wanted: objectives and outcome constraints."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from strategies.units import UnitName


class Objective(BaseModel):
    """Maximize, minimize or reach a target region of a property.

    `reference` is the worst value worth having (the reference point of the hypervolume). A target region is `low` to
    `high`; either bound may be absent.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    property: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")
    goal: Literal["maximize", "minimize", "target"]
    unit: UnitName = "dimensionless"
    reference: float | None = None
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _target_has_bounds(self) -> "Objective":
        bounds = [bound for bound in (self.low, self.high) if bound is not None]
        if (self.goal == "target") != bool(bounds):
            raise ValueError("goal 'target' takes low and/or high; 'maximize' and 'minimize' take neither")
        if len(bounds) == 2 and bounds[0] >= bounds[1]:
            raise ValueError(f"low ({bounds[0]:g}) must be below high ({bounds[1]:g})")
        return self


class OutcomeConstraint(BaseModel):
    """A measured property that must stay at or below, or at or above, a limit."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    property: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")
    comparison: Literal["<=", ">="]
    value: float
    unit: UnitName = "dimensionless"
