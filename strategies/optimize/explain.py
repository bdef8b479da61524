"""One sentence for the operator."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from strategies.objectives import Objective
from strategies.optimize.goals import utility
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
    mean = np.array([utility(objective, value) for objective, value in zip(objectives, means, strict=True)])
    rows = _utilities(objectives, observed)
    return not bool(np.any(np.all(rows >= mean, axis=1)))


def _utilities(objectives: Sequence[Objective], observed: Array) -> Array:
    return np.stack([utility(objective, observed[:, place]) for place, objective in enumerate(objectives)], axis=1)


def _quantity(objective: Objective, prediction: Prediction) -> str:
    unit = "" if objective.unit == "dimensionless" else f" {objective.unit}"
    return f"{objective.property} {prediction.mean:.3g} +- {prediction.standard_deviation:.2g}{unit}"


def _best(objectives: Sequence[Objective], observed: Array) -> str:
    utilities = _utilities(objectives, observed)
    if len(objectives) == 1:
        place = int(np.argmax(utilities[:, 0]))
        unit = "" if objectives[0].unit == "dimensionless" else f" {objectives[0].unit}"
        return f"best so far {observed[place, 0]:.3g}{unit}"
    front = int(non_dominated(utilities, ["maximize"] * len(objectives)).sum())
    return f"{front} point{'s' if front != 1 else ''} in the Pareto set so far"
