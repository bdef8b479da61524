"""The guard against negative transfer: a source counts as far as it predicts what is measured here.

Every own value from the second on is predicted before it counts (prequential; Dawid 1984): by hyperparameters fitted to
values before it (anew whenever these have grown by half), given all values before it. Source by source, the sum of the
log densities is compared with that of a model of the own values alone. What one value can tell is limited to
`SURPRISE`, so that a single outlier decides nothing. A source that predicts worse is dropped; of the others each weighs
as in Bayesian model averaging, by the exponential of its advantage.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from strategies.learn.fitting import Priors, fit
from strategies.learn.gp import process
from strategies.learn.kernel import Group
from strategies.learn.transfer.sample import Learned, Method, Sample
from strategies.learn.transfer.sources import JUDGED_FROM

Array = NDArray[np.float64]
Learner = Callable[[Sample, Array | None], Learned]

JUDGED_BY = 100  # own values at most, the first ones: by then it is clear
GROWTH = 1.5
SURPRISE = 6.0  # nats


@dataclass(frozen=True)
class Verdict:
    """Weight of a source (that of the own values alone is what is missing to 1), and what it follows from.

    `gain` is the sum of its advantages in log density, each limited; `decision` is `trusted` while there are too few
    own values to judge, then `used` or `dropped`.
    """

    weight: float
    judged_by: int
    score: float | None = None
    own_score: float | None = None
    gain: float | None = None
    decision: str = "trusted"


def by_itself(groups: Sequence[Group]) -> Learner:
    """The learner that knows no source."""

    def learn(own: Sample, place: Array | None) -> Learned:
        fitted = fit(groups, own.inputs, own.targets, own.noise, Priors())
        return Learned(process(fitted, own.inputs, own.targets), float(fitted.noise[0]), np.empty(0))

    return learn


def with_source(groups: Sequence[Group], method: Method, source: Sample) -> Learner:
    """The learner that knows one."""
    return lambda own, place: method(groups, own, source, place)


def log_scores(learn: Learner, own: Sample) -> Array:
    """Log density of each own value from the second on (n - 1), predicted from those before it."""
    scores: list[float] = []
    begin, place = 1, None
    while begin < len(own):
        learned = learn(own.first(begin), place)
        place = learned.place
        end = min(len(own), max(begin + 1, math.floor(begin * GROWTH)))
        scores += _block(learned, own, begin, end)
        begin = end
    return np.array(scores)


def _block(learned: Learned, own: Sample, begin: int, end: int) -> list[float]:
    """Scores of the values from `begin` to `end`, under the hyperparameters of one fit.

    By the chain rule: with L the Cholesky factor of their joint covariance, row i of L^-1 (y - mean) is the residual of
    value i, given those before it, in its standard deviations L_ii.
    """
    block = slice(begin, end)
    targets = torch.as_tensor(own.targets[block])
    noise = torch.full_like(targets, learned.noise) if own.noise is None else torch.as_tensor(own.noise[block])
    with torch.no_grad():
        joint = learned.process.distribution(torch.as_tensor(own.inputs[block]))
        factor = torch.linalg.cholesky(joint.covariance_matrix + torch.diag(noise))
        residuals = torch.linalg.solve_triangular(factor, (targets - joint.mean).unsqueeze(-1), upper=False)
        scores = -0.5 * residuals.squeeze(-1).square() - factor.diagonal().log() - 0.5 * math.log(2 * math.pi)
    found: list[float] = scores.tolist()
    return found


def verdicts(groups: Sequence[Group], method: Method, own: Sample, sources: Sequence[Sample]) -> list[Verdict]:
    """One for each source."""
    if len(own) < JUDGED_FROM:
        return [Verdict(1.0 / len(sources), len(own))] * len(sources)
    own = own.first(JUDGED_BY)
    alone = log_scores(by_itself(groups), own)
    each = [log_scores(with_source(groups, method, source), own) for source in sources]
    gains = [float(np.clip(scores - alone, -SURPRISE, SURPRISE).sum()) for scores in each]
    return [
        Verdict(weight, len(own), float(scores.sum()), float(alone.sum()), gain, "used" if weight else "dropped")
        for scores, gain, weight in zip(each, gains, weights_of(gains), strict=True)
    ]


def weights_of(gains: Sequence[float]) -> list[float]:
    """Weights of sources: 0 of those that lose; beforehand half belongs to the own values, half to all sources."""
    kept = [gain for gain in gains if gain >= 0]
    highest = max(kept, default=0.0)
    raw = [math.exp(gain - highest) / len(gains) if gain >= 0 else 0.0 for gain in gains]
    total = sum(raw) + math.exp(-highest)
    return [weight / total for weight in raw]
