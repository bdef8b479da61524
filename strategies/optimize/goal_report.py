"""What the goals come to, in numbers for the report and in words for a proposal's reason."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from strategies.objectives import merits
from strategies.optimize.goals import FARTHEST, Band, Goals, observed_utilities
from strategies.optimize.pareto import estimated_hypervolume, hypervolume
from strategies.request import Prediction

Array = NDArray[np.float64]

EXACT = 3  # objectives up to which the hypervolume is computed: its cost is exponential in their number
PROBABILITY = "product over independent outputs"


def goal_report(goals: Goals, values: Array) -> dict[str, Any]:
    """The acquisition, and by goal: reference point and hypervolume, the target that is aimed at, the best score.

    `values` n x k are the measured points that count as the best's rivals, columns as the objectives.
    """
    report: dict[str, Any] = {"acquisition": goals.acquisition}
    if len(goals.improving) > 1 and not goals.scored:
        report |= _front(goals, values)
    if goals.regions:
        report["target"] = {
            "probability": PROBABILITY,
            "intermediate": goals.aims is not None,
            "aimed_at": {goals.models[band.place].name: _natural(goals, band) for band in goals.aimed},
        }
    if goals.scored:
        report["best_desirability"] = float(observed_utilities(goals.objectives, values).max())
    return report


def _front(goals: Goals, values: Array) -> dict[str, Any]:
    """Reference point and hypervolume in the objectives' units; of a value to be hit: the distance from it."""
    kept = [place for place, one in enumerate(goals.objectives) if one in goals.improving]
    worst = goals.references[kept]
    utilities = observed_utilities(goals.objectives, values)[:, kept]
    exact = len(kept) <= EXACT
    volume = (hypervolume if exact else estimated_hypervolume)(utilities, ["maximize"] * len(kept), worst.tolist())
    return {"reference": reference(goals), "hypervolume": volume, "hypervolume_exact": exact}


def reference(goals: Goals) -> dict[str, float]:
    """The reference point by property, in the objectives' units; of a value to be hit: the distance from it."""
    return {
        one.property: float(value if one.goal == "maximize" else -value)
        for one, value in zip(goals.objectives, goals.references, strict=True)
        if one.goal != "target"
    }


def _natural(goals: Goals, band: Band) -> list[float | None]:
    model = goals.models[band.place]
    return [
        None if abs(bound) >= FARTHEST else float(model.natural(torch.as_tensor(bound, dtype=torch.float64)))
        for bound in (band.low, band.high)
    ]


def remark(goals: Goals, row: Array, prediction: dict[str, Prediction]) -> str:
    """What the reason of a proposal (encoded 1 x d) says of its goal beyond predictions; empty, or begun by a comma."""
    said = []
    if goals.regions:
        count = len(goals.constraints)
        with torch.no_grad():
            logarithms = [one(torch.as_tensor(row)) for one in goals.log_probabilities()[count:]]
        region = "the target region" if goals.aims is None else "an intermediate target (the region is still far away)"
        said.append(f"hits {region} with probability {float(torch.stack(logarithms).sum().exp()):.2g}")
    if goals.scored:
        means = [prediction[one.property].mean for one in goals.objectives]
        said.append(f"desirability {merits(goals.objectives, means)[0]:.2f}")
    elif len(goals.improving) > 1:
        said.append("reference point " + " ".join(f"{name} {value:.3g}" for name, value in reference(goals).items()))
    return "".join(f", {each}" for each in said)
