"""Knowing a property everywhere, or where it crosses a level: no point is better than another one in itself."""

from dataclasses import replace

import torch
from botorch.acquisition import AcquisitionFunction
from torch import Tensor

from strategies.learn.gp import PropertyModel
from strategies.learn.process import Independent
from strategies.optimize.goals import Goals, typical_noise

WIDTH = 1.96  # standard deviations, as Bryan et al. have it
TINY = 1e-12


class LogStraddle(AcquisitionFunction):
    """The straddle 1.96 sd - |mean - level| (Bryan et al. 2005) on the model's scale, as log(1 + exp(straddle)).

    Monotone, so that the same point is chosen; but positive, so that it can be weighted by probabilities. Pending
    points are taken to give their predicted means.
    """

    def __init__(self, goals: Goals, pending: Tensor) -> None:
        """`pending` p x d."""
        goals = believing(goals, pending)
        model = goals.mapped[0]
        super().__init__(model=model.gp)
        low, _ = goals.objectives[0].region()
        self.process, self.level = model.gp, max(model.standardized(low), -1e9)

    def forward(self, X: Tensor) -> Tensor:
        """b x 1 x d -> b."""
        mean, variance = self.process.marginal(X.squeeze(-2))
        straddle = WIDTH * variance.sqrt() - (mean - self.level).abs()
        return torch.nn.functional.softplus(straddle).clamp_min(TINY).log()


class LogVarianceReduction(AcquisitionFunction):
    """log of the variance that a measurement takes away, integrated over the space (Cohn 1996: ALC).

    The integral is the mean over probes of it; of several properties the product. Hyperparameters stay, so that it
    needs no outcome: pending points are taken as measured.
    """

    def __init__(self, goals: Goals, pending: Tensor) -> None:
        """`pending` p x d; the goals hold the probes."""
        goals = believing(goals, pending)
        super().__init__(model=Independent([model.gp for model in goals.models]))
        self.models = goals.mapped
        self.probes = torch.as_tensor(goals.probes)

    def forward(self, X: Tensor) -> Tensor:
        """b x 1 x d -> b."""
        rows = X.squeeze(-2)
        return torch.stack([self._one(model, rows) for model in self.models]).sum(0)

    def _one(self, model: PropertyModel, rows: Tensor) -> Tensor:
        _, variance, covariance = model.gp.shared(rows, self.probes)
        taken = covariance.square().mean(-1) / (variance + typical_noise(model))
        return (taken / model.gp.kernel.variance).clamp_min(TINY).log()


def believing(goals: Goals, pending: Tensor) -> Goals:
    """The goals over models that have seen pending points (p x d) give their predicted means."""
    if not len(pending):
        return goals
    models = []
    for model in goals.models:
        mean, _ = model.gp.marginal(pending)
        noise = torch.full((len(pending),), typical_noise(model), dtype=mean.dtype)
        models.append(replace(model, gp=model.gp.given(pending, mean, noise)))
    return replace(goals, models=models)
