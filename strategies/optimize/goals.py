"""Objectives and outcome constraints as functions of model samples.

Utility of an objective: the value (maximize), its negative (minimize), or minus the distance to what is to be hit (a
value, a region, a level); 0 is the reference point and 1 the range of the utilities observed so far, so that all
objectives weigh alike. Objectives with desirabilities have one utility together, their geometric mean.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from botorch.utils.probability.utils import log_prob_normal_in
from numpy.typing import NDArray
from torch import Tensor

from strategies.learn.gp import PropertyModel
from strategies.objectives import MAPPING, Objective, OutcomeConstraint, is_scored, merits, weights
from strategies.optimize.pareto import infer_reference

Array = NDArray[np.float64]

FARTHEST = 1e9  # standard deviations: what an open bound is taken for
LEAST = 1e-3  # desirability below which it is smoothed: a score of 0 everywhere shows no way uphill
FRONT = 4  # objectives up to which the hypervolume is improved; of more, random scalarizations


@dataclass(frozen=True)
class Band:
    """A property (the place of its model) that is to lie between two bounds on its model's scale."""

    place: int
    low: float
    high: float


def utility(objective: Objective, values: Any) -> Any:
    """More is better; for numpy arrays and tensors of any shape, in the objective's unit. See `Objective.merit`."""
    if objective.goal == "maximize":
        return values
    if objective.goal in ("minimize", "explore"):
        return -values if objective.goal == "minimize" else 0.0 * values
    low, high = objective.region()
    if isinstance(values, Tensor):
        return -torch.clamp(torch.maximum(low - values, values - high), min=0.0)
    return -np.maximum(np.maximum(low - values, values - high), 0.0)


def observed_utilities(objectives: Sequence[Objective], complete: Array) -> Array:
    """n x k measured values as utilities (n x k, or n x 1 where desirabilities are one score)."""
    if not len(complete):
        return np.empty((0, 1 if is_scored(objectives) else len(objectives)))
    return np.array([merits(objectives, row) for row in complete.tolist()])


def score(objectives: Sequence[Objective], values: Tensor) -> Tensor:
    """... x k values in their units as ... scores: the geometric mean of desirabilities, smoothed near 0."""
    total = torch.zeros(values.shape[:-1], dtype=values.dtype)
    for place, (objective, weight) in enumerate(zip(objectives, weights(objectives), strict=True)):
        assert objective.desirability is not None
        low, high, value = objective.desirability.low, objective.desirability.high, values[..., place]
        middle = objective.value
        rising = (value - low) / ((high if middle is None else middle) - low)
        falling = (high - value) / (high - (low if middle is None else middle))
        share = torch.minimum(rising, falling) if middle is not None else rising
        share = falling if objective.goal == "minimize" else share
        smooth = math.log(LEAST) + (share - LEAST).clamp(max=0.0)
        total = total + weight * torch.where(share > LEAST, share.clamp(LEAST, 1.0).log(), smooth)
    return total.exp()


