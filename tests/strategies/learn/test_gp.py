"""The property model against GP regression written out, and its behaviour on awkward data."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from strategies.learn.data import PropertyData
from strategies.learn.feasibility import fit_feasibility
from strategies.learn.gp import PropertyModel, groups, principal_directions
from strategies.learn.gp import fit_property as fit_data
from strategies.learn.kernel import Group
from strategies.represent.encoding import Encoding
from strategies.spaces import Space


def data(inputs: np.ndarray, values: np.ndarray, errors: np.ndarray | None = None) -> PropertyData:
    return PropertyData("y", inputs, values, errors, [], [])


def numbers(count: int) -> tuple[Group, ...]:
    return tuple(Group(f"x{place}", place, 1) for place in range(count))


def fit_property(given: PropertyData) -> PropertyModel:
    return fit_data(given, numbers(given.inputs.shape[1]))


def smooth(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    inputs = np.random.default_rng(seed).random((count, 2))
    return inputs, 50 + 10 * np.sin(3 * inputs[:, 0]) - 8 * inputs[:, 1] ** 2


def test_posterior_is_closed_form_gp_regression() -> None:
    inputs, values = smooth(8)
    errors = np.linspace(0.5, 1.5, 8)
    model = fit_property(data(inputs, values, errors))
    lengthscales, constant = np.array(model.gp.kernel.lengthscales), model.gp.mean
    new = np.random.default_rng(1).random((5, 2))

    def kernel(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        scaled = np.sqrt(5) * np.abs(left[:, None] - right[None]) / lengthscales
        return model.gp.kernel.variance * np.prod((1 + scaled + scaled**2 / 3) * np.exp(-scaled), axis=-1)

    shift, scale = values.mean(), values.std(ddof=1)
    covariance = kernel(inputs, inputs) + np.diag((errors / scale) ** 2)
    cross = kernel(new, inputs)
    mean = constant + cross @ np.linalg.solve(covariance, (values - shift) / scale - constant)
    variance = model.gp.kernel.variance - np.einsum("ij,ji->i", cross, np.linalg.solve(covariance, cross.T))
    found_mean, found_deviation = model.predict(new)
    assert not model.log
    assert found_mean == pytest.approx(mean * scale + shift, rel=1e-6)
    assert found_deviation == pytest.approx(np.sqrt(variance) * scale, rel=1e-4)


def test_evidence_chooses_the_logarithm_for_growth_only() -> None:
    inputs, values = smooth(15)
    assert not fit_property(data(inputs, values)).log
    growing = fit_property(data(inputs, np.exp(values / 3)))
    assert growing.log
    mean, deviation = growing.predict(inputs)
    assert mean == pytest.approx(np.exp(values / 3), rel=0.3)
    assert np.all(deviation > 0)


@pytest.mark.parametrize("factor", [1e-12, 1.0, 1e12])
def test_the_unit_of_a_property_does_not_matter(factor: float) -> None:
    inputs, values = smooth(10)
    plain, scaled = fit_property(data(inputs, values)), fit_property(data(inputs, values * factor))
    new = np.full((1, 2), 0.4)
    assert scaled.predict(new)[0] == pytest.approx(plain.predict(new)[0] * factor, rel=1e-3)


@pytest.mark.parametrize(
    "values",
    [np.full(5, 3.0), np.array([1.0, 1.0, 1.0, 1.0, 9.0]), np.zeros(5), np.array([-1e12, 1e12, 0.0, 1.0, 2.0])],
)
def test_awkward_values_still_give_a_model(values: np.ndarray) -> None:
    inputs = np.array([[0.1], [0.1], [0.1], [0.5], [0.9]])
    mean, deviation = fit_property(data(inputs, values)).predict(np.array([[0.3]]))
    assert np.isfinite([mean[0], deviation[0]]).all()


def test_measured_errors_are_believed() -> None:
    inputs = np.array([[0.2], [0.2], [0.8]])
    values = np.array([10.0, 20.0, 15.0])
    first = fit_property(data(inputs, values, np.array([0.01, 5.0, 0.01])))
    second = fit_property(data(inputs, values, np.array([5.0, 0.01, 0.01])))
    assert first.predict(inputs[:1])[0][0] == pytest.approx(10, abs=0.5)
    assert second.predict(inputs[:1])[0][0] == pytest.approx(20, abs=0.5)


def test_no_values_are_refused() -> None:
    with pytest.raises(ValueError, match="no measured value of y"):
        fit_property(data(np.empty((0, 2)), np.empty(0)))


def test_feasibility_finds_the_failing_side() -> None:
    inputs = np.random.default_rng(0).random((30, 2))
    fails = inputs[:, 0] > 0.6
    learned = fit_feasibility(inputs[~fails], inputs[fails], numbers(2))
    new = np.random.default_rng(1).random((200, 2))
    clear = np.abs(new[:, 0] - 0.6) > 0.15
    assert np.mean((learned.probability(new) > 0.5)[clear] == (new[:, 0] <= 0.6)[clear]) > 0.95


def test_one_failure_speaks_for_its_surroundings_only() -> None:
    learned = fit_feasibility(np.empty((0, 2)), np.array([[0.9, 0.9]]), numbers(2))
    near, far = learned.probability(np.array([[0.9, 0.9], [-3.0, -3.0]]))
    assert near < 0.1
    assert far > 0.5


def test_descriptors_count_by_their_principal_components() -> None:
    scores = np.array([[0.0, 0.6], [1.0, 0.2], [0.2, 0.0], [0.6, 0.4], [0.9, 0.5]])
    turn = np.linalg.qr(np.random.default_rng(3).standard_normal((4, 4)))[0][:2]
    block = scores @ turn
    found = block @ principal_directions(block).T
    assert found.shape == (5, 2)
    assert np.ptp(found, axis=0) == pytest.approx([1, 1])
    centred = scores - scores.mean(axis=0)
    axes = np.linalg.eigh(centred.T @ centred)[1][:, ::-1]
    for place, axis in enumerate(axes.T):
        along = centred @ axis
        assert abs(np.corrcoef(found[:, place], along)[0, 1]) == pytest.approx(1)


def test_many_numbers_of_a_pool_share_a_lengthscale(
    store_pool: Callable[..., tuple[dict[str, Any], dict[str, Path]]],
) -> None:
    table = np.random.default_rng(0).random((12, 25))
    table[:, 24] *= 1e-9  # what it is measured in does not matter
    names = [f"x{place}" for place in range(25)]
    lines = [",".join([*names, "label"]), *(",".join([*map(str, row), "ab"[int(row[0] > 0.5)]]) for row in table)]
    pool, files = store_pool("\n".join(lines), [*names, "label"])
    numbers_first = groups(Encoding.of(Space.model_validate({"pool": pool}), files))
    assert [(group.start, group.size) for group in numbers_first] == [(0, 25), (25, 2)]
    assert numbers_first[0].name == "x0 to x24"
    scaled = (table - table.min(axis=0)) / np.ptp(table, axis=0)
    squares = np.square(scaled[:, None] - scaled[None]).sum(axis=-1)
    assert numbers_first[0].width == pytest.approx(np.sqrt(squares.mean()))
    few, files = store_pool("\n".join(lines), [*names[:20], "label"])
    assert len(groups(Encoding.of(Space.model_validate({"pool": few}), files))) == 21
