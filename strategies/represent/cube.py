"""The unit cube under a space: one coordinate in [0, 1] for each parameter, in the space's order."""

import math
from collections.abc import Sequence

from strategies.spaces import Continuous, Discrete, Integer, Labelled, Parameter, Space
from strategies.spaces.finite import settings
from strategies.spaces.snapping import Setting, snap_values


def from_cube(space: Space, point: Sequence[float]) -> dict[str, Setting]:
    """The values under a point of the cube: equal shares for listed values, then snapped to what can be set.

    Raises `ValueError` if snapping cannot keep the linear constraints.
    """
    raw = {
        name: _setting(parameter, float(share))
        for (name, parameter), share in zip(space.parameters.items(), point, strict=True)
    }
    return tidied(space, raw)


def tidied(space: Space, raw: dict[str, Setting]) -> dict[str, Setting]:
    """Snapped to what can be set, continua written with 12 digits, so that the value shown is the value of the key."""
    return {name: _tidy(space.parameters[name], value) for name, value in snap_values(space, raw).items()}


def _setting(parameter: Parameter, share: float) -> Setting:
    if isinstance(parameter, Continuous):
        if parameter.scale == "log":
            return float(parameter.low * (parameter.high / parameter.low) ** share)
        return parameter.low + share * (parameter.high - parameter.low)
    if isinstance(parameter, Integer):
        return parameter.low + _place(share, parameter.high - parameter.low + 1)
    listed = settings(parameter)
    return listed[_place(share, len(listed))]


def _place(share: float, count: int) -> int:
    return min(count - 1, math.floor(share * count))


def _tidy(parameter: Parameter, value: Setting) -> Setting:
    if not isinstance(parameter, Continuous) or isinstance(value, str):
        return value
    return min(parameter.high, max(parameter.low, float(f"{value:.12g}")))


def limits(parameter: Parameter) -> tuple[float, float]:
    """Lowest and highest number of a numeric parameter."""
    if isinstance(parameter, Labelled):
        raise ValueError("a label has no limits")
    if isinstance(parameter, Discrete):
        return min(parameter.values), max(parameter.values)
    return parameter.low, parameter.high
