"""Whether a point can be made at all, learned from failed syntheses and invalid points.

Least-squares classification (Rasmussen and Williams 2006, section 6.5): a GP regression on +1 (made) and -1 (failed),
squashed by the probit P = Phi(mean / sqrt(variance + SHARPNESS^2)). The GP's mean is +0.5, so that far from all data
a point is held rather feasible; lengthscales by MAP under the same priors as the property models, noise fixed.

Expected improvement alone would go on asking beyond a sharp border, where the gain is large whatever the odds. So risk
is rationed: after `LESSONS` failures a point must be held feasible with at least `EVEN` probability, and with at least
`SAFE` while more than `SHARE` of all points have failed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from strategies.learn.fitting import LogNormal, Priors, fit
from strategies.learn.gp import process
from strategies.learn.kernel import Group
from strategies.learn.process import GaussianProcess

Array = NDArray[np.float64]

PRIOR_MEAN = 0.5
NOISE = 0.2  # variance of the labels: a smooth function cannot follow a step, and with less noise it turns jagged
LESSONS = 3
EVEN = 0.5
SAFE = 0.9
SHARE = 0.25
STEEP = 100.0  # weight of the logarithm's shortfall: outweighs any gain, and still shows the way back
SHARPNESS = 0.3  # standard deviation of the probit's noise
PRIORS = Priors(lengthscale=LogNormal(0.0, 1.0), variance=LogNormal(0.0, 0.1))


@dataclass(frozen=True)
class Feasibility:
    """A fitted classifier."""

    gp: GaussianProcess  # on labels minus PRIOR_MEAN
    floor: float  # the least probability worth a try; 0 while there is little to learn from

    def log_probability(self, inputs: Tensor) -> Tensor:
        """log P(feasible) at each of m x d inputs (m)."""
        mean, variance = self.gp.marginal(inputs)
        spread = (variance + SHARPNESS**2).sqrt()
        logarithm: Tensor = torch.special.log_ndtr((mean + PRIOR_MEAN) / spread)
        return logarithm

    def log_weight(self, inputs: Tensor) -> Tensor:
        """What is added to a logarithmic acquisition at each of m x d inputs (m): log P, and a wall below the floor."""
        logarithm = self.log_probability(inputs)
        if self.floor == 0:
            return logarithm
        return logarithm + STEEP * (logarithm - math.log(self.floor)).clamp_max(0.0)

    def probability(self, inputs: Array) -> Array:
        """P(feasible) at m x d inputs (m)."""
        with torch.no_grad():
            return np.asarray(self.log_probability(torch.as_tensor(inputs, dtype=torch.float64)).exp().numpy())


def fit_feasibility(made: Array, failed: Array, together: Sequence[Group]) -> Feasibility:
    """Fit from points that were made (m x d) and points that failed (f x d, f >= 1)."""
    inputs = np.vstack([made, failed])
    labels = np.concatenate([np.ones(len(made)), -np.ones(len(failed))]) - PRIOR_MEAN
    fitted = fit(together, inputs, labels, np.full(len(labels), NOISE), PRIORS, centred=True)
    return Feasibility(process(fitted, inputs, labels), _floor(len(made), len(failed)))


def _floor(made: int, failed: int) -> float:
    if failed < LESSONS:
        return 0.0
    return SAFE if failed > SHARE * (made + failed) else EVEN
