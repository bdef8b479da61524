"""Hyperparameters of the linear autoregressive model, by maximum a posteriori with the gradient in closed form.

Kennedy and O'Hagan 2000: the function at a level is a multiple of that at the next cheaper one plus an independent
discrepancy. Written with standardized functions, u_1 = g_1 and u_s = c_s u_{s-1} + sqrt(1 - c_s^2) g_s, so that c_s is
a correlation, the prior variance of every level has the prior that it would have alone, and c_s = 0 gives the model of
the level alone. Each level has its own mean (generalized least squares), noise and, for g_s, lengthscales.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strategies.learn.fitting import JITTER, LENGTHSCALES, NOISES, START_NOISE, VARIANCES, Density, LogNormal, Priors
from strategies.learn.kernel import Group, correlations, scaled_distances

Array = NDArray[np.float64]

LINK = LogNormal(0.5, 1.0)  # of atanh(c): a cheaper level is rather like the dear one, and may be unlike it
LINKS = (-3.0, 4.0)  # bounds of atanh(c)


@dataclass(frozen=True)
class Layout:
    """Where the hyperparameters stand: S x g lengthscales (S levels, g groups), S variances, S - 1 links, S noises.

    All are logarithms but the links, which are atanh(c).
    """

    groups: int
    levels: int

    def parts(self, place: Array) -> tuple[Array, Array, Array, Array]:
        """Lengthscales (S x g), variances (S), links (S - 1), noises (S)."""
        first = self.levels * self.groups
        cuts = [first, first + self.levels, first + 2 * self.levels - 1]
        scales, variances, links, noises = np.split(place, cuts)
        return np.exp(scales).reshape(self.levels, self.groups), np.exp(variances), links, np.exp(noises)

    def start(self) -> Array:
        """Lengthscales and variances of 1."""
        return np.concatenate(
            [
                np.zeros(self.levels * (self.groups + 1)),
                np.full(self.levels - 1, LINK.mean),
                np.full(self.levels, START_NOISE),
            ]
        )

    def bounds(self) -> list[tuple[float, float]]:
        """Limits of each."""
        scales = [LENGTHSCALES] * (self.levels * self.groups)
        return [*scales, *[VARIANCES] * self.levels, *[LINKS] * (self.levels - 1), *[NOISES] * self.levels]

    def priors(self, priors: Priors) -> list[Density]:
        """The prior of each."""
        scales = [priors.lengthscale] * (self.levels * self.groups)
        return [*scales, *[priors.variance] * self.levels, *[LINK] * (self.levels - 1), *[priors.noise] * self.levels]


def mixing(links: Array) -> tuple[Array, Array]:
    """Shares A (S x S) of the g_j in the standardized levels, and their derivatives by the links (S - 1 x S x S)."""
    size = len(links) + 1
    shares, slopes = np.zeros((size, size)), np.zeros((size - 1, size, size))
    shares[0, 0] = 1.0
    for level, link in enumerate(np.tanh(links), start=1):
        own = math.sqrt(1.0 - link**2)
        shares[level] = link * shares[level - 1]
        shares[level, level] = own
        slopes[:, level] = link * slopes[:, level - 1]
        slopes[level - 1, level] = (1.0 - link**2) * shares[level - 1]
        slopes[level - 1, level, level] = -link * own  # d sqrt(1 - c^2) / d atanh(c)
    return shares, slopes


class Ladder:
    """Log posterior density of the hyperparameters, given n targets at n x d inputs of the levels `level` (n)."""

    def __init__(
        self, groups: Sequence[Group], inputs: Array, level: NDArray[np.intp], targets: Array, known: Array
    ) -> None:
        """`known` are noise variances (n), NaN where the level's own is to be inferred."""
        self.groups, self.level, self.targets, self.known = tuple(groups), level, targets, known
        self.distances, self.similarity = scaled_distances(groups, inputs)
        self.levels = int(level.max()) + 1
        self.layout = Layout(len(self.distances), self.levels)
        self.priors = self.layout.priors(Priors())
        self.basis = (level[:, None] == np.arange(self.levels)).astype(np.float64)

    def negative(self, place: Array) -> tuple[float, Array]:
        """Minus the log density (up to a constant) and its gradient."""
        lengthscales, variances, links, noises = self.layout.parts(place)
        shares, slopes = mixing(links)
        weights = np.sqrt(variances)[:, None] * shares
        each = [correlations(self.distances, scales) for scales in lengthscales]
        functions = [self.similarity * product for product, _ in each]
        signal = np.asarray(sum(self._outer(weights, weights, part) * each for part, each in enumerate(functions)))
        solved = solve(signal, self.noise(noises), self.targets, self.basis)
        if solved is None:
            return 1e10, np.zeros_like(place)
        pull = np.outer(solved.weights, solved.weights) - solved.inverse
        by_scale = [
            0.5 * np.tensordot(slope, pull * self._outer(weights, weights, part) * functions[part], 2)
            for part, (_, slope) in enumerate(each)
        ]
        by_variance = 0.5 * self.basis.T @ (pull * signal).sum(axis=1)
        by_link = [self._by_link(pull, functions, weights, np.sqrt(variances)[:, None] * slope) for slope in slopes]
        inferred = np.where(np.isnan(self.known), np.diag(pull) * noises[self.level], 0.0)
        by_noise = 0.5 * self.basis.T @ inferred
        densities = [prior.log_density(float(value)) for prior, value in zip(self.priors, place, strict=True)]
        gradient = np.concatenate([*by_scale, by_variance, np.array(by_link), by_noise])
        density = solved.likelihood + sum(value for value, _ in densities)
        return -density, -(gradient + np.array([slope for _, slope in densities]))

    def _outer(self, left: Array, right: Array, part: int) -> Array:
        return np.outer(left[self.level, part], right[self.level, part])

    def _by_link(self, pull: Array, functions: list[Array], weights: Array, slope: Array) -> float:
        parts = range(len(functions))
        return float(sum((pull * self._outer(slope, weights, part) * functions[part]).sum() for part in parts))

    def signal(self, place: Array) -> Array:
        """Covariance of the function values (n x n)."""
        lengthscales, variances, links, _ = self.layout.parts(place)
        weights = np.sqrt(variances)[:, None] * mixing(links)[0]
        functions = [self.similarity * correlations(self.distances, scales)[0] for scales in lengthscales]
        return np.asarray(sum(self._outer(weights, weights, part) * each for part, each in enumerate(functions)))

    def noise(self, noises: Array) -> Array:
        """Noise variance of each value (n)."""
        return np.where(np.isnan(self.known), noises[self.level], self.known)


@dataclass(frozen=True)
class Solved:
    """Inverse covariance (n x n), it times residuals (n), means of the levels (S), log likelihood less a constant."""

    inverse: Array
    weights: Array
    means: Array
    likelihood: float


def solve(signal: Array, noise: Array, targets: Array, basis: Array) -> Solved | None:
    """With the means by generalized least squares on an n x S basis; None where the covariance is not positive."""
    from scipy.linalg import cho_solve

    try:
        factor = np.linalg.cholesky(signal + np.diag(noise + JITTER))
    except np.linalg.LinAlgError:
        return None
    inverse = cho_solve((factor, True), np.eye(len(targets)), check_finite=False)
    means = np.linalg.solve(basis.T @ inverse @ basis, basis.T @ (inverse @ targets))
    residuals = targets - basis @ means
    weights = inverse @ residuals
    likelihood = -0.5 * float(residuals @ weights) - float(np.log(np.diag(factor)).sum())
    return Solved(inverse, weights, means, likelihood)
