"""The points at which everything that matters was measured: what "best so far" means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strategies.learn.data import PropertyData
from strategies.objectives import Objective, OutcomeConstraint
from strategies.optimize.goals import observed_utilities
from strategies.optimize.pareto import non_dominated
from strategies.spaces import key_of_valid

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """Encoded points (m x d) and the means of their measured objective values (m x k), in order of first measurement.

    Points that break an outcome constraint are left out, unless all do.
    """

    inputs: Array
    values: Array

    def best(self, objectives: Sequence[Objective]) -> Array:
        """The encoded points of the Pareto set, or the best three of a single objective or score."""
        utilities = observed_utilities(objectives, self.values)
        if utilities.shape[1] == 1:
            return self.inputs[np.argsort(-utilities[:, 0], kind="stable")[:3]]
        return self.inputs[non_dominated(utilities, ["maximize"] * utilities.shape[1])]


def measured(
    data: Mapping[str, PropertyData], objectives: Sequence[Objective], constraints: Sequence[OutcomeConstraint]
) -> Measured | None:
    """Average replicates by candidate; None when no point has a value of every property."""
    means = {name: _means(one) for name, one in data.items()}
    shared = [key for key in next(iter(means.values())) if all(key in by_key for by_key in means.values())]
    if not shared:
        return None
    allowed = [key for key in shared if all(_holds(limit, means[limit.property][key][1]) for limit in constraints)]
    kept = allowed or shared
    inputs = np.array([next(iter(means.values()))[key][0] for key in kept])
    return Measured(inputs, np.array([[means[goal.property][key][1] for goal in objectives] for key in kept]))


def _means(data: PropertyData) -> dict[str, tuple[Array, float]]:
    """Encoded point and mean value by candidate key."""
    places: dict[str, list[int]] = {}
    for place, candidate in enumerate(data.candidates):
        places.setdefault(key_of_valid(candidate), []).append(place)
    return {key: (data.inputs[found[0]], float(data.values[found].mean())) for key, found in places.items()}


def _holds(limit: OutcomeConstraint, value: float) -> bool:
    return value <= limit.value if limit.comparison == "<=" else value >= limit.value
