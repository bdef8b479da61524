"""Whether a point can be made at all, learned from failed syntheses and invalid points.

Least-squares classification (Rasmussen and Williams 2006, section 6.5): a GP regression on +1 (made) and -1 (failed),
squashed by the probit P = Phi(mean / sqrt(variance + SHARPNESS^2)). The GP's mean is +0.5, so that far from all data
a point is held rather feasible; lengthscales by MAP under the same priors as the property models, noise fixed.

Expected improvement alone would go on asking beyond a sharp border, where the gain is large whatever the odds. So risk
is rationed: of what is asked after the first `LESSONS` failures at most `SHARE` may fail. Where one more failure would
keep to that, a point must be held feasible with at least `EVEN` probability; where not, with at least `SAFE`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

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
SAFE = 0.97
SHARE = 0.25
STEEP = 1000.0  # weight of the logarithm's shortfall: outweighs any gain, and still shows the way back
SHARPNESS = 0.3  # standard deviation of the probit's noise
PRIORS = Priors(lengthscale=LogNormal(0.0, 1.0), variance=LogNormal(0.0, 0.1))


@dataclass(frozen=True)
class Feasibility:
    """A fitted classifier."""

    gp: GaussianProcess  # on labels minus PRIOR_MEAN
    asked: tuple[bool, ...]  # whether each point asked for failed, in order
    floor: float  # the least probability worth a try; 0 while there is little to learn from

    def with_pending(self, inputs: Array) -> "Feasibility":
        """With the floor that holds while points (p x d) are under way: each counts as the failure that it may be."""
        return replace(self, floor=ration(self.asked, 1.0 - self.probability(inputs)))

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


def fit_feasibility(made: Array, failed: Array, together: Sequence[Group], asked: Sequence[bool] = ()) -> Feasibility:
    """Fit from points that were made (m x d) and points that failed (f x d, f >= 1).

    `asked` says of each point asked for, in order, whether it failed; without it they count as made first.
    """
    inputs = np.vstack([made, failed])
    labels = np.concatenate([np.ones(len(made)), -np.ones(len(failed))]) - PRIOR_MEAN
    fitted = fit(together, inputs, labels, np.full(len(labels), NOISE), PRIORS, centred=True)
    history = tuple(asked) or (False,) * len(made) + (True,) * len(failed)
    return Feasibility(process(fitted, inputs, labels), history, ration(history, np.empty(0)))


def ration(asked: Sequence[bool], risks: Array) -> float:
    """The least probability worth a try, after points asked in order (true: failed) and with others' risks (p)."""
    failures = np.flatnonzero(np.asarray(asked, dtype=bool))
    if len(failures) < LESSONS:
        return 0.0
    since = len(asked) - 1 - int(failures[LESSONS - 1]) + len(risks)
    spent = len(failures) - LESSONS + float(risks.sum())
    return EVEN if spent + 1.0 <= SHARE * (since + 1) else SAFE
