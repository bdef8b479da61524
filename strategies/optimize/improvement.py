"""Expected improvement of one property under noise, with pending points: noisy EI, its inner part in closed form.

Letham et al. 2019: the true values at the measured points are uncertain; draw them, and those of the pending points,
from the posterior (quasi-random normals), and average the expected improvement over the best of each draw. Given a
draw, EI is closed (Ament et al. 2023 for its logarithm), so that a few draws do what Monte Carlo needs hundreds for.
"""

from typing import Any

import torch
from botorch.acquisition import AcquisitionFunction
from botorch.acquisition.analytic import _log_ei_helper
from botorch.sampling.qmc import NormalQMCEngine
from torch import Tensor

from strategies.learn.process import GaussianProcess

DRAWS = 32
RIVALS = 8  # measured points that may be the best; the others cannot
JITTER = 1e-6


class LogImprovement(AcquisitionFunction):
    """log E[max(f(x) - best, 0)] on the process's scale; `sign` is -1 where less is better."""

    def __init__(
        self, process: GaussianProcess, sign: float, measured: Tensor, pending: Tensor, seed: int, own: float = 0.0
    ) -> None:
        """`measured` n x d (those that count as incumbents), `pending` p x d.

        `own`: variance by which a point's true value deviates from the function, where its inputs do not determine it.
        """
        super().__init__(model=process)
        self.process, self.sign, self.own = process, sign, own
        self.anchors = torch.cat([_rivals(process, sign, measured), pending])
        drawn = process.distribution(self.anchors)
        covariance = drawn.covariance_matrix + JITTER * process.kernel.variance * torch.eye(len(self.anchors))
        factor = torch.linalg.cholesky(covariance)
        normals = NormalQMCEngine(len(self.anchors), seed=seed).draw(DRAWS, dtype=torch.float64)
        deviations = normals @ factor.T  # draws x anchors
        self.best = (sign * (drawn.mean + deviations)).amax(-1)
        self.factor = factor
        self.pull = torch.cholesky_solve(deviations.T, factor)  # anchors x draws

    def forward(self, X: Tensor) -> Tensor:
        """b x 1 x d -> b."""
        rows = X.squeeze(-2)
        mean, variance, shared = self.process.shared(rows, self.anchors)  # b, b, b x anchors
        explained = torch.linalg.solve_triangular(self.factor, shared.T, upper=False).square().sum(0)
        left = (variance - explained).clamp_min(1e-10 * self.process.kernel.variance)
        deviation = (left + self.own).sqrt().unsqueeze(-1)
        means = mean.unsqueeze(-1) + shared @ self.pull
        each = _log_ei_helper((self.sign * means - self.best) / deviation) + deviation.log()
        value: Tensor = torch.logsumexp(each, -1) - torch.log(torch.tensor(float(DRAWS)))
        return value


def _rivals(process: GaussianProcess, sign: float, measured: Tensor) -> Tensor:
    """The measured points with the largest upper bounds."""
    mean, variance = process.marginal(measured)
    order = torch.argsort(sign * mean + 2.0 * variance.sqrt(), descending=True, stable=True)
    return measured[order[:RIVALS]]


class Weighted(AcquisitionFunction):
    """A logarithmic acquisition plus logarithmic weights: probabilities of what must hold beside it."""

    def __init__(self, acquisition: Any, weights: list[Any]) -> None:
        """`weights` are functions of m x d rows -> m."""
        super().__init__(model=acquisition.model)
        self.acquisition, self.weights = acquisition, weights

    def forward(self, X: Tensor) -> Tensor:
        """b x 1 x d -> b."""
        value: Tensor = self.acquisition(X)
        for weight in self.weights:
            value = value + weight(X.squeeze(-2))
        return value
