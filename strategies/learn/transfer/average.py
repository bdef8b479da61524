"""Several models of one property as one: Bayesian model averaging (Hoeting et al. 1999), by its first two moments."""

from collections.abc import Sequence

import torch
from botorch.models.model import Model
from gpytorch.distributions import MultivariateNormal
from torch import Tensor

from strategies.learn.process import JITTER, GaussianProcess


class Averaged(GaussianProcess):
    """The mixture of processes on the same scale, with the same own values, as the normal process of its moments."""

    separable = False

    def __init__(self, processes: Sequence[GaussianProcess], weights: Sequence[float]) -> None:
        """Weights are above 0 and add up to 1; kernel and noise that are shown are those of the weightiest."""
        Model.__init__(self)
        leading = processes[max(range(len(weights)), key=lambda place: weights[place])]
        self.kernel, self.mean = leading.kernel, leading.mean
        self.inputs, self.targets, self.noise = leading.inputs, leading.targets, leading.noise
        self.members = list(zip(processes, weights, strict=True))

    def marginal(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """As of a single process."""
        return self._mixed([process.marginal(X) for process, _ in self.members])

    def left_out(self) -> tuple[Tensor, Tensor]:
        """As of a single process."""
        return self._mixed([process.left_out() for process, _ in self.members])

    def _mixed(self, each: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        middle = self._sum([mean for mean, _ in each])
        return middle, self._sum([variance + (mean - middle).square() for mean, variance in each])

    def _sum(self, parts: list[Tensor]) -> Tensor:
        total = torch.zeros_like(parts[0])
        for part, (_, weight) in zip(parts, self.members, strict=True):
            total = total + weight * part
        return total

    def shared(self, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """As of a single process; the models' disagreement is covariance too."""
        each = [process.shared(X, Z) for process, _ in self.members]
        there = [process.marginal(Z)[0] for process, _ in self.members]
        mean, variance = self._mixed([(one, spread) for one, spread, _ in each])
        middle = self._sum(there)
        covariance = self._sum(
            [
                between + torch.outer(here - mean, other - middle)
                for (here, _, between), other in zip(each, there, strict=True)
            ]
        )
        return mean, variance, covariance

    def distribution(self, X: Tensor) -> MultivariateNormal:
        """As of a single process."""
        each = [process.distribution(X) for process, _ in self.members]
        mean = self._sum([one.mean for one in each])
        apart = [one.mean - mean for one in each]
        covariance = self._sum(
            [
                one.covariance_matrix + gap.unsqueeze(-1) * gap.unsqueeze(-2)
                for one, gap in zip(each, apart, strict=True)
            ]
        )
        floor = JITTER * self.kernel.variance * torch.eye(X.shape[-2], dtype=X.dtype)
        return MultivariateNormal(mean, covariance + floor)

    def given(self, X: Tensor, targets: Tensor, noise: Tensor) -> "Averaged":
        """As of a single process; the weights stay."""
        return Averaged(
            [process.given(X, targets, noise) for process, _ in self.members], [weight for _, weight in self.members]
        )
