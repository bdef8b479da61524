"""Sensitivities and slices against the model asked point by point."""

import numpy as np
import pytest
import torch

from strategies.learn.data import PropertyData
from strategies.learn.effects import along, sensitivities
from strategies.learn.gp import PropertyModel, fit_property
from strategies.learn.kernel import Group, Kernel

GROUPS = (Group("a", 0, 1), Group("l", 1, 3, 2**0.5), Group("f", 4, 4, kind="tanimoto"), Group("b", 8, 1))


def rows(count: int, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    labels = np.eye(3)[generator.integers(3, size=count)]
    bits = np.eye(4)[generator.integers(4, size=count)]
    return np.hstack([generator.random((count, 1)), labels, bits, generator.random((count, 1))])


def fitted(values: np.ndarray, inputs: np.ndarray) -> PropertyModel:
    return fit_property(PropertyData("y", inputs, values, None, [], []), GROUPS)


def test_factors_multiply_to_the_covariance() -> None:
    kernel = Kernel(GROUPS, (0.4, 1.3, 2.0), 1.7)
    X, Z = torch.as_tensor(rows(6, 0)), torch.as_tensor(rows(5, 1))
    assert torch.allclose(1.7 * torch.stack(list(kernel.factors(X, Z).values())).prod(0), kernel.covariance(X, Z))


def test_sensitivities_are_total_effects_of_the_mean() -> None:
    inputs = rows(60, 0)
    model = fitted(np.sin(4 * inputs[:, 0]) + inputs[:, 1] + 2 * inputs[:, 4] * inputs[:, 0], inputs)
    background = rows(20, 2)
    left = {}
    for group in GROUPS:
        variances = []
        for row in background:
            moved = np.repeat(row[None], 20, axis=0)
            moved[:, group.columns] = background[:, group.columns]
            variances.append(model.gp.marginal(torch.as_tensor(moved))[0].numpy().var())
        left[group.name] = float(np.mean(variances))
    wanted = {name: value / sum(left.values()) for name, value in left.items()}
    assert sensitivities(model, background) == pytest.approx(wanted, rel=1e-6)


def test_an_additive_function_is_shared_out_by_its_variances() -> None:
    generator = np.random.default_rng(0)
    inputs = generator.random((80, 3))
    numbers = tuple(Group(name, place, 1) for place, name in enumerate("abc"))
    data = PropertyData("y", inputs, 3 * inputs[:, 0] + inputs[:, 1], None, [], [])
    shares = sensitivities(fit_property(data, numbers), generator.random((64, 3)))
    assert shares["a"] == pytest.approx(0.9, abs=0.05)
    assert shares["b"] == pytest.approx(0.1, abs=0.05)
    assert shares["c"] < 0.01
    assert sum(shares.values()) == pytest.approx(1)


def test_a_constant_model_depends_on_nothing() -> None:
    inputs = rows(10, 0)
    assert set(sensitivities(fitted(np.full(10, 3.0), inputs), inputs).values()) == {0.0}


@pytest.mark.parametrize("log", [False, True])
def test_a_slice_is_what_the_model_predicts_there(log: bool) -> None:
    inputs = rows(40, 0)
    values = 3 * inputs[:, 0] + inputs[:, 8]
    model = fitted(np.exp(3 * values) if log else values, inputs)
    assert model.log is log
    levels, point = rows(7, 3), inputs[4]
    mean, deviation = along(model, point, "l", levels)
    expected = np.hstack([np.repeat(point[None, :1], 7, 0), levels[:, 1:4], np.repeat(point[None, 4:], 7, 0)])
    assert [mean, deviation] == [pytest.approx(each) for each in model.predict(expected)]
