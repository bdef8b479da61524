"""Hitting target regions: log P(Y in U), with a target that moves from where the data are to where the regions are.

Nanjo et al. 2025 (SPACIER) choose by the probability that all outputs lie in their regions, here the product over
outputs that are modelled independently. Far from all data that probability is hopeless everywhere, and its maximum is
an accident of the models' tails. Then a wider region is aimed at: in each output that the nearest measured point
misses, its near side is drawn back towards that point, by no more than it takes to make a hit likely enough somewhere.
So it moves on with every measurement that comes nearer, and it follows from the request's rows alone.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from botorch.acquisition import AcquisitionFunction
from numpy.typing import NDArray
from torch import Tensor

from strategies.learn.process import Independent
from strategies.optimize.goals import Band, Goals

Array = NDArray[np.float64]

HOPELESS = math.log(0.01)  # a region that no probe hits with more than this is too far to be aimed at
NEAR = 0.05  # distance, in shares of the inputs' ranges, under which two points are much alike
TINY = 1e-12
HALVINGS = 20  # of the way from the nearest point to the regions


class LogProbability(AcquisitionFunction):
    """log P(all outputs lie in what is aimed at), less what is lost near a known point.

    The expected number of hits of a batch is the sum of the probabilities of its points, however these depend on each
    other: other points change nothing but that one much like them is no experiment of its own. Rows of a pool are
    experiments of their own however alike their columns are.
    """

    def __init__(self, goals: Goals, known: Tensor) -> None:
        """`known` p x d: measured and pending points."""
        super().__init__(model=Independent([model.gp for model in goals.models]))
        self.probabilities = goals.log_probabilities()
        self.known = known[:0] if goals.of_pool else known

    def forward(self, X: Tensor) -> Tensor:
        """b x 1 x d -> b."""
        rows = X.squeeze(-2)
        found = torch.stack([probability(rows) for probability in self.probabilities]).sum(0)
        return found + log_apart(rows, self.known) if len(self.known) else found


def log_apart(rows: Tensor, others: Tensor) -> Tensor:
    """log(1 - exp(-(d / NEAR)^2)) (m), d the distance from each of m x d rows to the nearest of p x d others."""
    squares = (rows.unsqueeze(1) - others.unsqueeze(0)).square().sum(-1).amin(-1)
    return (-torch.expm1(-squares / NEAR**2)).clamp_min(TINY).log()


def aim(goals: Goals, values: Array) -> Goals:
    """The goals with what is aimed at, given n x k measured values of the objectives.

    Unchanged where one of the goals' probes may hit the regions, or a measured point lies in them.
    """
    if not goals.regions or not len(goals.probes):
        return goals
    start = nearest(goals, values)
    if _inside(goals.regions, start) or _best(goals) >= HOPELESS:
        return goals
    share, width = 0.0, 0.5
    for _ in range(HALVINGS):  # the nearer to the start, the likelier
        further = replace(goals, aims=between(goals.regions, start, share + width))
        share, width = share + (width if _best(further) >= HOPELESS else 0.0), width / 2
    return replace(goals, aims=between(goals.regions, start, share))


def _best(goals: Goals) -> float:
    """The largest logarithmic probability of any probe to hit what is aimed at (outcome constraints kept)."""
    rows = torch.as_tensor(goals.probes)
    return float(torch.stack([probability(rows) for probability in goals.log_probabilities()]).sum(0).max())


def nearest(goals: Goals, values: Array) -> list[float]:
    """Of n x k measured values, those of the point that is nearest to all regions, on the models' scales."""
    places = [place for place, one in enumerate(goals.objectives) if one.goal == "target"]
    models = [goals.models[band.place] for band in goals.regions]
    scaled = np.array(
        [[model.standardized(row[place]) for place, model in zip(places, models, strict=True)] for row in values]
    )
    low, high = (np.array([getattr(band, side) for band in goals.regions]) for side in ("low", "high"))
    missed = np.maximum(np.maximum(low - scaled, scaled - high), 0.0)
    found: list[float] = scaled[int(np.argmin(np.square(missed).sum(axis=1)))].tolist()
    return found


def between(regions: Sequence[Band], start: Sequence[float], share: float) -> list[Band]:
    """Regions whose near side is drawn back to `share` of the way from the start to them; 1 leaves them as they are."""
    found = []
    for band, value in zip(regions, start, strict=True):
        low = value + share * (band.low - value) if value < band.low else band.low
        high = value + share * (band.high - value) if value > band.high else band.high
        found.append(Band(band.place, low, high))
    return found


def _inside(regions: Sequence[Band], values: Sequence[float]) -> bool:
    return all(band.low <= value <= band.high for band, value in zip(regions, values, strict=True))
