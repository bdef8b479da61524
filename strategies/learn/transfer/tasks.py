"""Hyperparameters of two functions learned together, with the gradient in closed form.

Intrinsic coregionalization (Bonilla et al. 2008; Alvarez et al. 2012): the covariance of f_t(x) and f_u(x') is
k(x, x') B[t, u], B = [[v0, r sqrt(v0 v1)], [r sqrt(v0 v1), v1]] for the own function (0) and the source's (1), with a
prior variance and a noise for each, lengthscales in common, and a correlation r between 0 and 1: a source that says the
opposite of what is measured is no source. Each function's constant mean is profiled out under a standard normal prior,
so that it is defined without any value too. Optimized as in `fitting.py`, and under its priors.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strategies.learn.fitting import (
    JITTER,
    LENGTHSCALES,
    NOISES,
    START_NOISE,
    VARIANCES,
    Density,
    LogNormal,
    Priors,
    climb,
)
from strategies.learn.kernel import Group, correlations, scaled_distances
from strategies.learn.transfer.sample import Sample

Array = NDArray[np.float64]

CORRELATION = LogNormal(2.5, 1.0)  # of r / (1 - r): half of all earlier campaigns correlate by more than 0.92
ODDS = (-6.0, 8.0)  # bounds of its logarithm
MEAN_VARIANCE = 1.0


@dataclass(frozen=True)
class Tasks:
    """Fitted values: lengthscales (by `matern` group), and of own function and source variance, mean and noise (n).

    `place` holds the logarithms that were optimized, for the next fit to begin at.
    """

    lengthscales: tuple[float, ...]
    variances: tuple[float, float]
    correlation: float
    means: tuple[float, float]
    noise: tuple[float, float]  # what an own value, and a source's, is inferred to have
    place: Array


def fit_tasks(groups: Sequence[Group], own: Sample, source: Sample, place: Array | None = None) -> Tasks:
    """Fit both; `own` may be empty. Begins at `place`, if given. Raises `ValueError` if nothing can be factorized."""
    posterior = TasksPosterior(groups, own, source, Priors())
    return posterior.tasks(climb(posterior.negative, posterior.start() if place is None else place, posterior.bounds()))


class TasksPosterior:
    """Log posterior density of the logarithms: lengthscales, variances, odds of the correlation, noise variances.

    Both noise variances are always among them; where the noise is known they have only their prior.
    """

    def __init__(self, groups: Sequence[Group], own: Sample, source: Sample, priors: Priors) -> None:
        self.distances, self.similarity = scaled_distances(groups, np.vstack([own.inputs, source.inputs]))
        self.targets = np.concatenate([own.targets, source.targets])
        self.known = (own.noise, source.noise)
        self.count, self.own, self.sizes = len(self.distances), len(own), (len(own), len(source))
        self.members = np.zeros((len(self.targets), 2))
        self.members[: self.own, 0] = self.members[self.own :, 1] = 1.0
        self.priors: list[Density] = [priors.lengthscale] * self.count
        self.priors += [priors.variance, priors.variance, CORRELATION, priors.noise, priors.noise]

    def start(self) -> Array:
        """Lengthscales and variances of 1, the correlation of its prior."""
        return np.array([0.0] * (self.count + 2) + [CORRELATION.mean, START_NOISE, START_NOISE])

    def bounds(self) -> list[tuple[float, float]]:
        """Limits of the logarithms."""
        return [LENGTHSCALES] * self.count + [VARIANCES] * 2 + [ODDS] + [NOISES] * 2

    def negative(self, place: Array) -> tuple[float, Array]:
        """Minus the log density (up to a constant) and its gradient."""
        signal, by_lengthscale = self._signal(place)
        noise = self._noise(place)
        solved = _solve(signal + np.diag(noise + JITTER), self.targets, self.members)
        if solved is None:
            return 1e10, np.zeros_like(place)
        inverse, pull, _, likelihood = solved
        weights = np.outer(pull, pull) - inverse
        gradient = self._gradient(place, weights, signal, by_lengthscale, noise)
        densities = [prior.log_density(float(value)) for prior, value in zip(self.priors, place, strict=True)]
        return -likelihood - sum(value for value, _ in densities), -(gradient + [slope for _, slope in densities])

    def _gradient(self, place: Array, weights: Array, signal: Array, by_lengthscale: Array, noise: Array) -> Array:
        gradient, shared, own = np.zeros_like(place), weights * signal, self.own
        within, between, beyond = shared[:own, :own].sum(), shared[:own, own:].sum(), shared[own:, own:].sum()
        gradient[: self.count] = 0.5 * np.tensordot(by_lengthscale, shared, 2)
        gradient[self.count : self.count + 2] = 0.5 * (within + between), 0.5 * (beyond + between)
        gradient[self.count + 2] = between * (1.0 - _share(place[self.count + 2]))
        diagonal = np.diag(weights) * noise
        for task, part in enumerate((diagonal[:own], diagonal[own:])):
            if self.known[task] is None:
                gradient[self.count + 3 + task] = 0.5 * part.sum()
        return gradient

    def _signal(self, place: Array) -> tuple[Array, Array]:
        product, by_lengthscale = correlations(self.distances, np.exp(place[: self.count]))
        factors = self.members @ self.between(place) @ self.members.T
        return self.similarity * product * factors, by_lengthscale

    def between(self, place: Array) -> Array:
        """The matrix B of a place."""
        first, second = np.exp(place[self.count : self.count + 2])
        shared = _share(place[self.count + 2]) * math.sqrt(first * second)
        return np.array([[first, shared], [shared, second]])

    def _noise(self, place: Array) -> Array:
        inferred = np.exp(place[-2:])
        parts = [
            np.full(size, level) if known is None else known
            for size, level, known in zip(self.sizes, inferred, self.known, strict=True)
        ]
        return np.concatenate(parts)

    def tasks(self, place: Array) -> Tasks:
        """The values at a place."""
        solved = _solve(self._signal(place)[0] + np.diag(self._noise(place) + JITTER), self.targets, self.members)
        if solved is None:
            raise ValueError("the covariance of these points cannot be factorized")
        between, noise = self.between(place), np.exp(place[-2:])
        return Tasks(
            lengthscales=tuple(np.exp(place[: self.count]).tolist()),
            variances=(float(between[0, 0]), float(between[1, 1])),
            correlation=_share(place[self.count + 2]),
            means=(float(solved[2][0]), float(solved[2][1])),
            noise=(float(noise[0]), float(noise[1])),
            place=place,
        )


def _share(odds: float) -> float:
    """r from the logarithm of r / (1 - r)."""
    return 1.0 / (1.0 + math.exp(-odds))


def _solve(covariance: Array, targets: Array, members: Array) -> tuple[Array, Array, Array, float] | None:
    """Inverse covariance, inverse times residuals, both means, log likelihood less a constant; None if not positive."""
    from scipy.linalg import cho_solve

    try:
        factor = np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        return None
    inverse = cho_solve((factor, True), np.eye(len(targets)), check_finite=False)
    normal = members.T @ inverse @ members + np.eye(2) / MEAN_VARIANCE
    means = np.linalg.solve(normal, members.T @ (inverse @ targets))
    residuals = targets - members @ means
    pull = inverse @ residuals
    penalty = 0.5 * float(means @ means) / MEAN_VARIANCE
    return inverse, pull, means, -0.5 * float(residuals @ pull) - float(np.log(np.diag(factor)).sum()) - penalty
