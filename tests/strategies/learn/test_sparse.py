"""Long histories: exact with all data as inducing points, and as good as exact with few of them."""

import numpy as np
import pytest
import torch

from strategies.learn.data import PropertyData
from strategies.learn.gp import EXACT, fit_property
from strategies.learn.kernel import Group, Kernel
from strategies.learn.process import GaussianProcess
from strategies.learn.quality import describe
from strategies.learn.sparse import INDUCING, SparseProcess, inducing_points

GROUPS = (Group("a", 0, 1), Group("b", 1, 1))
KERNEL = Kernel(GROUPS, (0.5, 0.8), 1.4)


def drawn(count: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = np.random.default_rng(seed)
    inputs = generator.random((count, 2))
    values = np.sin(4 * inputs[:, 0]) + inputs[:, 1] ** 2 + 0.1 * generator.standard_normal(count)
    return torch.as_tensor(inputs), torch.as_tensor(values), torch.as_tensor(generator.uniform(0.01, 0.05, count))


def pair(count: int, inducing: int | None = None) -> tuple[GaussianProcess, SparseProcess]:
    inputs, targets, noise = drawn(count)
    chosen = inputs if inducing is None else inducing_points(KERNEL, inputs, targets, inducing)
    exact = GaussianProcess(KERNEL, 0.3, inputs, targets, noise)
    return exact, SparseProcess(KERNEL, 0.3, inputs, targets, noise, chosen)


def test_with_all_data_inducing_it_is_the_exact_process() -> None:
    exact, sparse = pair(30)
    new, others = drawn(7, 1)[0], drawn(3, 2)[0]
    for one, other in (
        (exact.marginal(new), sparse.marginal(new)),
        (exact.shared(new, others), sparse.shared(new, others)),
        (exact.left_out(), sparse.left_out()),
    ):
        for left, right in zip(one, other, strict=True):
            assert right.numpy() == pytest.approx(left.numpy(), abs=2e-4)
    joint = [each.distribution(new) for each in (exact, sparse)]
    assert joint[1].covariance_matrix.numpy() == pytest.approx(joint[0].covariance_matrix.numpy(), abs=2e-4)
    more = drawn(4, 3)
    updated = [each.given(*more).marginal(new) for each in (exact, sparse)]
    assert updated[1][0].numpy() == pytest.approx(updated[0][0].numpy(), abs=1e-3)


def test_few_inducing_points_agree_with_the_exact_process() -> None:
    exact, sparse = pair(800, 80)
    new = drawn(200, 5)[0]
    assert len(sparse.support) <= 80
    means, variances = zip(exact.marginal(new), sparse.marginal(new), strict=True)
    assert (means[1] - means[0]).abs().max() < 0.01
    assert (variances[1].sqrt() - variances[0].sqrt()).abs().max() < 0.01
    left = [each.left_out()[0] for each in (exact, sparse)]
    assert (left[1] - left[0]).abs().max() < 0.01


def test_far_from_the_data_it_knows_nothing() -> None:
    _, sparse = pair(400, 40)
    mean, variance = sparse.marginal(torch.full((1, 2), 50.0, dtype=torch.float64))
    assert float(mean) == pytest.approx(0.3, abs=1e-6)
    assert float(variance) == pytest.approx(1.4, abs=1e-6)


def test_the_extremes_are_inducing_points_and_none_comes_twice() -> None:
    inputs, targets, _ = drawn(300)
    twice = torch.cat([inputs, inputs]), torch.cat([targets, targets])
    chosen = inducing_points(KERNEL, *twice, 60)
    assert len(torch.unique(chosen, dim=0)) == len(chosen)
    for place in (int(targets.argmax()), int(targets.argmin())):
        assert bool((chosen == inputs[place]).all(1).any())


def test_a_long_history_is_sparse_and_says_so() -> None:
    inputs, values, _ = drawn(EXACT + 500)

    def fitted(count: int) -> object:
        return fit_property(PropertyData("y", inputs[:count].numpy(), values[:count].numpy(), None, [], []), GROUPS)

    short, long = fitted(EXACT), fitted(EXACT + 500)
    new = drawn(100, 4)[0].numpy()
    assert describe(short)["method"] == "exact"
    described = describe(long)
    assert (described["n"], described["method"], described["fitted_to"]) == (EXACT + 500, "sparse", 400)
    assert described["inducing_points"] <= INDUCING
    assert long.predict(new)[0] == pytest.approx(short.predict(new)[0], abs=0.05)
    assert described["leave_one_out_r2"] > 0.9
