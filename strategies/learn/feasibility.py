"""Whether a point can be made at all, learned from failed syntheses and invalid points.

Least-squares classification (Rasmussen and Williams 2006, section 6.5): a GP regression on +1 (made) and -1 (failed),
squashed by the probit P = Phi(mean / sqrt(variance + SHARPNESS^2)). The GP's mean is +0.5, so that far from all data
a point is held rather feasible; lengthscales by MAP under the same priors as the property models, noise fixed.

Expected improvement alone would go on asking beyond a sharp border, where the gain is large whatever the odds. So risk
is rationed: after `LESSONS` failures a point must be held feasible with at least `EVEN` probability, and with at least
`SAFE` while more than `SHARE` of all points have failed.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]

PRIOR_MEAN = 0.5
NOISE = 0.2  # variance of the labels: a smooth function cannot follow a step, and with less noise it turns jagged
LESSONS = 3
EVEN = 0.5
SAFE = 0.9
SHARE = 0.25
STEEP = 100.0  # weight of the logarithm's shortfall: outweighs any gain, and still shows the way back
SHARPNESS = 0.3  # standard deviation of the probit's noise


@dataclass(frozen=True)
class Feasibility:
    """A fitted classifier."""

    gp: Any  # SingleTaskGP on labels minus PRIOR_MEAN
    floor: float  # the least probability worth a try; 0 while there is little to learn from

    def log_probability(self, inputs: Tensor) -> Tensor:
        """log P(feasible) at ... x q x d inputs, summed over q: shape ..."""
        posterior = self.gp.posterior(inputs)
        mean = posterior.mean.squeeze(-1) + PRIOR_MEAN
        spread = (posterior.variance.squeeze(-1).clamp_min(0) + SHARPNESS**2).sqrt()
        logarithm: Tensor = torch.special.log_ndtr(mean / spread).sum(-1)
        return logarithm

    def log_weight(self, inputs: Tensor) -> Tensor:
        """What is added to a logarithmic acquisition at ... x q x d inputs: log P, and a wall below the floor."""
        logarithm = self.log_probability(inputs)
        if self.floor == 0:
            return logarithm
        return logarithm + STEEP * (logarithm - math.log(self.floor)).clamp_max(0.0)

    def probability(self, inputs: Array) -> Array:
        """P(feasible) at m x d inputs (m)."""
        with torch.no_grad():
            rows = torch.as_tensor(inputs, dtype=torch.float64).unsqueeze(-2)
            return np.asarray(self.log_probability(rows).exp().numpy())


def fit_feasibility(made: Array, failed: Array) -> Feasibility:
    """Fit from points that were made (m x d) and points that failed (f x d, f >= 1)."""
    from botorch.exceptions.errors import ModelFittingError
    from botorch.fit import fit_gpytorch_mll
    from botorch.models import SingleTaskGP
    from botorch.settings import validate_input_scaling
    from gpytorch.means import ZeroMean
    from gpytorch.mlls import ExactMarginalLogLikelihood

    inputs = torch.as_tensor(np.vstack([made, failed]), dtype=torch.float64)
    labels = torch.cat([torch.ones(len(made)), -torch.ones(len(failed))]).to(torch.float64).unsqueeze(-1) - PRIOR_MEAN

    def build() -> Any:
        with validate_input_scaling(False):  # labels are what they are
            return SingleTaskGP(
                inputs,
                labels,
                train_Yvar=torch.full_like(labels, NOISE),
                mean_module=ZeroMean(),
                outcome_transform=None,
            )

    gp = build()
    try:
        fit_gpytorch_mll(ExactMarginalLogLikelihood(gp.likelihood, gp))
    except ModelFittingError:
        gp = build()  # the priors' own lengthscales: a wide, cautious classifier
    gp.eval()
    return Feasibility(gp, _floor(len(made), len(failed)))


def _floor(made: int, failed: int) -> float:
    if failed < LESSONS:
        return 0.0
    return SAFE if failed > SHARE * (made + failed) else EVEN
