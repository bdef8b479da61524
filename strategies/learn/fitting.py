"""Hyperparameters by maximum a posteriori, with the gradient in closed form.

Log marginal likelihood of a Gaussian process and its derivatives: Rasmussen and Williams 2006, eq. 5.8 and 5.9; the
constant mean is profiled out (generalized least squares). Maximized by L-BFGS-B over the logarithms of lengthscales,
prior variance and, where it is not known, noise variance. At the sizes of a campaign this takes milliseconds, where
automatic differentiation through a model library takes a quarter of a second.

The priors were chosen by benchmark (deploy/decisions/019).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strategies.learn.kernel import Group, Kernel, correlations, scaled_distances

Array = NDArray[np.float64]

JITTER = 1e-8
ITERATIONS = 60
SAMPLE = 400  # points that the hyperparameters are fitted to, where there are more


@dataclass(frozen=True)
class Gamma:
    """Density proportional to v^(shape - 1) exp(-rate v)."""

    shape: float
    rate: float

    def log_density(self, logarithm: float) -> tuple[float, float]:
        """At v = exp(logarithm), up to a constant, and its derivative by the logarithm."""
        value = math.exp(logarithm)
        return (self.shape - 1.0) * logarithm - self.rate * value, (self.shape - 1.0) - self.rate * value


@dataclass(frozen=True)
class LogNormal:
    """A normal distribution of the logarithm (the density is taken over the logarithm)."""

    mean: float
    deviation: float

    def log_density(self, logarithm: float) -> tuple[float, float]:
        """Up to a constant, and its derivative by the logarithm."""
        standardized = (logarithm - self.mean) / self.deviation
        return -0.5 * standardized**2, -standardized / self.deviation


@dataclass(frozen=True)
class HalfCauchy:
    """Density of v^-2, an inverse squared lengthscale, proportional to 1 / (1 + (v^-2 / scale)^2)."""

    scale: float

    def log_density(self, logarithm: float) -> tuple[float, float]:
        """At v = exp(logarithm), up to a constant, and its derivative by the logarithm."""
        square = (math.exp(-2.0 * logarithm) / self.scale) ** 2
        return -math.log1p(square), 4.0 * square / (1.0 + square)


Density = Gamma | LogNormal | HalfCauchy


@dataclass(frozen=True)
class Priors:
    """What is believed of lengthscales (inputs in shares of their range), variance and noise (values standardized).

    The search begins where the fit under `first`, if there is one, has ended.
    """

    lengthscale: Density = Gamma(2.0, 0.2)
    variance: Density = Gamma(5.0, 0.5)
    noise: Density = LogNormal(math.log(0.003), 1.2)
    first: "Priors | None" = None


# Few of many inputs matter (Eriksson and Jankowiak 2021), here at the posterior's mode. That has many modes: from the
# fit under the standard priors the one is found in which few inputs matter, from elsewhere often another.
SAAS = Priors(lengthscale=HalfCauchy(0.1), variance=LogNormal(0.0, 0.5), first=Priors())


@dataclass(frozen=True)
class Fit:
    """Fitted covariance, noise variances (n), mean; `evidence` is the log marginal likelihood of the targets fitted."""

    kernel: Kernel
    noise: Array
    mean: float
    evidence: float


LENGTHSCALES, VARIANCES, NOISES = (-5.0, 6.0), (-4.0, 5.0), (math.log(1e-6), 2.0)  # bounds of the logarithms
START_NOISE = math.log(0.05)


def fit(
    groups: Sequence[Group], inputs: Array, targets: Array, noise: Array | None, priors: Priors, centred: bool = False
) -> Fit:
    """Fit n targets (standardized) at n x d inputs; `noise` are variances (n), one is inferred for those that are NaN.

    With `centred` the mean is zero and not inferred.

    Deterministic. Raises `ValueError` if no covariance of these inputs can be factorized.
    """
    chosen = spread(len(inputs), SAMPLE)
    own = None if noise is None else noise[chosen]

    def under(beliefs: Priors) -> _Posterior:
        return _Posterior(groups, inputs[chosen], targets[chosen], own, beliefs, centred)

    posterior = under(priors)
    place = posterior.climb(None if priors.first is None else under(priors.first).climb())
    return posterior.fit(place, np.full(len(inputs), np.nan) if noise is None else noise)


def spread(count: int, most: int) -> NDArray[np.intp]:
    """All places, or `most` of them spread evenly over the history, the latest among them."""
    return np.unique(np.linspace(count - 1, 0, min(count, most)).round().astype(np.intp))


def climb(
    negative: Callable[[Array], tuple[float, Array]], start: Array, bounds: Sequence[tuple[float, float]]
) -> Array:
    """Where a density is largest among its neighbours; `negative` gives minus its logarithm, with the gradient."""
    from scipy.optimize import minimize

    found = minimize(negative, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": ITERATIONS})
    return np.asarray(found.x)


class _Posterior:
    """Log posterior density of the hyperparameters' logarithms, given some data."""

    def __init__(
        self,
        groups: Sequence[Group],
        inputs: Array,
        targets: Array,
        noise: Array | None,
        priors: Priors,
        centred: bool,
    ) -> None:
        self.groups, self.centred = tuple(groups), centred
        self.targets, self.noise = targets, np.full(len(targets), np.nan) if noise is None else noise
        self.unknown = np.isnan(self.noise)
        self.infers = bool(self.unknown.any())
        self.distances, self.similarity = scaled_distances(groups, inputs)
        self.count = len(self.distances)
        self.priors = [priors.lengthscale] * self.count + [priors.variance] + ([priors.noise] if self.infers else [])

    def start(self) -> Array:
        """Lengthscales and variance of 1, noise as small as a good measurement's."""
        return np.array([0.0] * (self.count + 1) + ([START_NOISE] if self.infers else []))

    def bounds(self) -> list[tuple[float, float]]:
        """Limits of the logarithms."""
        return [LENGTHSCALES] * self.count + [VARIANCES] + ([NOISES] if self.infers else [])

    def climb(self, start: Array | None = None) -> Array:
        """A place where the density is largest among its neighbours."""
        return climb(self.negative, self.start() if start is None else start, self.bounds())

    def negative(self, place: Array) -> tuple[float, Array]:
        """Minus the log density (up to a constant) and its gradient."""
        signal, by_lengthscale, noise = self._parts(place)
        solved = _solve(signal, noise, self.targets, self.centred)
        if solved is None:
            return 1e10, np.zeros_like(place)
        inverse, residual_weights, _, likelihood = solved
        weights = np.outer(residual_weights, residual_weights) - inverse
        shared = weights * signal
        gradient = np.empty_like(place)
        gradient[: self.count] = 0.5 * np.tensordot(by_lengthscale, shared, 2)
        gradient[self.count] = 0.5 * shared.sum()
        if self.infers:
            gradient[-1] = 0.5 * math.exp(place[-1]) * float(weights.diagonal()[self.unknown].sum())
        densities = [prior.log_density(float(value)) for prior, value in zip(self.priors, place, strict=True)]
        density = likelihood + sum(value for value, _ in densities)
        return -density, -(gradient + np.array([slope for _, slope in densities]))

    def _parts(self, place: Array) -> tuple[Array, Array, Array]:
        product, by_lengthscale = correlations(self.distances, np.exp(place[: self.count]))
        signal = math.exp(place[self.count]) * self.similarity * product
        return signal, by_lengthscale, self.noise_of(place, self.noise)

    def noise_of(self, place: Array, noise: Array) -> Array:
        """The known variances, and the inferred one in place of those that are not."""
        return np.where(np.isnan(noise), math.exp(place[-1]), noise) if self.infers else noise

    def fit(self, place: Array, noise: Array) -> Fit:
        """The hyperparameters at a place, with the noise of all data, given where it is known."""
        signal, _, own = self._parts(place)
        solved = _solve(signal, own, self.targets, self.centred)
        if solved is None:
            raise ValueError("the covariance of these points cannot be factorized")
        lengthscales = tuple(np.exp(place[: self.count]).tolist())
        kernel = Kernel(self.groups, lengthscales, math.exp(place[self.count]))
        evidence = solved[3] - 0.5 * len(self.targets) * math.log(2 * math.pi)
        return Fit(kernel, self.noise_of(place, noise), solved[2], evidence)


def _solve(signal: Array, noise: Array, targets: Array, centred: bool) -> tuple[Array, Array, float, float] | None:
    """Inverse covariance, inverse times residuals, mean, log likelihood less a constant; None if not positive."""
    from scipy.linalg import cho_solve

    covariance = signal + np.diag(noise + JITTER)
    try:
        factor = np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        return None
    inverse = cho_solve((factor, True), np.eye(len(targets)), check_finite=False)
    pull = inverse.sum(axis=1)
    mean = float(pull @ targets / pull.sum()) if len(targets) > 1 and not centred else 0.0
    residuals = targets - mean
    weights = inverse @ residuals
    likelihood = -0.5 * float(residuals @ weights) - float(np.log(np.diag(factor)).sum())
    return inverse, weights, mean, likelihood