@dataclass(frozen=True)
class Goals:
    """What is wanted, over the columns of a multi-output model (`models` in order).

    `of_pool`: the space is a pool; `described`: its rows are known by many descriptors, which do not determine what is
    measured: rows may share them all. `aims`: where the target regions are too far away, the places and bounds of what
    is aimed at first (`target.py`).
    """

    objectives: Sequence[Objective]
    constraints: Sequence[OutcomeConstraint]
    models: Sequence[PropertyModel]
    references: Array  # one for each utility
    scales: Array
    of_pool: bool = False
    described: bool = False
    aims: Sequence[Band] | None = None
    probes: Array = field(default_factory=lambda: np.empty((0, 0)))  # points that stand for the space, m x d

    def _place(self, name: str) -> int:
        return [model.name for model in self.models].index(name)

    def model_of(self, objective: Objective) -> PropertyModel:
        """The model of an objective's property."""
        return self.models[self._place(objective.property)]

    @cached_property
    def scored(self) -> bool:
        """Whether the objectives are one score of desirabilities."""
        return is_scored(self.objectives)

    @cached_property
    def improving(self) -> list[Objective]:
        """The objectives whose value can be better and better, or nearer and nearer."""
        return [one for one in self.objectives if one.goal != "target" and one.goal not in MAPPING]

    @cached_property
    def regions(self) -> list[Band]:
        """The target regions."""
        return [self._band(one.property, *one.region()) for one in self.objectives if one.goal == "target"]

    @property
    def mapped(self) -> list[PropertyModel]:
        """The models of what is to be known everywhere, or at a level."""
        return [self.model_of(one) for one in self.objectives if one.goal in MAPPING]

    @property
    def aimed(self) -> Sequence[Band]:
        """The regions, or what is aimed at on the way to them."""
        return self.regions if self.aims is None else self.aims

    @property
    def improves_one(self) -> bool:
        """Whether all that is wanted is one property as large, or as small, as can be."""
        return self.closed and not self.regions

    @property
    def closed(self) -> bool:
        """Whether one property is to be as large, or as small, as can be, beside target regions if at all."""
        return len(self.improving) == 1 and not self.scored and self.improving[0].goal != "value"

    @property
    def first_model(self) -> PropertyModel:
        """The model of the first objective that can be improved, if there is one, else of the first."""
        return self.model_of([*self.improving, *self.objectives][0])

    @property
    def first_sign(self) -> float:
        """1 where more of that objective's property is better, -1 where less is."""
        return -1.0 if [*self.improving, *self.objectives][0].goal == "minimize" else 1.0

    @property
    def own(self) -> float:
        """The variance of a row's own value about the first model's function: what looks like noise over its rows."""
        return typical_noise(self.first_model) if self.described else 0.0

    @property
    def acquisition(self) -> str:
        """Its name, as it stands in reports."""
        region = "log P(target region)"
        if self.mapped:
            return "straddle" if self.objectives[0].goal == "level-set" else "integrated variance"
        if not self.improving:
            return region
        if self.scored or len(self.improving) == 1:
            name = "LogNEI" if self.closed else "qLogNEI of the desirability" if self.scored else "qLogNEI"
        else:
            name = "qLogNEHVI" if len(self.improving) <= FRONT else "qLogNParEGO"
        return f"{name} + {region}" if self.regions else name

    def _band(self, name: str, low: float, high: float) -> Band:
        model = self.models[self._place(name)]
        bounds = [float(np.clip(model.standardized(each), -FARTHEST, FARTHEST)) for each in (low, high)]
        return Band(self._place(name), bounds[0], max(bounds[1], bounds[0] + 1 / FARTHEST))

    def _bands(self, constraints: Sequence[OutcomeConstraint]) -> list[Band]:
        return [
            self._band(each.property, *((-math.inf, each.value) if each.comparison == "<=" else (each.value, math.inf)))
            for each in constraints
        ]

    def log_probabilities(self) -> list[Callable[[Tensor], Tensor]]:
        """Functions of m x d inputs that give log P (m): one for each constraint, and for the regions aimed at."""
        limits = [self._log_probability(band, measured=False) for band in self._bands(self.constraints)]
        return limits + [self._log_probability(band, measured=True) for band in self.aimed]

    def _log_probability(self, band: Band, measured: bool) -> Callable[[Tensor], Tensor]:
        return lambda rows: log_inside(self.models[band.place], band, rows, measured)

    def likely_allowed(self, rows: Tensor) -> Tensor:
        """Those of n x d measured points that rather keep all outcome constraints and regions; all, if none does."""
        kept = torch.ones(len(rows), dtype=torch.bool)
        for probability in self.log_probabilities():
            kept &= probability(rows) >= math.log(0.5)
        return rows[kept] if bool(kept.any()) else rows

    def utilities(self, samples: Tensor, X: Tensor | None = None) -> Tensor:
        """... x m model samples as ... x k scaled utilities of the objectives that can be improved."""
        columns = []
        for objective, reference, scale in zip(self.objectives, self.references, self.scales, strict=True):
            if objective.goal != "target":
                value = self._natural(samples, objective.property)
                columns.append((utility(objective, value) - float(reference)) / float(scale))
        return torch.stack(columns, dim=-1)

    def one_utility(self, samples: Tensor, X: Tensor | None = None) -> Tensor:
        """... x m model samples as ... utilities: of the only objective to improve, or the desirability of all."""
        if not self.scored:
            return self.utilities(samples)[..., 0]
        values = [self._natural(samples, objective.property) for objective in self.objectives]
        return score(self.objectives, torch.stack(values, dim=-1))

    def _natural(self, samples: Tensor, name: str) -> Tensor:
        place = self._place(name)
        return self.models[place].natural(samples[..., place])

    def outcome_constraints(self) -> list[Callable[[Tensor], Tensor]] | None:
        """Functions of ... x m samples that are negative where a constraint or a side of a region is kept; or None."""
        bands = [*self._bands(self.constraints), *self.aimed]
        sides = [(band.place, 1.0, band.high) for band in bands if band.high < FARTHEST]
        sides += [(band.place, -1.0, band.low) for band in bands if band.low > -FARTHEST]
        return [_excess(*side) for side in sides] or None


def _excess(place: int, sign: float, bound: float) -> Callable[[Tensor], Tensor]:
    return lambda samples: sign * (samples[..., place] - bound)


def log_inside(model: PropertyModel, band: Band, rows: Tensor, measured: bool) -> Tensor:
    """log P(low <= property <= high) at m x d inputs (m); of the value that would be `measured`, noise included."""
    mean, variance = model.gp.marginal(rows)
    deviation = (variance + (typical_noise(model) if measured else 0.0)).sqrt()
    found: Tensor = log_prob_normal_in((band.low - mean) / deviation, (band.high - mean) / deviation)
    return found


def typical_noise(model: PropertyModel) -> float:
    """The variance of a measurement on the model's scale; the median, for outliers are given large ones."""
    return float(model.gp.noise.median())


def build_goals(
    objectives: Sequence[Objective],
    constraints: Sequence[OutcomeConstraint],
    models: Sequence[PropertyModel],
    observed: Array,
) -> Goals:
    """Goals with references (given, or inferred from n x k observed utilities) and scales."""
    if is_scored(objectives):
        return Goals(objectives, constraints, models, np.zeros(1), np.ones(1))
    inferred = infer_reference(observed, ["maximize"] * len(objectives))
    given = [None if each.reference is None else each.merit(each.reference) for each in objectives]
    references = np.array([guess if value is None else value for value, guess in zip(given, inferred, strict=True)])
    span = np.ptp(observed, axis=0)
    scales = np.where(span > 0, span, np.maximum(np.abs(observed).max(axis=0), 1.0))
    return Goals(objectives, constraints, models, references, scales)
