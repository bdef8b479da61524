"""Method `multitask`: own function and source as two correlated Gaussian processes."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from strategies.learn.fitting import spread
from strategies.learn.kernel import Group, Kernel
from strategies.learn.process import JITTER, GaussianProcess
from strategies.learn.transfer.sample import Learned, Sample
from strategies.learn.transfer.tasks import Tasks, fit_tasks

Array = NDArray[np.float64]

SAMPLE = 150  # values of a source, and own ones, that the hyperparameters are fitted to


class Informed(GaussianProcess):
    """The own function's process, given what the source measured: that shapes its prior, the rest is as ever."""

    separable = False

    def __init__(self, tasks: Tasks, groups: Sequence[Group], source: Sample, own: Sample) -> None:
        """Conditions on the source's values once; own values come on top."""
        relative = Kernel(tuple(groups), tasks.lengthscales, 1.0)
        first, second = tasks.variances
        self._relative, self._shared = relative, tasks.correlation * math.sqrt(first * second)
        rows = torch.as_tensor(source.inputs)
        level = np.full(len(source), tasks.noise[1]) if source.noise is None else source.noise
        covariance = second * relative.covariance(rows, rows) + torch.diag(torch.as_tensor(level) + JITTER * second)
        residuals = torch.as_tensor(source.targets) - tasks.means[1]
        self._given = (rows, torch.linalg.cholesky(covariance))
        self._pull = torch.linalg.solve_triangular(self._given[1], residuals.unsqueeze(-1), upper=False).squeeze(-1)
        noise = np.full(len(own), tasks.noise[0]) if own.noise is None else own.noise
        super().__init__(
            Kernel(tuple(groups), tasks.lengthscales, first),
            tasks.means[0],
            torch.as_tensor(own.inputs),
            torch.as_tensor(own.targets),
            torch.as_tensor(noise),
        )

    def prior(self, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Before any own observation, but given the source's: as `GaussianProcess.prior`."""
        known = self._whitened_source(X)
        mean = self.mean + torch.einsum("...nm,n->...m", known, self._pull)
        variance = (self.kernel.variance - known.square().sum(-2)).clamp_min(1e-12)
        covariance = self.kernel.covariance(X, Z) - known.transpose(-1, -2) @ self._whitened_source(Z)
        return mean, variance, covariance

    def _whitened_source(self, X: Tensor) -> Tensor:
        rows, factor = self._given
        cross = self._shared * self._relative.covariance(rows, X)
        found: Tensor = torch.linalg.solve_triangular(factor, cross, upper=False)
        return found


def learn(groups: Sequence[Group], own: Sample, source: Sample, place: Array | None) -> Learned:
    """Fit both functions, to at most `SAMPLE` values of each, evenly in their order."""
    own_part, part = (each.rows(spread(len(each), SAMPLE)) for each in (own, source))
    tasks = fit_tasks(groups, own_part, part, place)
    return Learned(Informed(tasks, groups, source, own), tasks.noise[0], tasks.place, tasks.correlation)
