"""The benchmark's statistics against what can be worked out by hand."""

import math

import numpy as np
import pytest

from tests.benchmarks.optimization.statistics import (
    Interval,
    area,
    best_so_far,
    better,
    experiments_until,
    not_worse,
    paired_difference,
    ratio_of_means,
    standard_error,
    to_range,
)


def test_best_so_far_keeps_the_last_best_and_counts_failures_as_the_worst():
    assert best_so_far([math.nan, 0.2, 0.1, 0.7], 6).tolist() == [0, 0.2, 0.2, 0.7, 0.7, 0.7]


def test_area_is_the_mean_of_the_best_so_far():
    assert area([0.5, 0.1, 1.0], 4) == pytest.approx((0.5 + 0.5 + 1 + 1) / 4)
    assert area([0.5, 0.1, 1.0], 2) == 0.5  # what comes after the budget does not count


@pytest.mark.parametrize(
    ("place", "batch", "paid"), [(0, 1, 1), (6, 1, 7), (0, 5, 1), (1, 5, 6), (5, 5, 6), (6, 5, 11), (49, 5, 50)]
)
def test_a_batch_is_paid_as_a_whole_up_to_the_budget(place, batch, paid):
    values = [0.0] * 50
    values[place] = 1.0
    assert experiments_until(values, 1.0, 50, batch) == paid


def test_an_unsolved_run_counts_as_one_more_than_the_budget():
    assert experiments_until([0.9] * 60, 1.0, 50) == 51
    assert experiments_until([0.9] * 50 + [1.0], 1.0, 50) == 51


def test_a_constant_difference_has_no_width():
    found = paired_difference([1.5, 2.5, 9.0], [1.0, 2.0, 8.5])
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)


def test_the_interval_of_a_difference_is_that_of_the_mean():
    """For normal differences the percentile bootstrap's interval is mean -+ 1.96 s / sqrt(n)."""
    differences = np.random.default_rng(3).normal(2.0, 5.0, 400)
    theirs = np.random.default_rng(4).normal(0.0, 100.0, 400)
    found = paired_difference(theirs + differences, theirs)
    half = 1.96 * differences.std() / math.sqrt(400)
    assert found.value == pytest.approx(differences.mean())
    assert found.low == pytest.approx(differences.mean() - half, abs=0.05 * half)
    assert found.high == pytest.approx(differences.mean() + half, abs=0.05 * half)


def test_the_interval_of_two_pairs_is_their_range():
    """A resample of two is twice the first, twice the second (1/4 each), or one of each."""
    found = paired_difference([1.0, 3.0], [0.0, 0.0])
    assert (found.low, found.value, found.high) == (1.0, 2.0, 3.0)


def test_the_same_seed_gives_the_same_interval():
    ours, theirs = list(np.random.default_rng(0).random(20)), list(np.random.default_rng(1).random(20))
    assert paired_difference(ours, theirs) == paired_difference(ours, theirs)
    assert paired_difference(ours, theirs) != paired_difference(ours, theirs, seed=1)


def test_a_ratio_of_means_is_not_a_mean_of_ratios():
    found = ratio_of_means([1.0, 10.0], [2.0, 5.0])
    assert found.value == pytest.approx(11 / 7)
    assert (found.low, found.high) == (0.5, 2.0)


def test_verdicts():
    assert not_worse(Interval(0.0, -0.049, 0.1))
    assert not not_worse(Interval(0.0, -0.05, 0.1))
    assert better(Interval(0.1, 0.001, 0.2))
    assert not better(Interval(0.1, 0.0, 0.2))


def test_standard_error():
    assert standard_error([1.0, 3.0]) == 1.0
    assert math.isnan(standard_error([1.0]))


def test_each_objective_is_brought_to_its_own_range():
    scaled = to_range(np.array([[0.0, 10.0], [5.0, math.nan], [10.0, 30.0]]))
    assert scaled[:, 0].tolist() == [0, 0.5, 1]
    assert scaled[[0, 2], 1].tolist() == [0, 1]
    assert math.isnan(scaled[1, 1])
