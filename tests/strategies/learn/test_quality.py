"""What a model says of values that it has not seen, against leaving each one out."""

import math

import numpy as np
import pytest
import torch

from strategies.learn.data import PropertyData
from strategies.learn.gp import PropertyModel, fit_property
from strategies.learn.kernel import Group
from strategies.learn.quality import LEVELS, MOST, calibration, describe, left_out_points


def fitted(count: int, *, log: bool = False, errors: bool = False) -> PropertyModel:
    inputs = np.random.default_rng(0).random((count, 2))
    values = 50 + 10 * np.sin(3 * inputs[:, 0]) - 8 * inputs[:, 1] ** 2
    if log:
        values = np.exp(values / 3)
    known = np.linspace(0.5, 1.5, count) * (values / 50) if errors else None
    model = fit_property(PropertyData("y", inputs, values, known, [], []), (Group("a", 0, 1), Group("b", 1, 1)))
    assert model.log is log
    return model


def without(model: PropertyModel, left: int) -> tuple[float, float]:
    """Mean and standard deviation of a measurement at a training point, by the same GP on all the others."""
    gp, rest = model.gp, [place for place in range(len(model.gp.targets)) if place != left]
    covariance = gp.kernel.covariance(gp.inputs, gp.inputs)
    own = covariance[rest][:, rest] + torch.diag(gp.noise[rest])
    weights = torch.linalg.solve(own, covariance[rest, left])
    variance = covariance[left, left] + gp.noise[left] - weights @ covariance[rest, left]
    return float(gp.mean + weights @ (gp.targets - gp.mean)[rest]), math.sqrt(float(variance))


@pytest.mark.parametrize(("log", "errors"), [(False, False), (True, False), (False, True)])
def test_each_point_is_predicted_as_if_it_were_not_there(log: bool, errors: bool) -> None:
    model = fitted(15, log=log, errors=errors)
    points = describe(model)["leave_one_out"]

    def natural(standardized: float) -> float:
        plain = standardized * model.scale + model.shift
        return math.exp(plain) if log else plain

    for left in range(15):
        mean, deviation = without(model, left)
        assert points["measured"][left] == pytest.approx(natural(float(model.gp.targets[left])), rel=1e-4)
        assert points["predicted"][left] == pytest.approx(natural(mean), rel=1e-4)
        assert points["low"][left] == pytest.approx(natural(mean - 1.96 * deviation), rel=1e-4)
        assert points["high"][left] == pytest.approx(natural(mean + 1.96 * deviation), rel=1e-4)


def test_calibration_counts_what_lies_within_the_intervals() -> None:
    draws = np.random.default_rng(1).normal(size=20_000)
    for level, share in calibration(draws, np.zeros(20_000), np.ones(20_000)):
        assert share == pytest.approx(level, abs=0.015)
    sure = calibration(draws, np.zeros(20_000), np.full(20_000, 0.1))
    assert [level for level, _ in sure] == list(LEVELS)
    assert all(share < 0.2 for _, share in sure)


def test_a_report_holds_no_more_than_so_many_points_evenly() -> None:
    model, count = fitted(8), 1000
    targets = np.arange(count, dtype=float)
    points = left_out_points(model, targets, targets, np.ones(count))
    assert {len(each) for each in points.values()} == {MOST}
    measured = (np.array(points["measured"]) - model.shift) / model.scale
    assert measured[0] == pytest.approx(0, abs=1e-3)
    assert measured[-1] == pytest.approx(count - 1, rel=1e-4)
    assert np.ptp(np.diff(measured)) < 1.1


def test_intervals_beyond_all_numbers_are_numbers_still() -> None:
    model = fitted(15, log=True)
    points = left_out_points(model, np.zeros(2), np.zeros(2), np.full(2, 1e6))
    assert all(math.isfinite(each) for column in points.values() for each in column)


def test_description_has_what_a_report_needs() -> None:
    described = describe(fitted(12))
    assert described["n"] == 12
    assert set(described["lengthscales"]) == {"a", "b"}
    assert described["leave_one_out_r2"] > 0.8
