"""The region that linear constraints leave of the unit cube, and uniform draws from it (numpy only)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strategies.spaces import LinearConstraint, Space
from strategies.spaces.settings import limits

Array = NDArray[np.float64]

SLACKS = [0.1 * 0.25**power for power in range(12)] + [0.0]
SWEEPS = 2000


@dataclass(frozen=True)
class Polytope:
    """{u in [0, 1]^d: inequalities @ u <= bounds, equalities @ u == targets} over the numeric parameters `names`."""

    names: list[str]
    inequalities: Array  # m x d
    bounds: Array  # m
    equalities: Array  # k x d
    targets: Array  # k


def polytope(space: Space, all_mixtures: bool = False) -> Polytope | None:
    """The constrained parameters, scaled linearly to [0, 1]; None without constraints.

    A mixture whose components are constrained, or every one, is part of it by its total (how many are present is not).
    """
    constraints = space.linear_constraints()
    involved = {name for constraint in constraints for name in constraint.names}
    for mixture in space.mixtures:
        if all_mixtures or involved & set(mixture.of):
            involved |= set(mixture.of)
            total = tuple((name, 1.0) for name in mixture.of)
            constraints.append(LinearConstraint("total", total, "==", mixture.total))
    if not constraints:
        return None
    names = [name for name in space.names() if name in involved]
    rows = [_row(space, names, constraint) for constraint in constraints]
    below = [row for row, constraint in zip(rows, constraints, strict=True) if constraint.comparison != "=="]
    equal = [row for row, constraint in zip(rows, constraints, strict=True) if constraint.comparison == "=="]
    return Polytope(names, *_stack(below, len(names)), *_stack(equal, len(names)))


def _row(space: Space, names: list[str], constraint: LinearConstraint) -> tuple[Array, float]:
    """One constraint over the cube as `row @ u <= bound` (or ==), of unit length."""
    coefficients = dict(constraint.coefficients)
    parameters = space.settable()
    low, high = np.array([limits(parameters[name]) for name in names]).T
    weights = np.array([coefficients.get(name, 0.0) for name in names])
    row, bound = weights * (high - low), constraint.bound - float(weights @ low)
    length = float(np.linalg.norm(row)) * (-1.0 if constraint.comparison == ">=" else 1.0)
    return row / length, bound / length


def _stack(rows: list[tuple[Array, float]], dimensions: int) -> tuple[Array, Array]:
    return np.array([row for row, _ in rows]).reshape(-1, dimensions), np.array([bound for _, bound in rows])


def draws(region: Polytope, generator: np.random.Generator) -> Iterator[Array]:
    """Endless points, uniform in the region in the long run: hit-and-run (Smith 1984), thinned by 4 d + 8 steps.

    Raises `ValueError` if the region is empty or has no inside.
    """
    dimensions = len(region.names)
    rows = np.vstack([region.inequalities, np.eye(dimensions), -np.eye(dimensions)])
    bounds = np.concatenate([region.bounds, np.ones(dimensions), np.zeros(dimensions)])
    directions = _null_space(region.equalities, dimensions)
    point = _interior(region, rows, bounds)
    while True:
        for _ in range(4 * dimensions + 8):
            point = _step(point, rows, bounds, directions, generator)
        point = _onto(region.equalities, region.targets, point)
        yield np.clip(point, 0.0, 1.0)


def _null_space(matrix: Array, dimensions: int) -> Array:
    """Orthonormal directions that leave the equalities alone (r x d)."""
    if not len(matrix):
        return np.eye(dimensions)
    _, sizes, rows = np.linalg.svd(matrix)
    return np.asarray(rows[int(np.sum(sizes > 1e-10)) :])


def _step(point: Array, rows: Array, bounds: Array, directions: Array, generator: Any) -> Array:
    if not len(directions):
        return point
    direction = generator.standard_normal(len(directions)) @ directions
    speed, room = rows @ direction, np.maximum(bounds - rows @ point, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = room / speed
    furthest = float(np.min(reach[speed > 1e-14], initial=np.inf))
    nearest = float(np.max(reach[speed < -1e-14], initial=-np.inf))
    moved: Array = point + direction * generator.uniform(nearest, furthest)
    return moved


def _onto(equalities: Array, targets: Array, point: Array) -> Array:
    """The nearest point on all equalities."""
    if not len(equalities):
        return point
    return np.asarray(point + np.linalg.pinv(equalities) @ (targets - equalities @ point))


def _interior(region: Polytope, rows: Array, bounds: Array) -> Array:
    """A point as far inside as cyclic projections find one (Bregman 1965), with less and less slack asked for."""
    for slack in SLACKS:
        point = np.full(len(region.names), 0.5)
        for _ in range(SWEEPS):
            for row, bound in zip(rows, bounds - slack, strict=True):
                point = point - max(0.0, float(row @ point) - bound) * row
            point = _onto(region.equalities, region.targets, point)
            if np.all(rows @ point <= bounds - 0.5 * slack + 1e-12):
                return point
    raise ValueError("the linear constraints leave no point between the parameters' limits")
