"""One sentence for the operator."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from strategies.objectives import Objective, is_scored
from strategies.optimize.goals import observed_utilities
from strategies.optimize.pareto import non_dominated
from strategies.request import Prediction

Array = NDArray[np.float64]


def reason(
    objectives: Sequence[Objective],
    prediction: dict[str, Prediction],
    observed: Array,
    probability: float | None,
) -> str:
    """Why this point, from its prediction and the n x k values measured so far (columns as the objectives)."""
    means = np.array([prediction[objective.property].mean for objective in objectives])
    improves = _improves(objectives, means, observed)
    text = f"{'exploits' if improves else 'explores'}: predicted " + ", ".join(
        _quantity(objective, prediction[objective.property]) for objective in objectives
    )
    text += f", {_best(objectives, observed)}"
    return text if probability is None else f"{text}, can be made with probability {probability:.0%}"


def _improves(objectives: Sequence[Objective], means: Array, observed: Array) -> bool:
    """Whether the predicted means alone would better the best, or extend the Pareto set."""
    rows = observed_utilities(objectives, observed)
    return not bool(np.any(np.all(rows >= observed_utilities(objectives, means[None]), axis=1)))


def _quantity(objective: Objective, prediction: Prediction) -> str:
    unit = "" if objective.unit == "dimensionless" else f" {objective.unit}"
    return f"{objective.property} {prediction.mean:.3g} +- {prediction.standard_deviation:.2g}{unit}"


def _best(objectives: Sequence[Objective], observed: Array) -> str:
    utilities = observed_utilities(objectives, observed)
    if objectives[0].goal == "explore":
        return f"{len(observed)} points measured so far"
    if is_scored(objectives):
        return f"best desirability so far {utilities.max():.2f}"
    if len(objectives) == 1:
        place = int(np.argmax(utilities[:, 0]))
        unit = "" if objectives[0].unit == "dimensionless" else f" {objectives[0].unit}"
        return f"best so far {observed[place, 0]:.3g}{unit}"
    front = int(non_dominated(utilities, ["maximize"] * utilities.shape[1]).sum())
    return f"{front} point{'s' if front != 1 else ''} in the Pareto set so far"
