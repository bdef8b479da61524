"""Whether to measure a good point once more instead of a new one: when noise hides which point is the best.

Knowledge gradient over the few points that may be the best (Frazier, Powell and Dayanik 2009, eq. 14): how much the
largest posterior mean is expected to grow by one more measurement, of a rival again or of the new point for the first
time, under the noise that was inferred. The expectation is taken over equal slices of the normal distribution.
"""

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from strategies.learn.process import GaussianProcess
from strategies.request import Candidate

Array = NDArray[np.float64]

SLICES = 200
RIVALS = 8
SOON = 8
LEAST = 0.005  # standard deviations of all values: less is not worth an experiment that teaches nothing new
ADVANTAGE = 1.2  # how much more than a new point a repetition must promise: a new point teaches about others too


@dataclass(frozen=True)
class Measurements:
    """What was measured of one property: n values with encoded inputs (n x d), keys, candidates and known errors."""

    inputs: Array
    values: Array
    keys: Sequence[str]
    candidates: Sequence[Candidate]
    errors: Array | None

    @property
    def is_noisy(self) -> bool | None:
        """Whether measuring a point again gives another value; None while nothing but the fit speaks of it."""
        if self.errors is not None:
            return True
        repeated = [key for key, count in Counter(self.keys).items() if count > 1]
        if not repeated:
            return None
        return any(
            len({value for value, own in zip(self.values, self.keys, strict=True) if own == key}) > 1
            for key in repeated
        )


def repetition(
    process: GaussianProcess, sign: float, data: Measurements, fresh: Array, closed: Collection[str]
) -> Candidate | None:
    """The measured candidate that promises more when measured again than the new point (d); None if none does.

    `closed` are keys not to be measured again (under way, rejected). Where nothing but the fit speaks of noise, a
    repetition is the test of it, and is not made before `SOON` values; where that gave the same value, none follows.
    """
    noisy = data.is_noisy
    if noisy is False or (noisy is None and len(data.keys) < SOON):
        return None
    first = {key: place for place, key in reversed(list(enumerate(data.keys))) if key not in closed}
    places = np.array(sorted(first.values()), dtype=np.intp)
    if not len(places):
        return None
    mean, _ = process.marginal(torch.as_tensor(data.inputs[places]))
    rivals = places[np.argsort(-sign * mean.numpy(), kind="stable")[:RIVALS]]
    gains = _gains(process, sign, np.vstack([data.inputs[rivals], fresh]))
    best = int(np.argmax(gains[:-1]))
    worth_it = gains[best] > max(ADVANTAGE * gains[-1], LEAST)
    return data.candidates[int(rivals[best])] if worth_it else None


def _gains(process: GaussianProcess, sign: float, points: Array) -> list[float]:
    """The knowledge gradient of measuring each of m x d points, over these points."""
    with torch.no_grad():
        posterior = process.distribution(torch.as_tensor(points))
    mean, covariance = sign * posterior.mean.numpy(), posterior.covariance_matrix.numpy()
    noise = float(process.noise.median())
    return [_gain(mean, row / math.sqrt(row[place] + noise)) for place, row in enumerate(covariance)]


def _gain(mean: Array, change: Array) -> float:
    """E[max(mean + change Z)] - max(mean) for a standard normal Z."""
    from scipy.special import ndtri

    normal = ndtri((np.arange(SLICES) + 0.5) / SLICES)
    return float(np.max(mean[:, None] + change[:, None] * normal, axis=0).mean() - mean.max())
