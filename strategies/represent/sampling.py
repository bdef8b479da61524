"""Uniform draws from a space that is not listed: values that can be set and keep constraints and rules."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from strategies.represent.polytope import draws, polytope
from strategies.spaces import Space, snap_values
from strategies.spaces.mending import mend
from strategies.spaces.settings import Setting, at_share, limits

Values = dict[str, Setting]


def values_at(space: Space, point: Sequence[float]) -> Values:
    """The values under a point of the unit cube, one coordinate for each parameter in order (mixtures aside).

    Listed values have equal shares of the cube. Raises `ValueError` if snapping cannot keep constraints and rules.
    """
    raw = {
        name: at_share(parameter, float(share))
        for (name, parameter), share in zip(space.parameters.items(), point, strict=True)
    }
    return snap_values(space, raw)


def sample(
    space: Space, generator: np.random.Generator, fixed: Mapping[str, Setting] | None = None
) -> Iterator[Values | None]:
    """Endless draws; None where the grid near a draw breaks a constraint or rule. `fixed` values stay as they are.

    Parameters are drawn evenly over their range (on scale log: its logarithm), mixtures evenly over their points, and
    what stands in a linear constraint by hit-and-run in its region. What breaks a rule is mended at random. Raises
    `ValueError` if the linear constraints leave no point.
    """
    region = polytope(space)
    inside = draws(region, generator) if region is not None else None
    parameters = space.settable()
    while True:
        shares = generator.random(len(space.parameters)).tolist()
        values = {
            name: at_share(each, share) for (name, each), share in zip(space.parameters.items(), shares, strict=True)
        }
        for mixture in space.mixtures:
            if region is None or not set(mixture.of) & set(region.names):
                values |= mixture.amounts(mixture.lattice().draw(generator))
        if region is not None and inside is not None:
            for name, share in zip(region.names, next(inside).tolist(), strict=True):
                low, high = limits(parameters[name])
                values[name] = low + share * (high - low)
        yield _settable(space, {**values, **(fixed or {})}, generator, fixed or {})


def _settable(
    space: Space, values: Values, generator: np.random.Generator, fixed: Mapping[str, Setting]
) -> Values | None:
    try:
        found = snap_values(space, mend(space, values, generator) if space.rules else values)
    except ValueError:
        return None
    return found if all(found[name] == value for name, value in fixed.items()) else None
