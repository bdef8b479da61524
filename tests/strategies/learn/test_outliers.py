"""Values that contradict all others hardly count; real peaks and known errors do."""

import numpy as np
import pytest

from strategies.learn.data import PropertyData
from strategies.learn.gp import PropertyModel
from strategies.learn.gp import fit_property as fit_data
from strategies.learn.kernel import Group
from strategies.learn.quality import describe

PLACE = 7


def surface(inputs: np.ndarray) -> np.ndarray:
    return 50 + 10 * np.sin(3 * inputs[:, 0]) - 8 * inputs[:, 1] ** 2


def noisy(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    inputs = generator.random((count, 2))
    return inputs, surface(inputs) + 0.5 * generator.standard_normal(count)


def fitted(inputs: np.ndarray, values: np.ndarray, errors: np.ndarray | None = None) -> PropertyModel:
    return fit_data(PropertyData("y", inputs, values, errors, [], []), (Group("a", 0, 1), Group("b", 1, 1)))


def error(model: PropertyModel) -> float:
    inputs = np.random.default_rng(9).random((200, 2))
    return float(np.sqrt(np.mean((model.predict(inputs)[0] - surface(inputs)) ** 2)))


@pytest.mark.parametrize("off", [20.0, -45.0, 1e4, 1e99])
def test_one_absurd_value_does_not_wreck_the_model(off: float) -> None:
    inputs, values = noisy(30)
    clean = fitted(inputs, values)
    values[PLACE] += off
    model = fitted(inputs, values)
    assert clean.outliers == ()
    assert model.outliers == (PLACE,)
    assert error(model) < 1.3 * error(clean)
    assert "contradicts all other values" in model.warnings[-1]
    assert f"value {PLACE + 1}" in model.warnings[-1]
    described = describe(model)
    assert described["n"] == 30
    assert len(described["leave_one_out"]["measured"]) == 29
    assert described["leave_one_out_r2"] > 0.9


def test_an_absurd_value_among_eight_is_found() -> None:
    inputs, values = noisy(8)
    values[3] = 1e5
    assert fitted(inputs, values).outliers == (3,)


def test_several_are_found_one_after_the_other() -> None:
    inputs, values = noisy(40)
    values[[3, 11]] += [60.0, 300.0]
    assert set(fitted(inputs, values).outliers) == {3, 11}


def test_a_sharp_peak_that_a_replicate_confirms_stays() -> None:
    inputs, values = noisy(30)
    peak = inputs[[PLACE]]
    alone = fitted(inputs, np.where(np.arange(30) == PLACE, 90.0, values))
    assert alone.outliers == (PLACE,)
    values[PLACE] = 90.0
    confirmed = fitted(np.vstack([inputs, peak]), np.append(values, 89.0))
    assert confirmed.outliers == ()
    assert confirmed.predict(peak)[0][0] > 80


@pytest.mark.parametrize("seed", range(5))
def test_honest_data_have_none(seed: int) -> None:
    inputs, values = noisy(25, seed)
    assert fitted(inputs, values).outliers == ()
    heavy = np.random.default_rng(seed).standard_normal(25)
    assert fitted(inputs, heavy).outliers == (), "noise alone is no reason"


def test_one_hit_among_equal_values_is_no_outlier() -> None:
    inputs, _ = noisy(20)
    values = np.zeros(20)
    values[PLACE] = 50.0
    assert fitted(inputs, values).outliers == ()


def test_a_value_with_a_large_known_error_contradicts_nothing() -> None:
    inputs, values = noisy(30)
    values[PLACE] += 40
    errors = np.full(30, 0.5)
    assert fitted(inputs, values, errors).outliers == (PLACE,)
    errors[PLACE] = 40.0
    assert fitted(inputs, values, errors).outliers == ()


def test_errors_known_of_some_are_used_and_inferred_for_the_rest() -> None:
    inputs, values = noisy(40)
    generator = np.random.default_rng(3)
    errors = np.where(np.arange(40) < 15, 5.0, np.nan)
    values = values + np.where(np.isnan(errors), 0.0, 5.0 * generator.standard_normal(40))
    model = fitted(inputs, values, errors)
    noise = model.gp.noise.sqrt().numpy() * model.scale
    assert noise[:15] == pytest.approx(5.0)
    assert np.ptp(noise[15:]) == 0
    assert 0.2 < noise[20] < 1.5
    assert error(model) < error(fitted(inputs, values))
