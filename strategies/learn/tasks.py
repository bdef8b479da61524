"""Several functions of the same inputs in one Gaussian process: the linear model of coregionalization.

Each task is a weighted sum of independent unit processes that all tasks share (Journel and Huijbregts 1978; Alvarez et
al. 2012, section 4.2): cov(f_s(x), f_t(z)) = sum_j W[s, j] W[t, j] k_j(x, z). Stages of a ladder and tasks of other
campaigns differ only in W. Rows carry the number of their task in a last column behind the encoded candidate.
"""

from dataclasses import dataclass

import torch
from gpytorch.distributions import MultivariateNormal
from torch import Tensor

from strategies.learn.kernel import Group, Kernel
from strategies.learn.process import GaussianProcess


@dataclass(frozen=True)
class TaskKernel:
    """Covariance of tasks; `parts` have variance 1, `weights` are tasks x parts, `task` is the one asked about."""

    parts: tuple[Kernel, ...]
    weights: tuple[tuple[float, ...], ...]
    task: int

    def covariance(self, X: Tensor, Z: Tensor) -> Tensor:
        """... x m x (d + 1) and ... x n x (d + 1) -> ... x m x n; differentiable in the inputs."""
        weights = torch.tensor(self.weights, dtype=torch.float64)
        left, right = weights[X[..., -1].long()], weights[Z[..., -1].long()]
        total = torch.zeros(())
        for place, part in enumerate(self.parts):
            shares = left[..., place].unsqueeze(-1) * right[..., place].unsqueeze(-2)
            total = total + shares * part.covariance(X[..., :-1], Z[..., :-1])
        return total

    def prior(self, task: int) -> float:
        """Covariance of the task asked about with another at one point."""
        return sum(a * b for a, b in zip(self.weights[self.task], self.weights[task], strict=True))

    @property
    def variance(self) -> float:
        """Prior variance of the task asked about."""
        return self.prior(self.task)

    @property
    def groups(self) -> tuple[Group, ...]:
        """Those of the inputs."""
        return self.parts[0].groups

    @property
    def lengthscales(self) -> tuple[float, ...]:
        """Those of the part that weighs most in the task asked about."""
        own = self.weights[self.task]
        return self.parts[max(range(len(own)), key=lambda place: abs(own[place]))].lengthscales


class TaskProcess(GaussianProcess):
    """The posterior of one task, given observations of all: points without a task are taken at the one asked about."""

    def __init__(self, kernel: TaskKernel, mean: float, inputs: Tensor, targets: Tensor, noise: Tensor) -> None:
        """`inputs` n x (d + 1); `targets` n, less the difference between the mean of their task and `mean`."""
        super().__init__(kernel, mean, inputs, targets, noise)
        self.tasks = kernel

    def at(self, X: Tensor, task: int) -> Tensor:
        """... x d points as rows of a task."""
        return torch.cat([X, torch.full_like(X[..., :1], float(task))], dim=-1)

    def marginal(self, X: Tensor) -> tuple[Tensor, Tensor]:
        return super().marginal(self.at(X, self.tasks.task))

    def shared(self, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return super().shared(self.at(X, self.tasks.task), self.at(Z, self.tasks.task))

    def distribution(self, X: Tensor) -> MultivariateNormal:
        return super().distribution(self.at(X, self.tasks.task))

    def given(self, X: Tensor, targets: Tensor, noise: Tensor) -> GaussianProcess:
        return super().given(self.at(X, self.tasks.task), targets, noise)

    def beside(self, X: Tensor, task: int) -> tuple[Tensor, Tensor, Tensor]:
        """Posterior variances of the task asked about and of another, and their covariance (m each) at m x d points."""
        mine, other = (self._solved(self.at(X, each)) for each in (self.tasks.task, task))
        same, cross = self.tasks.variance, self.tasks.prior(task)
        prior_other = sum(weight**2 for weight in self.tasks.weights[task])
        variance = (same - mine.square().sum(0)).clamp_min(1e-12)
        return variance, (prior_other - other.square().sum(0)).clamp_min(1e-12), cross - (mine * other).sum(0)

    def expecting(self, X: Tensor, task: int, noise: float) -> "TaskProcess":
        """The process once another task will have been observed at m x d points just as it is predicted."""
        rows = self.at(X, task)
        means = self.mean + self.kernel.covariance(rows, self.inputs) @ self.weights
        variances = torch.full((len(rows),), noise, dtype=torch.float64)
        return TaskProcess(
            self.tasks,
            self.mean,
            torch.cat([self.inputs, rows]),
            torch.cat([self.targets, means]),
            torch.cat([self.noise, variances]),
        )

    @property
    def own(self) -> Tensor:
        """Which observations are of the task asked about (n)."""
        return self.inputs[:, -1] == self.tasks.task

    def _solved(self, rows: Tensor) -> Tensor:
        cross = self.kernel.covariance(self.inputs, rows)
        found: Tensor = torch.linalg.solve_triangular(self.factor, cross, upper=False)
        return found
