"""Acquisition by goal, weighted by what must hold: outcome constraints, target regions beside others, feasibility.

One objective: noisy expected improvement. Up to four: noisy hypervolume improvement (Daulton et al. 2021). More: that
of an augmented Chebyshev scalarization with weights drawn anew for each proposal (ParEGO, Knowles 2005; Daulton et al.
2020), for the hypervolume's cost is exponential in their number. Log forms: Ament et al. 2023.
"""

from typing import Any

import numpy as np
import torch
from botorch.acquisition import AcquisitionFunction
from botorch.acquisition.logei import qLogNoisyExpectedImprovement
from botorch.acquisition.multi_objective import logei
from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement
from botorch.acquisition.multi_objective.objective import GenericMCMultiOutputObjective
from botorch.acquisition.multi_objective.parego import qLogNParEGO
from botorch.acquisition.objective import GenericMCObjective
from botorch.sampling.normal import SobolQMCNormalSampler
from numpy.typing import NDArray
from torch import Tensor

from strategies.learn.feasibility import Feasibility
from strategies.learn.process import Independent
from strategies.optimize.goals import FRONT, Goals
from strategies.optimize.improvement import LogImprovement, Weighted
from strategies.optimize.mapping import LogStraddle, LogVarianceReduction
from strategies.optimize.target import LogProbability

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
    if goals.mapped:
        mapping = LogStraddle if goals.objectives[0].goal == "level-set" else LogVarianceReduction
        acquisition: AcquisitionFunction = mapping(goals, waiting)
        weights += goals.log_probabilities()
    elif not goals.improving:
        acquisition = LogProbability(goals, torch.cat([measured, waiting]))
    elif goals.closed:
        incumbents = goals.likely_allowed(measured)
        acquisition = LogImprovement(goals.first_model.gp, goals.first_sign, incumbents, waiting, seed, goals.own)
        weights += goals.log_probabilities()
    else:
        acquisition = _by_sampling(goals, measured, waiting, seed)
    return Weighted(acquisition, weights) if weights else acquisition


def _by_sampling(goals: Goals, measured: Tensor, waiting: Tensor, seed: int) -> AcquisitionFunction:
    """Objectives that are no plain maximum or minimum, and several of them, by BoTorch's Monte Carlo."""
    count = len(goals.improving)
    by_volume = not goals.scored and 1 < count <= FRONT
    # One more objective makes a sample's hypervolume several times as dear.
    samples = SAMPLES // 2 ** (count - 2) if by_volume else SAMPLES
    common: dict[str, Any] = {
        "model": Independent([model.gp for model in goals.models]),
        "X_baseline": measured,
        "X_pending": waiting if len(waiting) else None,
        "sampler": SobolQMCNormalSampler(torch.Size([samples]), seed=seed),
        "constraints": goals.outcome_constraints(),
        "prune_baseline": True,
        "cache_root": False,
    }
    if goals.scored or count == 1:
        return qLogNoisyExpectedImprovement(objective=GenericMCObjective(goals.one_utility), **common)
    common["objective"] = GenericMCMultiOutputObjective(goals.utilities)
    if not by_volume:
        drawn = np.random.default_rng([seed, len(waiting)]).dirichlet(np.ones(count))
        return qLogNParEGO(scalarization_weights=torch.as_tensor(drawn), **common)
    return qLogNoisyExpectedHypervolumeImprovement(ref_point=[0.0] * count, **common)
