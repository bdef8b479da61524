"""Checks of a candidate against what an instrument says that it takes; units are converted here, once."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from adapters.instruments.messages import Capability, Description, ParameterLimits, Quantity
from controller.loop.site_limits import side
from strategies.spaces import settings_of
from strategies.units import UnitError, convert

Parameters = dict[str, Quantity]


def parameters_for(
    candidate: Mapping[str, Any], wanted: Sequence[str] | None, capability: Capability
) -> tuple[Parameters, list[str]]:
    """A candidate's values in the units of the description, and what cannot be said in them.

    `wanted` are the parameters that the step names; without it, those that the description has.
    """
    values, units = settings_of(candidate), candidate.get("units", {})
    names = [name for name in values if name in capability.parameters] if wanted is None else wanted
    parameters: Parameters = {}
    problems = [f"parameter {name!r} is missing" for name in capability.parameters if name not in names]
    for name in names:
        if name not in values or (limits := capability.parameters.get(name)) is None:
            problems.append(f"the instrument or the candidate has no parameter {name!r}")
            continue
        try:
            parameters[name] = _quantity(values[name], units.get(name, "dimensionless"), limits)
        except UnitError as error:
            problems.append(f"parameter {name!r}: {error}")
        except ValidationError:
            problems.append(f"parameter {name!r}: {values[name]!r} is no value that can be sent")
    return parameters, problems


def _quantity(value: Any, unit: str, limits: ParameterLimits) -> Quantity:
    if isinstance(value, (str, bool)):
        return Quantity(value=value)
    target = limits.unit or "dimensionless"
    return Quantity(
        value=_on_the_limit(convert(value, unit, target), limits) if unit != target else value, unit=limits.unit
    )


def _on_the_limit(value: float, limits: ParameterLimits) -> float:
    """Take away the rounding error by which a conversion leaves a value outside a limit that it stands on."""
    near = [limit for limit in (limits.low, limits.high) if limit is not None and math.isclose(value, limit)]
    return near[0] if near else value


def outside_limits(parameters: Parameters, capability: Capability) -> list[str]:
    """What lies outside the limits of the description."""
    return [
        problem
        for name, quantity in parameters.items()
        if (problem := _outside(name, quantity.value, capability.parameters[name])) is not None
    ]


def _outside(name: str, value: Any, limits: ParameterLimits) -> str | None:
    if limits.choices is not None:
        return None if limits.offers(value) else f"{name} = {value!r} is not one of {limits.choices}"
    if limits.low is None and limits.high is None:
        return None
    if isinstance(value, (str, bool)):
        return f"{name} = {value!r} is not a number"
    beyond = side(value, limits.low, limits.high)
    return beyond and f"{name} = {value:g} is {beyond} {limits.unit or ''}".rstrip()


def is_wider(old: Description, new: Description) -> bool:
    """Whether a description allows anything that an earlier one did not."""
    return new.concurrency > old.concurrency or any(
        name not in old.capabilities or _capability_is_wider(old.capabilities[name], capability)
        for name, capability in new.capabilities.items()
    )


def _capability_is_wider(old: Capability, new: Capability) -> bool:
    if set(old.parameters) != set(new.parameters) or old.channels != new.channels:
        return True
    return any(_limits_are_wider(old.parameters[name], limits) for name, limits in new.parameters.items())


def _limits_are_wider(old: ParameterLimits, new: ParameterLimits) -> bool:
    if old.unit != new.unit:
        return True
    if old.choices is not None and (new.choices is None or not all(map(old.offers, new.choices))):
        return True
    lower = old.low is not None and (new.low is None or new.low < old.low)
    return lower or (old.high is not None and (new.high is None or new.high > old.high))
