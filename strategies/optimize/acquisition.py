"""Acquisition: noisy expected improvement for one objective, qLogNEHVI for several, weighted by what must hold.

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
from botorch.sampling.normal import SobolQMCNormalSampler
from numpy.typing import NDArray
from torch import Tensor

from strategies.learn.feasibility import Feasibility
from strategies.learn.process import Independent
from strategies.optimize.goals import Goals
from strategies.optimize.improvement import LogImprovement, Weighted

Array = NDArray[np.float64]

SAMPLES = 128

# At first use BoTorch compiles a C++ kernel for this very CPU, under a lock file that a killed process leaves behind
# for all that come after it; and its results differ in the last digits from those of a machine without compiler.
# The same proposals everywhere, at once, are worth more than its speed.
assert hasattr(logei, "_load_attempted")
logei._load_attempted = True


def build_acquisition(
    goals: Goals, baseline: Array, pending: Array, feasibility: Feasibility | None, seed: int
) -> AcquisitionFunction:
    """The acquisition with the measured points (n x d) as baseline and pending points (p x d) taken as under way."""
    measured, waiting = torch.as_tensor(baseline), torch.as_tensor(pending)
    weights: list[Any] = [] if feasibility is None else [feasibility.log_weight]
    if goals.improves_one:
        incumbents = goals.likely_allowed(measured)
        model, sign = goals.first_model.gp, goals.first_sign
        acquisition: AcquisitionFunction = LogImprovement(model, sign, incumbents, waiting, seed)
        weights += goals.log_probabilities()
    else:
        acquisition = _by_sampling(goals, measured, waiting, seed)
    return Weighted(acquisition, weights) if weights else acquisition


def _by_sampling(goals: Goals, measured: Tensor, waiting: Tensor, seed: int) -> AcquisitionFunction:
    """Objectives that are no plain maximum or minimum, and several of them, by BoTorch's Monte Carlo."""
    common: dict[str, Any] = {
        "model": Independent([model.gp for model in goals.models]),
        "X_baseline": measured,
        "X_pending": waiting if len(waiting) else None,
        "sampler": SobolQMCNormalSampler(torch.Size([SAMPLES]), seed=seed),
        "constraints": goals.outcome_constraints(),
        "prune_baseline": True,
        "cache_root": False,
    }
    if len(goals.objectives) == 1:
        return qLogNoisyExpectedImprovement(objective=GenericMCObjective(goals.first_utility), **common)
    return qLogNoisyExpectedHypervolumeImprovement(
        objective=GenericMCMultiOutputObjective(goals.utilities),
        ref_point=[0.0] * len(goals.objectives),
        **common,
    )
