"""Bringing values onto what can be set: resolutions, whole numbers, listed values, totals, constraints and rules."""

from collections.abc import Iterator, Mapping
from itertools import islice, product

from strategies.spaces.linear import LinearConstraint, numbers_of
from strategies.spaces.mending import mend
from strategies.spaces.parameters import Continuous, Labelled
from strategies.spaces.settings import Setting, nearest_values, snap, tidy
from strategies.spaces.space import Space

NEIGHBOURHOOD = 4096  # grid points looked at around a value before a constrained snap gives up


def snap_values(space: Space, values: Mapping[str, Setting]) -> dict[str, Setting]:
    """All values on their grids. Where that breaks a constraint or rule, the nearest that holds is looked for.

    Raises `ValueError` when none of the neighbours within one step holds every constraint and rule.
    """
    snapped = _on_grids(space, values)
    constraints = space.linear_constraints()
    if space.rules:
        snapped = _on_grids(space, mend(space, snapped))
    if not all_hold(constraints, snapped):
        snapped = _constrained(space, {**values, **_labels(space, snapped)}, snapped, constraints)
    if broken := space.broken(snapped):
        raise ValueError("nothing near this point can be set: " + "; ".join(broken))
    return snapped


def _labels(space: Space, values: Mapping[str, Setting]) -> dict[str, Setting]:
    return {name: values[name] for name, each in space.parameters.items() if isinstance(each, Labelled)}


def _on_grids(space: Space, values: Mapping[str, Setting]) -> dict[str, Setting]:
    snapped = {name: tidy(parameter, snap(parameter, values[name])) for name, parameter in space.parameters.items()}
    for mixture in space.mixtures:
        snapped |= mixture.amounts(mixture.lattice().nearest(mixture.steps(values)))
    return snapped


def _constrained(
    space: Space, values: Mapping[str, Setting], snapped: dict[str, Setting], constraints: list[LinearConstraint]
) -> dict[str, Setting]:
    involved = {name for constraint in constraints for name in constraint.names}
    names = [name for name in space.parameters if name in involved]
    options = [nearest_values(space.parameters[name], float(values[name])) for name in names]
    for choice in islice(product(*options), NEIGHBOURHOOD):
        trial = _absorb(space, {**snapped, **dict(zip(names, choice, strict=True))}, constraints)
        if all_hold(constraints, trial):
            return trial
    for trial in islice(_exchanged(space, snapped, involved), NEIGHBOURHOOD):
        if all_hold(constraints, trial):
            return trial
    raise ValueError("no point of the grid near this one keeps all constraints: " + "; ".join(space.constraints))


def _exchanged(space: Space, snapped: dict[str, Setting], involved: set[str]) -> Iterator[dict[str, Setting]]:
    """The values with one step of a mixture that stands in a constraint moved from one component to another."""
    for mixture in space.mixtures:
        if not involved & set(mixture.of):
            continue
        lattice = mixture.lattice()
        point = mixture.rounded(snapped)
        for source, target in product(range(lattice.n), repeat=2):
            moved = list(point)
            moved[source] -= 1
            moved[target] += 1
            if source != target and moved[source] >= 0 and not lattice.faults(moved):
                yield {**snapped, **mixture.amounts(moved)}


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
        name: tidy(space.parameters[name], snap(space.parameters[name], float(values[name]) + float(move)))
        for name, move in zip(free, moves, strict=True)
    }
    return {**values, **moved}


def all_hold(constraints: list[LinearConstraint], values: Mapping[str, Setting]) -> bool:
    """Whether every constraint holds for these values."""
    return all(constraint.holds(numbers_of(constraint, values)) for constraint in constraints)
