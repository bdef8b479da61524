"""An exact Gaussian process whose hyperparameters are known: posterior of new points, as a BoTorch model."""

import copy
from typing import Any, Protocol

import torch
from botorch.models.model import Model
from botorch.posteriors.gpytorch import GPyTorchPosterior
from gpytorch.distributions import MultitaskMultivariateNormal, MultivariateNormal
from torch import Tensor

from strategies.learn.kernel import Group

JITTER = 1e-8


class Covariance(Protocol):
    """A covariance with its values (`kernel.py`, `tasks.py`); one lengthscale for each `matern` group."""

    @property
    def groups(self) -> tuple[Group, ...]: ...
    @property
    def lengthscales(self) -> tuple[float, ...]: ...
    @property
    def variance(self) -> float: ...
    def covariance(self, X: Tensor, Z: Tensor) -> Tensor: ...


class GaussianProcess(Model):
    """Posterior of one function given n observations with noise (Rasmussen and Williams 2006, eq. 2.25, 2.26)."""

    num_outputs = 1
    batch_shape = torch.Size([])
    separable = True  # the posterior mean is a sum of products over the parameters

    def __init__(self, kernel: Covariance, mean: float, inputs: Tensor, targets: Tensor, noise: Tensor) -> None:
        """`inputs` n x d, `targets` n, `noise` variances n."""
        super().__init__()
        self.kernel, self.mean = kernel, mean
        self._observe(inputs, targets, noise)

    def _observe(self, inputs: Tensor, targets: Tensor, noise: Tensor) -> None:
        self.inputs, self.targets, self.noise = inputs, targets, noise
        self.condition()

    def condition(self) -> None:
        """Compute what predictions need."""
        mean, _, covariance = self.prior(self.inputs, self.inputs)
        self.factor = torch.linalg.cholesky(covariance + torch.diag(self.noise + JITTER * self.kernel.variance))
        self.weights = torch.cholesky_solve((self.targets - mean).unsqueeze(-1), self.factor).squeeze(-1)

    def prior(self, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Before any observation: mean and variance (... m) at ... x m x d points, covariance (... m x k) with Z."""
        shape = X.shape[:-1]
        mean, variance = X.new_full(shape, self.mean), X.new_full(shape, self.kernel.variance)
        return mean, variance, self.kernel.covariance(X, Z)

    def marginal(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and variance (m, m) of the function at each of m x d points alone."""
        mean, variance, cross = self.prior(X, self.support)
        explained = self.whiten(cross.transpose(-1, -2)).square().sum(0)
        return mean + cross @ self.weights, (variance - explained).clamp_min(1e-12)

    @property
    def support(self) -> Tensor:
        """The points (s x d) through which predictions see the data."""
        return self.inputs

    def whiten(self, cross: Tensor) -> Tensor:
        """From covariances with the support (... s x m): columns whose squares sum to the variance explained."""
        found: Tensor = torch.linalg.solve_triangular(self.factor, cross, upper=False)
        return found

    def shared(self, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Mean and variance (m, m) at m x d points, and their posterior covariance (m x k) with k x d others."""
        size = len(self.support)
        mean, variance, cross = self.prior(X, torch.cat([self.support, Z]))
        seen, beyond = cross[:, :size], cross[:, size:]
        solved = self.whiten(seen.T)
        covariance = beyond - solved.T @ self.whiten(self.prior(self.support, Z)[2])
        return mean + seen @ self.weights, (variance - solved.square().sum(0)).clamp_min(1e-12), covariance

    def left_out(self) -> tuple[Tensor, Tensor]:
        """Mean and variance, noise included, (n, n) of each target from all others (hyperparameters stay).

        Rasmussen and Williams 2006, eq. 5.10-5.12.
        """
        variance = 1.0 / torch.cholesky_inverse(self.factor).diagonal()
        return self.targets - self.weights * variance, variance

    def posterior(
        self,
        X: Tensor,
        output_indices: list[int] | None = None,
        observation_noise: bool | Tensor = False,
        posterior_transform: Any = None,
    ) -> Any:
        """The joint posterior at ... x q x d points, of the function without noise."""
        found = GPyTorchPosterior(self.distribution(X))
        return found if posterior_transform is None else posterior_transform(found)

    def distribution(self, X: Tensor) -> MultivariateNormal:
        """The joint normal distribution (mean ... x q) at ... x q x d points."""
        mean, _, covariance = self.prior(X, X)
        cross = self.prior(self.support, X)[2]
        whitened = self.whiten(cross)
        mean = mean + torch.einsum("...nq,n->...q", cross, self.weights)
        covariance = covariance - whitened.transpose(-1, -2) @ whitened
        floor = JITTER * self.kernel.variance * torch.eye(X.shape[-2], dtype=X.dtype)
        return MultivariateNormal(mean, covariance + floor)

    @property
    def own(self) -> Tensor:
        """Which observations are of this very function (n)."""
        return torch.ones(len(self.targets), dtype=torch.bool)

    def given(self, X: Tensor, targets: Tensor, noise: Tensor) -> "GaussianProcess":
        """The process that has also seen targets (m) at m x d points; hyperparameters stay."""
        more = copy.copy(self)
        more._observe(torch.cat([self.inputs, X]), torch.cat([self.targets, targets]), torch.cat([self.noise, noise]))
        return more


class Independent(Model):
    """Several processes side by side: one output each, no correlation between them."""

    batch_shape = torch.Size([])

    def __init__(self, processes: list[GaussianProcess]) -> None:
        super().__init__()
        self.processes = processes

    @property
    def num_outputs(self) -> int:
        """One for each process."""
        return len(self.processes)

    def posterior(
        self,
        X: Tensor,
        output_indices: list[int] | None = None,
        observation_noise: bool | Tensor = False,
        posterior_transform: Any = None,
    ) -> Any:
        """The joint posterior at ... x q x d points, outputs independent."""
        each = [process.distribution(X) for process in self.processes]
        together = each[0] if len(each) == 1 else MultitaskMultivariateNormal.from_independent_mvns(each)
        found = GPyTorchPosterior(together)
        return found if posterior_transform is None else posterior_transform(found)
