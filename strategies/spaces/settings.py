"""What one parameter can be set to: the nearest value, the grid, the list of all."""

import math

from strategies.spaces.parameters import Continuous, Discrete, Integer, Labelled, Parameter

Setting = float | int | str


def _tidy(value: float) -> float:
    return float(f"{value:.12g}") + 0.0  # 0.1 * 3 is written 0.3; no -0.0


def steps(parameter: Continuous) -> int:
    """The largest k such that low + k * resolution is not above high."""
    if parameter.resolution is None:
        raise ValueError("the parameter has no resolution")
    return math.floor((parameter.high - parameter.low) / parameter.resolution * (1 + 1e-12) + 1e-9)


def grid_value(parameter: Continuous, step: int) -> float:
    """low + step * resolution, free of float dust and never beyond the bounds."""
    return min(parameter.high, max(parameter.low, _tidy(parameter.low + step * (parameter.resolution or 0.0))))


def snap(parameter: Parameter, value: Setting) -> Setting:
    """The nearest value that can be set; a label is only checked. Raises `ValueError` for the wrong type."""
    if isinstance(parameter, Labelled):
        if value not in parameter.choices:
            raise ValueError(f"{value!r} is none of {', '.join(parameter.choices)}")
        return value
    if isinstance(value, str) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no finite number")
    return nearest_values(parameter, float(value))[0]


def nearest_values(parameter: Parameter, value: float) -> list[float | int]:
    """The settable numbers below and above, nearest first (one where both are the same)."""
    if isinstance(parameter, Labelled):
        raise ValueError("a label cannot stand in a linear constraint")
    if isinstance(parameter, Discrete):
        return sorted(sorted(parameter.values), key=lambda known: _distance(parameter, known, value))[:2]
    if isinstance(parameter, Integer):
        inside = min(max(value, parameter.low), parameter.high)
        return sorted({math.floor(inside), math.ceil(inside)}, key=lambda whole: abs(whole - inside))
    inside = min(max(value, parameter.low), parameter.high)
    if parameter.resolution is None:
        return [inside]
    last = steps(parameter)
    place = min((inside - parameter.low) / parameter.resolution, last)
    around = {min(math.floor(place), last), min(math.ceil(place), last)}
    return [grid_value(parameter, step) for step in sorted(around, key=lambda step: abs(step - place))]


def _distance(parameter: Discrete, known: float, value: float) -> float:
    if parameter.scale == "linear":
        return abs(known - value)
    return abs(math.log(known) - math.log(max(value, 1e-300)))


def levels(parameter: Parameter) -> int | None:
    """How many values a parameter can be set to; None for a continuum."""
    if isinstance(parameter, Continuous):
        return None if parameter.resolution is None else steps(parameter) + 1
    if isinstance(parameter, Integer):
        return parameter.high - parameter.low + 1
    return len(settings(parameter))


def settings(parameter: Parameter) -> list[Setting]:
    """All values that a parameter can be set to; raises `ValueError` for a continuum."""
    if isinstance(parameter, Labelled):
        return list(parameter.choices)
    if isinstance(parameter, Discrete):
        return sorted(parameter.values)
    if isinstance(parameter, Continuous):
        return [grid_value(parameter, step) for step in range(steps(parameter) + 1)]
    return list(range(parameter.low, parameter.high + 1))


def tidy(parameter: Parameter, value: Setting) -> Setting:
    """A continuum's value with 12 digits, so that the value shown is the value of the key."""
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


def at_share(parameter: Parameter, share: float) -> Setting:
    """The value at a share in [0, 1] of the range: equal shares for listed values; a continuum's is not yet snapped."""
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
