"""Acquisition: qLogNEI for one objective, qLogNEHVI for several, weighted by the learned feasibility.

Ament et al. 2023 (log forms), Daulton et al. 2021 (noisy hypervolume improvement).
"""

from typing import Any

import numpy as np
import torch
from botorch.acquisition import AcquisitionFunction
from botorch.acquisition.logei import qLogNoisyExpectedImprovement
from botorch.acquisition.multi_objective import logei
from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement
from botorch.acquisition.multi_objective.objective import GenericMCMultiOutputObjective
from botorch.acquisition.objective import GenericMCObjective
from botorch.models import ModelListGP
from botorch.sampling.normal import SobolQMCNormalSampler
from numpy.typing import NDArray
from torch import Tensor

from strategies.learn.feasibility import Feasibility
from strategies.optimize.goals import Goals

Array = NDArray[np.float64]

SAMPLES = 128

# At first use BoTorch compiles a C++ kernel for this very CPU, under a lock file that a killed process leaves behind
# for all that come after it; and its results differ in the last digits from those of a machine without compiler.
# The same proposals everywhere, at once, are worth more than its speed.
assert hasattr(logei, "_load_attempted")
logei._load_attempted = True


class FeasibleAcquisition(AcquisitionFunction):
    """A logarithmic acquisition plus the learned feasibility's log weight."""

    def __init__(self, acquisition: Any, feasibility: Feasibility) -> None:
        super().__init__(model=acquisition.model)
        self.acquisition = acquisition
        self.feasibility = feasibility

    def forward(self, X: Tensor) -> Tensor:
        """b x q x d -> b."""
        value: Tensor = self.acquisition(X) + self.feasibility.log_weight(X)
        return value


def build_acquisition(
    goals: Goals, baseline: Array, pending: Array, feasibility: Feasibility | None, seed: int
) -> AcquisitionFunction:
    """The acquisition with the measured points (n x d) as baseline and pending points (p x d) taken as under way."""
    single = len(goals.models) == 1
    model = goals.models[0].gp if single else ModelListGP(*[model.gp for model in goals.models])
    common: dict[str, Any] = {
        "model": model,
        "X_baseline": torch.as_tensor(baseline, dtype=torch.float64),
        "X_pending": torch.as_tensor(pending, dtype=torch.float64) if len(pending) else None,
        "sampler": SobolQMCNormalSampler(torch.Size([SAMPLES]), seed=seed),
        "constraints": goals.outcome_constraints(),
        "prune_baseline": True,
    }
    if len(goals.objectives) == 1:
        objective = GenericMCObjective(goals.first_utility)
        acquisition: AcquisitionFunction = qLogNoisyExpectedImprovement(objective=objective, **common)
    else:
        acquisition = qLogNoisyExpectedHypervolumeImprovement(
            objective=GenericMCMultiOutputObjective(goals.utilities),
            ref_point=[0.0] * len(goals.objectives),
            **common,
        )
    return acquisition if feasibility is None else FeasibleAcquisition(acquisition, feasibility)
