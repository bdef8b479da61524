"""A Gaussian process that sees a long history through a few inducing points.

Variational posterior with known hyperparameters (Titsias 2009); the inducing points are taken from the data: the
highest and the lowest values, then greedily those that are known worst from the ones taken (pivoted Cholesky; Burt et
al. 2020). Costs n m^2 instead of n^3, a prediction m^2 instead of n^2. With all data as inducing points it is exact.
"""

import torch
from torch import Tensor

from strategies.learn.kernel import Kernel
from strategies.learn.process import JITTER, Covariance, GaussianProcess

INDUCING = 500
EXTREMES = 50  # of each kind among the inducing points: where an optimum may be, the model must be sharp
NEGLIGIBLE = 1e-6  # share of the prior variance: what is known so well needs no inducing point


class SparseProcess(GaussianProcess):
    """The posterior of one function given n observations with noise, through m inducing points."""

    def __init__(
        self, kernel: Covariance, mean: float, inputs: Tensor, targets: Tensor, noise: Tensor, inducing: Tensor
    ) -> None:
        """`inputs` n x d, `targets` n, `noise` variances n, `inducing` m x d."""
        self._inducing = inducing
        super().__init__(kernel, mean, inputs, targets, noise)

    def condition(self) -> None:
        """Compute what predictions need."""
        size = len(self.support)
        prior = self.kernel.covariance(self.support, self.support)
        self.factor = torch.linalg.cholesky(prior + NEGLIGIBLE * self.kernel.variance * torch.eye(size))
        roots = (self.noise + JITTER * self.kernel.variance).sqrt()
        cross = self.kernel.covariance(self.support, self.inputs)
        self._seen = torch.linalg.solve_triangular(self.factor, cross, upper=False) / roots  # m x n
        values, vectors = torch.linalg.eigh(self._seen @ self._seen.T)
        values = values.clamp_min(0.0)
        self._shrink = (values / (1.0 + values)).sqrt().unsqueeze(-1) * vectors.T
        self._inverse = (vectors / (1.0 + values)) @ vectors.T
        pulled = self._inverse @ (self._seen @ ((self.targets - self.mean) / roots))
        self.weights = torch.linalg.solve_triangular(self.factor.T, pulled.unsqueeze(-1), upper=True).squeeze(-1)

    @property
    def support(self) -> Tensor:
        """The inducing points (m x d)."""
        return self._inducing

    def whiten(self, cross: Tensor) -> Tensor:
        """From covariances with the support (... m x k): columns whose squares sum to the variance explained."""
        found: Tensor = self._shrink @ torch.linalg.solve_triangular(self.factor, cross, upper=False)
        return found

    def left_out(self) -> tuple[Tensor, Tensor]:
        """Mean and variance (n, n) of each observation given all the others, in the model of the inducing points."""
        variances = self.noise + JITTER * self.kernel.variance
        residuals = self.targets - self.mean
        known = self._inverse @ self._seen
        precision = (1.0 - (self._seen * known).sum(0)) / variances
        pull = residuals / variances - (known.T @ (self._seen @ (residuals / variances.sqrt()))) / variances.sqrt()
        return self.targets - pull / precision, 1.0 / precision

    def given(self, X: Tensor, targets: Tensor, noise: Tensor) -> "SparseProcess":
        """The process that has also seen targets (k) at k x d points, which become inducing points too."""
        return SparseProcess(
            self.kernel,
            self.mean,
            torch.cat([self.inputs, X]),
            torch.cat([self.targets, targets]),
            torch.cat([self.noise, noise]),
            torch.cat([self.support, X]),
        )


def inducing_points(kernel: Kernel, inputs: Tensor, targets: Tensor, count: int = INDUCING) -> Tensor:
    """At most so many of n x d inputs."""
    order = torch.argsort(targets, stable=True)
    extremes = min(EXTREMES, count // 4)
    first = torch.cat([order[:extremes], order[len(order) - extremes :]]).tolist()
    left = torch.full((len(inputs),), kernel.variance, dtype=inputs.dtype)
    rows = torch.zeros(count, len(inputs), dtype=inputs.dtype)
    taken: list[int] = []
    for step in range(min(count, len(inputs))):
        place = first[step] if step < len(first) else int(left.argmax())
        if left[place] <= NEGLIGIBLE * kernel.variance:
            if step < len(first):
                continue
            break
        row = kernel.covariance(inputs[place : place + 1], inputs)[0]
        row = (row - rows[: len(taken)].T @ rows[: len(taken), place]) / left[place].sqrt()
        left = (left - row.square()).clamp_min(0.0)
        rows[len(taken)] = row
        taken.append(place)
    return inputs[taken]
