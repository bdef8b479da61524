"""Objectives and outcome constraints as functions of model samples.

Utility of an objective: the value (maximize), its negative (minimize), or minus the distance to the target region;
0 is the reference point and 1 the range of the utilities observed so far, so that all objectives weigh alike.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from strategies.learn.gp import PropertyModel
from strategies.objectives import Objective, OutcomeConstraint
from strategies.optimize.pareto import infer_reference

Array = NDArray[np.float64]


def utility(objective: Objective, values: Any) -> Any:
    """More is better; for numpy arrays and tensors of any shape, in the objective's unit."""
    if objective.goal == "maximize":
        return values
    if objective.goal == "minimize":
        return -values
    low = float("-inf") if objective.low is None else objective.low
    high = float("inf") if objective.high is None else objective.high
    if isinstance(values, Tensor):
        return -torch.clamp(torch.maximum(low - values, values - high), min=0.0)
    return -np.maximum(np.maximum(low - values, values - high), 0.0)


def reference_utility(objective: Objective) -> float | None:
    """The utility of the objective's reference value, if it has one."""
    return None if objective.reference is None else float(utility(objective, np.array(objective.reference)))


@dataclass(frozen=True)
class Goals:
    """What is wanted, over the columns of a multi-output model (`models` in order)."""

    objectives: Sequence[Objective]
    constraints: Sequence[OutcomeConstraint]
    models: Sequence[PropertyModel]
    references: Array  # k, utilities
    scales: Array  # k

    def _place(self, name: str) -> int:
        return [model.name for model in self.models].index(name)

    @property
    def improves_one(self) -> bool:
        """Whether one property is to be as large, or as small, as can be."""
        return len(self.objectives) == 1 and self.objectives[0].goal != "target"

    @property
    def first_model(self) -> PropertyModel:
        """The model of the first objective's property."""
        return self.models[self._place(self.objectives[0].property)]

    @property
    def first_sign(self) -> float:
        """1 where more of the first objective's property is better, -1 where less is."""
        return -1.0 if self.objectives[0].goal == "minimize" else 1.0

    def log_probabilities(self) -> list[Callable[[Tensor], Tensor]]:
        """For each outcome constraint the function of m x d inputs that gives log P(it holds) (m)."""
        return [self._log_probability(constraint) for constraint in self.constraints]

    def _log_probability(self, constraint: OutcomeConstraint) -> Callable[[Tensor], Tensor]:
        model = self.models[self._place(constraint.property)]
        limit, sign = model.standardized(constraint.value), 1.0 if constraint.comparison == "<=" else -1.0

        def logarithm(rows: Tensor) -> Tensor:
            mean, variance = model.gp.marginal(rows)
            found: Tensor = torch.special.log_ndtr(sign * (limit - mean) / variance.sqrt())
            return found

        return logarithm

    def likely_allowed(self, rows: Tensor) -> Tensor:
        """Those of n x d measured points that rather keep all outcome constraints; all, if none does."""
        kept = torch.ones(len(rows), dtype=torch.bool)
        for probability in self.log_probabilities():
            kept &= probability(rows) >= math.log(0.5)
        return rows[kept] if bool(kept.any()) else rows

    def utilities(self, samples: Tensor, X: Tensor | None = None) -> Tensor:
        """... x m model samples as ... x k scaled utilities."""
        columns = []
        for objective, reference, scale in zip(self.objectives, self.references, self.scales, strict=True):
            place = self._place(objective.property)
            value = self.models[place].natural(samples[..., place])
            columns.append((utility(objective, value) - float(reference)) / float(scale))
        return torch.stack(columns, dim=-1)

    def first_utility(self, samples: Tensor, X: Tensor | None = None) -> Tensor:
        """... x m model samples as ... utilities of the only objective."""
        return self.utilities(samples)[..., 0]

    def outcome_constraints(self) -> list[Callable[[Tensor], Tensor]] | None:
        """Functions of ... x m samples that are negative where a constraint holds; None without constraints."""
        return [self._constraint(constraint) for constraint in self.constraints] or None

    def _constraint(self, constraint: OutcomeConstraint) -> Callable[[Tensor], Tensor]:
        place = self._place(constraint.property)
        model = self.models[place]
        sign = 1.0 if constraint.comparison == "<=" else -1.0
        width = float(model.natural(model.gp.targets).std()) if len(model.gp.targets) > 1 else 0.0
        unit = width or max(1.0, abs(constraint.value))

        def excess(samples: Tensor) -> Tensor:
            return sign * (model.natural(samples[..., place]) - constraint.value) / unit

        return excess


def observed_utilities(objectives: Sequence[Objective], complete: Array) -> Array:
    """n x k measured values as utilities."""
    columns = [utility(objective, complete[:, place]) for place, objective in enumerate(objectives)]
    return np.stack(columns, axis=1) if len(complete) else np.empty((0, len(objectives)))


def build_goals(
    objectives: Sequence[Objective],
    constraints: Sequence[OutcomeConstraint],
    models: Sequence[PropertyModel],
    observed: Array,
) -> Goals:
    """Goals with references (given, or inferred from n x k observed utilities) and scales."""
    inferred = infer_reference(observed, ["maximize"] * len(objectives))
    given = [reference_utility(objective) for objective in objectives]
    references = np.array([guess if value is None else value for value, guess in zip(given, inferred, strict=True)])
    span = np.ptp(observed, axis=0)
    scales = np.where(span > 0, span, np.maximum(np.abs(observed).max(axis=0), 1.0))
    return Goals(objectives, constraints, models, references, scales)
