"""The limits of the site: written by admins, never by a campaign, which may narrow them and never widen."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from strategies.spaces import settings_of
from strategies.units import UnitName, convert

HIGHEST = 9


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


class Range(_Section):
    """A parameter must lie from `low` to `high`, in `unit`."""

    low: float | None = None
    high: float | None = None
    unit: UnitName = "dimensionless"


class Hazard(_Section):
    """A substance or a condition that makes a candidate hazardous.

    The parameter equals `equals` (a label), or is above `above` (in `unit`), or, with neither, is there at all.
    """

    parameter: str
    equals: str | None = None
    above: float | None = None
    unit: UnitName = "dimensionless"
    hazard_class: int = Field(alias="class", ge=1, le=HIGHEST)


class Limits(_Section):
    """`limits.yaml`: ranges for every instrument, hazards, and from which hazard class two people must approve."""

    parameters: dict[str, Range] = {}
    hazards: list[Hazard] = []
    two_people_from: int = Field(default=2, ge=1, le=10)

    def violations(self, candidate: Mapping[str, Any]) -> list[str]:
        """What in a candidate the site does not allow."""
        settings = settings_of(candidate)
        if self.parameters and not settings:
            return [f"site limits: they say nothing about candidates of kind {candidate.get('kind')}"]
        return [
            f"site limits: {problem}"
            for name, allowed in self.parameters.items()
            if name in settings and (problem := _outside(name, allowed, candidate)) is not None
        ]

    def hazard_class(self, candidate: Mapping[str, Any]) -> int:
        """The highest class of hazard of a candidate; 0 where nothing is listed, the highest where nobody can tell."""
        if self.hazards and "values" not in candidate and not settings_of(candidate):
            return HIGHEST
        return max((each.hazard_class for each in self.hazards if _applies(each, candidate)), default=0)


def _outside(name: str, allowed: Range, candidate: Mapping[str, Any]) -> str | None:
    try:
        value = _value(name, allowed.unit, candidate)
    except ValueError as error:  # a label, or a unit of something else
        return f"{name}: {error}"
    beyond = side(value, allowed.low, allowed.high)
    return beyond and f"{name} = {value:g} {allowed.unit} is {beyond}"


def side(value: float, low: float | None, high: float | None) -> str | None:
    """On which side of a range a value lies; None inside, the ends included."""
    if low is not None and value < low:
        return f"below {low:g}"
    return f"above {high:g}" if high is not None and value > high else None


def _applies(hazard: Hazard, candidate: Mapping[str, Any]) -> bool:
    values = settings_of(candidate)
    if hazard.parameter not in values:
        return False
    if hazard.equals is not None:
        return bool(values[hazard.parameter] == hazard.equals)
    if hazard.above is None:
        return True
    try:
        # What cannot be compared (a label, or `nan` as a label) must be taken for hazardous.
        return not _value(hazard.parameter, hazard.unit, candidate) <= hazard.above
    except ValueError:
        return True


def _value(name: str, unit: str, candidate: Mapping[str, Any]) -> float:
    return convert(float(settings_of(candidate)[name]), candidate.get("units", {}).get(name, "dimensionless"), unit)
