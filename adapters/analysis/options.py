"""What the analysis functions take: which columns of a file are the curve, in which units, and which part of it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Column = Annotated[str, Field(min_length=1, max_length=200)] | Annotated[int, Field(ge=0, lt=1000)]
Unit = Annotated[str, Field(pattern=r"^(1/)?[A-Za-z][A-Za-z0-9_*/.() -]{0,61}$")]
DIMENSIONLESS = "dimensionless"
_DIFFERENCES = {"degC": "delta_degC", "degF": "delta_degF"}  # an area is made of differences, which have no offset


class CurveOptions(BaseModel):
    """A curve y(x) in a text file: columns by their heading or their place, counted from 0.

    `x_unit` and `y_unit` are pint names; `low` and `high`, in `x_unit`, bound the part that is looked at.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    x: Column = 0
    y: Column = 1
    x_unit: Unit
    y_unit: Unit = DIMENSIONLESS
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _window_is_open(self) -> "CurveOptions":
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"low ({self.low:g}) should be below high ({self.high:g})")
        return self

    def units(self) -> dict[str, str]:
        """Units of whatever can be read from such a curve."""
        width, height = (_DIFFERENCES.get(each, each) for each in (self.x_unit, self.y_unit))
        area = f"({width})*({height})"
        if DIMENSIONLESS in (width, height):
            area = height if width == DIMENSIONLESS else width
        return {"integral": area, "area": area, "position": self.x_unit, "height": self.y_unit}


class PeakOptions(CurveOptions):
    """`baseline`: `linear`, the straight line between the two ends of the part that is looked at, or `none`, zero.

    `smallest`: a highest point that is not more than this above the baseline, in `y_unit`, is no peak.
    """

    baseline: Literal["linear", "none"] = "linear"
    smallest: float = Field(default=0.0, ge=0)
