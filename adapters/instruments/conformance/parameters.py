"""Requests made from a description: values in the middle of the limits, and values that no instrument may take."""

from dataclasses import dataclass, field
from typing import Any

from adapters.instruments.messages import Capability, ParameterLimits, Scalar

_LABEL = "test"


@dataclass(frozen=True)
class Order:
    """What the instrument is asked to do; `values` stand for the candidate's, where the middle will not do."""

    capability: str
    described: Capability
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def parameters(self) -> dict[str, Any]:
        """A value for each parameter, in the unit of the description."""
        return {
            name: quantity(self.values.get(name, fitting(limits)), limits)
            for name, limits in self.described.parameters.items()
        }

    @property
    def yields(self) -> list[str]:
        """Every property that the description promises."""
        return sorted({channel.property for channel in self.described.channels.values()})

    def fields(self, candidate: dict[str, Any] | None) -> dict[str, Any]:
        """The fields of a request that say what to do."""
        parameters = self.parameters
        made = {
            "kind": "conditions",
            "values": {name: each["value"] for name, each in parameters.items()},
            "units": {name: each["unit"] for name, each in parameters.items() if "unit" in each},
        }
        return {
            "capability": self.capability,
            "candidate": candidate or made,
            "parameters": parameters,
            "yields": self.yields,
        }


def quantity(value: Scalar, limits: ParameterLimits) -> dict[str, Any]:
    """A value with the described unit."""
    return {"value": value} if limits.unit is None else {"value": value, "unit": limits.unit}


def fitting(limits: ParameterLimits) -> Scalar:
    """A value that the limits allow: the first choice, the middle, the one limit that there is, or any label."""
    if limits.choices:
        return limits.choices[0]
    if limits.low is not None and limits.high is not None:
        return _whole((limits.low + limits.high) / 2)
    if limits.low is not None or limits.high is not None:
        return _whole(limits.high if limits.low is None else limits.low)
    return _LABEL if limits.unit is None else 1


def unfitting(order: Order) -> list[tuple[str, dict[str, Any]]]:
    """Parameters that must be refused, each with what is wrong with them."""
    good = order.parameters
    faults: list[tuple[str, dict[str, Any]]] = [("an undescribed parameter", {**good, "notDescribed": {"value": 1}})]
    for name, limits in order.described.parameters.items():
        faults.append((f"no {name}", {other: each for other, each in good.items() if other != name}))
        faults.append((f"{name} in another unit", {**good, name: {"value": good[name]["value"], "unit": "lux"}}))
        for what, value in _outside(limits):
            faults.append((f"{name} {what}", {**good, name: quantity(value, limits)}))
    return faults


def _outside(limits: ParameterLimits) -> list[tuple[str, Scalar]]:
    if limits.choices is not None:
        return [("none of the choices", "none-of-the-choices")]
    found: list[tuple[str, Scalar]] = []
    span = abs((limits.high or 0) - (limits.low or 0)) + 1
    if limits.low is not None:
        found.append(("below its limit", _whole(limits.low - span)))
    if limits.high is not None:
        found.append(("above its limit", _whole(limits.high + span)))
    if found:
        found.append(("a word", "hot"))
    return found


def _whole(value: float | None) -> int | float:
    """Whole numbers are written without a fraction."""
    number = 0.0 if value is None else value
    return int(number) if number.is_integer() else number
