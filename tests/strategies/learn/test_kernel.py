"""The covariance, its derivatives and the fit, against GPyTorch and automatic differentiation."""

import math

import gpytorch
import numpy as np
import pytest
import torch
from scipy.optimize import check_grad

from strategies.learn.fitting import Gamma, HalfCauchy, LogNormal, Priors, _Posterior, fit
from strategies.learn.kernel import Group, Kernel, correlations, scaled_distances
from strategies.learn.process import GaussianProcess

GROUPS = (Group("a", 0, 1), Group("label", 1, 3, width=math.sqrt(2)), Group("bits", 4, 8, kind="tanimoto"))


def rows(count: int, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    labels = np.eye(3)[generator.integers(3, size=count)]
    return np.hstack([generator.random((count, 1)), labels, generator.integers(0, 2, (count, 8))])


def matern(distance: np.ndarray) -> np.ndarray:
    """GPyTorch's Matern-5/2 of distances."""
    kernel = gpytorch.kernels.MaternKernel(nu=2.5).double()
    kernel.lengthscale = 1.0
    points = torch.as_tensor(distance.reshape(-1, 1))
    return np.asarray(kernel(points, torch.zeros(1, 1, dtype=torch.float64)).to_dense().detach()).reshape(
        distance.shape
    )


def test_each_parameter_contributes_a_factor() -> None:
    X, Z = rows(6), rows(4, seed=1)
    number = matern(np.abs(X[:, [0]] - Z[:, 0]) / 0.5)
    label = matern(np.where((X[:, 1:4] @ Z[:, 1:4].T) > 0, 0.0, 1.0 / 2.0))
    shared = X[:, 4:] @ Z[:, 4:].T
    bits = shared / (X[:, 4:].sum(1)[:, None] + Z[:, 4:].sum(1) - shared)
    found = Kernel(GROUPS, (0.5, 2.0), 3.0).covariance(torch.as_tensor(X), torch.as_tensor(Z))
    assert found.numpy() == pytest.approx(3.0 * number * label * bits, abs=1e-6)


def test_the_fit_and_the_prediction_have_one_covariance() -> None:
    X = rows(7)
    product, _ = correlations(*((d := scaled_distances(GROUPS, X))[0], np.array([0.4, 1.5])))
    whole = Kernel(GROUPS, (0.4, 1.5), 1.0).covariance(torch.as_tensor(X), torch.as_tensor(X)).numpy()
    assert product * d[1] == pytest.approx(whole, abs=1e-9)


@pytest.mark.parametrize(
    "noise", [None, np.linspace(0.01, 0.2, 12), np.where(np.arange(12) % 3, np.linspace(0.01, 0.2, 12), np.nan)]
)
@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("lengthscale", [Gamma(2.0, 0.2), HalfCauchy(0.1)])
def test_the_gradient_is_that_of_the_density(
    noise: np.ndarray | None, centred: bool, lengthscale: Gamma | HalfCauchy
) -> None:
    X, targets = rows(12), np.random.default_rng(2).standard_normal(12)
    priors = Priors(lengthscale, LogNormal(0.5, 0.7), LogNormal(-3.0, 1.0))
    posterior = _Posterior(GROUPS, X, targets, noise, priors, centred)
    place = np.random.default_rng(3).normal(0, 0.3, len(posterior.start()))
    error = check_grad(lambda at: posterior.negative(at)[0], lambda at: posterior.negative(at)[1], place)
    assert error < 1e-4 * max(1.0, float(np.linalg.norm(posterior.negative(place)[1])))


def test_the_evidence_is_the_density_of_the_targets() -> None:
    X, targets, noise = rows(9), np.random.default_rng(4).standard_normal(9), np.full(9, 0.1)
    fitted = fit(GROUPS, X, targets, noise, Priors(), centred=True)
    covariance = fitted.kernel.covariance(torch.as_tensor(X), torch.as_tensor(X)) + torch.diag(torch.as_tensor(noise))
    density = torch.distributions.MultivariateNormal(torch.zeros(9, dtype=torch.float64), covariance)
    assert fitted.evidence == pytest.approx(float(density.log_prob(torch.as_tensor(targets))), abs=1e-5)


def test_the_posterior_is_that_of_gaussian_conditioning() -> None:
    X, new, targets = rows(8), rows(5, seed=5), np.random.default_rng(6).standard_normal(8)
    kernel, noise = Kernel(GROUPS, (0.5, 2.0), 2.0), np.linspace(0.05, 0.3, 8)
    process = GaussianProcess(kernel, 0.3, *(torch.as_tensor(each) for each in (X, targets, noise)))
    everything = torch.as_tensor(np.vstack([X, new]))
    prior = kernel.covariance(everything, everything).numpy()
    gain = prior[8:, :8] @ np.linalg.inv(prior[:8, :8] + np.diag(noise))
    mean, covariance = 0.3 + gain @ (targets - 0.3), prior[8:, 8:] - gain @ prior[:8, 8:]
    found = process.distribution(torch.as_tensor(new))
    assert found.mean.numpy() == pytest.approx(mean, abs=1e-6)
    assert found.covariance_matrix.numpy() == pytest.approx(covariance, abs=1e-6)
    alone = process.marginal(torch.as_tensor(new))
    assert alone[1].numpy() == pytest.approx(np.diag(covariance), abs=1e-6)
    means, variances, shared = process.shared(torch.as_tensor(new[:3]), torch.as_tensor(new[3:]))
    assert means.numpy() == pytest.approx(mean[:3], abs=1e-6)
    assert variances.numpy() == pytest.approx(np.diag(covariance)[:3], abs=1e-6)
    assert shared.numpy() == pytest.approx(covariance[:3, 3:], abs=1e-6)
