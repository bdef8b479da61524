"""The two-task process against GPyTorch's multitask kernel, its gradient, and what many rows of a source become."""

import gpytorch
import numpy as np
import pytest
import torch
from scipy.optimize import check_grad

from strategies.learn.data import PropertyData
from strategies.learn.fitting import Priors
from strategies.learn.kernel import Group
from strategies.learn.process import GaussianProcess
from strategies.learn.transfer.average import Averaged
from strategies.learn.transfer.multitask import Informed
from strategies.learn.transfer.sample import Sample
from strategies.learn.transfer.sources import MOST, thinned
from strategies.learn.transfer.tasks import Tasks, TasksPosterior, fit_tasks

GROUPS = (Group("a", 0, 1), Group("b", 1, 2, 2**0.5))


def sample(count: int, seed: int, noise: bool = False) -> Sample:
    generator = np.random.default_rng(seed)
    inputs = generator.random((count, 3))
    targets = np.sin(4 * inputs[:, 0]) + inputs[:, 1] - inputs[:, 2] + 0.1 * generator.standard_normal(count)
    return Sample(inputs, targets, np.full(count, 0.02) if noise else None)


def tasks(own: Sample, source: Sample) -> Tasks:
    return fit_tasks(GROUPS, own, source)


def reference(found: Tasks, own: Sample, source: Sample, new: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and covariance of the own function at new points by GPyTorch's IndexKernel and regression written out."""
    parts = []
    for group, lengthscale in zip(GROUPS, found.lengthscales, strict=True):
        kernel = gpytorch.kernels.MaternKernel(nu=2.5, active_dims=tuple(range(3))[group.columns]).double()
        kernel.lengthscale = lengthscale * group.width
        parts.append(kernel)
    index = gpytorch.kernels.IndexKernel(num_tasks=2, rank=2).double()
    shared = found.correlation * np.sqrt(found.variances[0] * found.variances[1])
    between = torch.tensor([[found.variances[0], shared], [shared, found.variances[1]]], dtype=torch.float64)
    index.covar_factor = torch.nn.Parameter(torch.linalg.cholesky(between))
    index.raw_var.data.fill_(-100.0)  # nothing beside the factor
    inputs = torch.as_tensor(np.vstack([own.inputs, source.inputs]))
    task = torch.tensor([[0]] * len(own) + [[1]] * len(source))

    def covariance(X: torch.Tensor, t: torch.Tensor, Z: torch.Tensor, u: torch.Tensor) -> torch.Tensor:
        product = parts[0](X, Z).to_dense() * parts[1](X, Z).to_dense()
        return product * index(t, u).to_dense()

    noise = torch.tensor([found.noise[0]] * len(own) + [found.noise[1]] * len(source))
    whole = covariance(inputs, task, inputs, task) + torch.diag(noise)
    here = torch.zeros((len(new), 1), dtype=torch.long)
    cross = covariance(new, here, inputs, task)
    residuals = torch.as_tensor(np.concatenate([own.targets - found.means[0], source.targets - found.means[1]]))
    mean = found.means[0] + cross @ torch.linalg.solve(whole, residuals)
    return mean, covariance(new, here, new, here) - cross @ torch.linalg.solve(whole, cross.T)


@torch.no_grad()
def test_posterior_is_that_of_a_multitask_process() -> None:
    own, source = sample(6, 1), sample(15, 2)
    found = tasks(own, source)
    process = Informed(found, GROUPS, source, own)
    new = torch.as_tensor(np.random.default_rng(3).random((4, 3)))
    mean, covariance = reference(found, own, source, new)
    joint = process.distribution(new)
    marginal, variance = process.marginal(new)
    assert joint.mean.numpy() == pytest.approx(mean.numpy(), abs=1e-5)
    assert joint.covariance_matrix.numpy() == pytest.approx(covariance.numpy(), abs=1e-5)
    assert marginal.numpy() == pytest.approx(mean.numpy(), abs=1e-5)
    assert variance.numpy() == pytest.approx(covariance.diagonal().numpy(), abs=1e-5)
    _, _, shared = process.shared(new[:2], new[2:])
    assert shared.numpy() == pytest.approx(covariance[:2, 2:].numpy(), abs=1e-5)
    batched = process.distribution(new.reshape(2, 2, 3))
    assert batched.mean.reshape(-1).numpy() == pytest.approx(mean.numpy(), abs=1e-5)


@torch.no_grad()
def test_own_values_may_come_one_by_one_or_not_at_all() -> None:
    own, source = sample(6, 1), sample(15, 2)
    found = tasks(own, source)
    new = torch.as_tensor(np.random.default_rng(3).random((4, 3)))
    at_once = Informed(found, GROUPS, source, own)
    later = Informed(found, GROUPS, source, own.first(0))
    assert bool((later.marginal(new)[1] > at_once.marginal(new)[1]).all())
    grown = later.given(torch.as_tensor(own.inputs), torch.as_tensor(own.targets), at_once.noise)
    for one, other in zip(grown.marginal(new), at_once.marginal(new), strict=True):
        assert one.numpy() == pytest.approx(other.numpy(), abs=1e-9)
    left, _ = at_once.left_out()
    rest = Sample(own.inputs[1:], own.targets[1:])
    expected, _ = Informed(found, GROUPS, source, rest).marginal(torch.as_tensor(own.inputs[:1]))
    assert float(left[0]) == pytest.approx(float(expected), abs=1e-5)


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("count", [0, 1, 7])
def test_gradient_is_that_of_the_density(count: int, known: bool) -> None:
    posterior = TasksPosterior(GROUPS, sample(count, 1, known), sample(12, 2, known), Priors())
    place = posterior.start() + 0.3 * np.random.default_rng(0).standard_normal(len(posterior.start()))
    error = check_grad(lambda at: posterior.negative(at)[0], lambda at: posterior.negative(at)[1], place)
    assert error < 1e-4


def test_correlation_is_high_for_the_same_function_and_low_for_another() -> None:
    own, source = sample(12, 1), sample(40, 2)
    shuffled = Sample(source.inputs, np.random.default_rng(0).permutation(source.targets))
    assert tasks(own, source).correlation > 0.9
    assert tasks(own, Sample(source.inputs, -source.targets)).correlation < 0.5
    assert tasks(own, shuffled).noise[1] > 10 * tasks(own, source).noise[1]


@torch.no_grad()
def test_average_has_the_moments_of_the_mixture() -> None:
    own, new = sample(6, 1), torch.as_tensor(np.random.default_rng(3).random((4, 3)))
    both: list[GaussianProcess] = [
        Informed(tasks(own, sample(15, 2)), GROUPS, sample(15, seed), own) for seed in (2, 5)
    ]
    average = Averaged(both, [0.25, 0.75])
    means = torch.stack([each.marginal(new)[0] for each in both])
    seconds = torch.stack(
        [
            each.distribution(new).covariance_matrix + torch.outer(mean, mean)
            for each, mean in zip(both, means, strict=True)
        ]
    )
    mean = 0.25 * means[0] + 0.75 * means[1]
    covariance = 0.25 * seconds[0] + 0.75 * seconds[1] - torch.outer(mean, mean)
    assert average.marginal(new)[0].numpy() == pytest.approx(mean.numpy())
    assert average.marginal(new)[1].numpy() == pytest.approx(covariance.diagonal().numpy(), abs=1e-6)
    assert average.distribution(new).covariance_matrix.numpy() == pytest.approx(covariance.numpy(), abs=1e-6)
    assert average.shared(new[:2], new[2:])[2].numpy() == pytest.approx(covariance[:2, 2:].numpy(), abs=1e-6)


def test_many_rows_are_thinned_evenly_by_value() -> None:
    values = np.random.default_rng(0).permutation(5000).astype(float)
    kept = thinned(PropertyData("y", values[:, None], values, np.ones(5000), [], []))
    assert len(kept) == MOST
    assert {kept.values.min(), kept.values.max()} == {0.0, 4999.0}
    assert np.diff(np.sort(kept.values)).max() < 2 * 5000 / MOST
    assert np.array_equal(kept.inputs[:, 0], kept.values)
