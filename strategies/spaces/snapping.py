"""Bringing values onto what can be set: resolutions, whole numbers, listed values."""

import math
from collections.abc import Mapping
from itertools import islice, product

from strategies.spaces.linear import LinearConstraint
from strategies.spaces.parameters import Continuous, Discrete, Integer, Labelled, Parameter
from strategies.spaces.space import Space

Setting = float | int | str

NEIGHBOURHOOD = 4096  # grid points looked at around a value before a constrained snap gives up


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
    """The nearest value that can be set; a category is only checked. Raises `ValueError` for the wrong type."""
    if isinstance(parameter, Labelled):
        if value not in parameter.choices:
            raise ValueError(f"{value!r} is none of {', '.join(parameter.choices)}")
        return value
    if isinstance(value, str) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no finite number")
    return _nearest(parameter, float(value))[0]


def _nearest(parameter: Continuous | Integer | Discrete, value: float) -> list[float | int]:
    """The settable values below and above, nearest first (one where both are the same)."""
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


def snap_values(space: Space, values: Mapping[str, Setting]) -> dict[str, Setting]:
    """All values on their grids. Where rounding breaks a constraint, the nearest grid neighbour that holds is taken.

    Raises `ValueError` when none of the neighbours within one step holds every constraint.
    """
    snapped = {name: snap(space.parameters[name], values[name]) for name in space.parameters}
    constraints = space.linear_constraints()
    if all_hold(constraints, snapped):
        return snapped
    names = [name for name in space.parameters if any(name in constraint.names for constraint in constraints)]
    numbers = {name: float(values[name]) for name in names}
    options = [_neighbours(space.parameters[name], numbers[name]) for name in names]
    for choice in islice(product(*options), NEIGHBOURHOOD):
        trial = _absorb(space, {**snapped, **dict(zip(names, choice, strict=True))}, constraints)
        if all_hold(constraints, trial):
            return trial
    raise ValueError("no point of the grid near this one keeps all constraints: " + "; ".join(space.constraints))


def _absorb(space: Space, values: dict[str, Setting], constraints: list[LinearConstraint]) -> dict[str, Setting]:
    """The values with the parameters that have no grid moved as little as the equalities ask for."""
    import numpy as np

    equalities = [constraint for constraint in constraints if constraint.comparison == "=="]
    free = [
        name
        for name, parameter in space.parameters.items()
        if isinstance(parameter, Continuous) and parameter.resolution is None
    ]
    if not equalities or not free:
        return values
    rows = [dict(constraint.coefficients) for constraint in equalities]
    missing = [
        constraint.bound - sum(weight * float(values[name]) for name, weight in constraint.coefficients)
        for constraint in equalities
    ]
    weights = np.array([[row.get(name, 0.0) for name in free] for row in rows])
    moves = np.linalg.lstsq(weights, np.array(missing), rcond=None)[0]
    moved = {
        name: snap(space.parameters[name], float(values[name]) + float(move))
        for name, move in zip(free, moves, strict=True)
    }
    return {**values, **moved}


def _neighbours(parameter: Parameter, value: float) -> list[float | int]:
    if isinstance(parameter, Labelled):
        raise ValueError("a label cannot stand in a linear constraint")
    return _nearest(parameter, value)


def all_hold(constraints: list[LinearConstraint], values: Mapping[str, Setting]) -> bool:
    """Whether every constraint holds for these values."""
    return all(constraint.holds({name: float(values[name]) for name in constraint.names}) for constraint in constraints)
