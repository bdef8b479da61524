"""Pareto sets and hypervolumes in natural senses."""

from itertools import combinations

import numpy as np
import pytest
import torch
from botorch.utils.multi_objective.hypervolume import Hypervolume
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from strategies.optimize.pareto import Goal, estimated_hypervolume, hypervolume, infer_reference, non_dominated

BOTH: list[Goal] = ["maximize", "minimize"]
rows = arrays(np.float64, st.tuples(st.integers(0, 12), st.just(2)), elements=st.integers(-5, 5).map(float))


def test_known_front() -> None:
    values = [[1, 1], [3, 2], [2, 2], [3, 2], [0, 0.5], [5, 9]]
    assert non_dominated(values, BOTH).tolist() == [True, True, False, False, True, True]
    # strips between the front's members, left to right: (3 - 0) * (5 - 2) + (1 - 0) * (2 - 1); the others are outside
    assert hypervolume(values, BOTH, [0, 5]) == pytest.approx(3 * 3 + 1 * 1)


@given(
    st.integers(1, 3).flatmap(
        lambda count: arrays(
            np.float64, st.tuples(st.integers(0, 12), st.just(count)), elements=st.integers(-5, 5).map(float)
        )
    )
)
def test_non_dominated_is_its_definition(values: np.ndarray) -> None:
    goals: list[Goal] = ["maximize", "minimize", "maximize"]
    kept = non_dominated(values, goals[: values.shape[1]])
    better = values * [1, -1, 1][: values.shape[1]]
    for place, row in enumerate(better):
        dominated = any(np.all(other >= row) and np.any(other > row) for other in better)
        repeated = any(np.array_equal(other, row) for other in better[:place])
        assert kept[place] == (not dominated and not repeated)


def test_many_rows_of_which_none_dominates_another() -> None:
    line = np.arange(200_000.0)
    assert non_dominated(np.column_stack([line, line]), BOTH).all()
    assert non_dominated(line.reshape(-1, 1), ["maximize"]).sum() == 1


@given(rows)
def test_two_objective_volume_counts_unit_cells(values: np.ndarray) -> None:
    worst = (-5, 5)
    cells = sum(any(row[0] >= x + 1 and row[1] <= y for row in values) for x in range(-5, 5) for y in range(-5, 5))
    assert hypervolume(values, BOTH, worst) == pytest.approx(cells)


@given(rows)
def test_volume_agrees_with_botorch(values: np.ndarray) -> None:
    flat = np.column_stack([values, np.ones(len(values))])
    third: list[Goal] = [*BOTH, "maximize"]
    assert hypervolume(flat, third, [-5, 5, 0]) == pytest.approx(hypervolume(values, BOTH, [-5, 5]))


def by_inclusion_and_exclusion(rows: np.ndarray) -> float:
    """Volume above the origin that rows dominate: of boxes, minus their pairs' overlaps, and so on."""
    subsets = [subset for size in range(1, len(rows) + 1) for subset in combinations(range(len(rows)), size)]
    return float(sum((-1) ** (len(each) + 1) * rows[list(each)].min(axis=0).prod() for each in subsets))


@pytest.mark.parametrize("count", [3, 4, 5])
def test_volume_of_several_objectives_adds_up(count: int) -> None:
    rows = np.random.default_rng(count).random((7, count))
    whole = by_inclusion_and_exclusion(rows)
    goals: list[Goal] = ["maximize"] * count
    assert hypervolume(rows, goals, [0] * count) == pytest.approx(whole)
    assert estimated_hypervolume(rows, goals, [0] * count) == pytest.approx(whole, rel=0.01)
    less: list[Goal] = ["minimize", *goals[1:]]
    turned = rows * [-1, *[1] * (count - 1)]
    assert estimated_hypervolume(turned, less, [0] * count) == estimated_hypervolume(rows, goals, [0] * count)


def test_the_estimate_agrees_with_botorch_on_a_front_of_five_objectives() -> None:
    rows = np.abs(np.random.default_rng(1).standard_normal((20, 5)))
    exact = float(Hypervolume(torch.zeros(5, dtype=torch.float64)).compute(torch.as_tensor(rows)))
    assert estimated_hypervolume(rows, ["maximize"] * 5, [0] * 5) == pytest.approx(exact, rel=0.02)
    assert estimated_hypervolume(rows[:0], ["maximize"] * 5, [0] * 5) == 0


def test_one_objective_and_nothing() -> None:
    assert hypervolume([[3], [5]], ["minimize"], [10]) == 7
    assert hypervolume([], BOTH, [0, 0]) == 0
    assert hypervolume([[-1, 1]], BOTH, [0, 0]) == 0


def test_inferred_reference_is_worse_than_the_front() -> None:
    reference = infer_reference([[1, 1], [3, 2], [-100, 100]], BOTH)
    assert reference == pytest.approx([0.8, 2.1])
    assert infer_reference([[4, 4]], BOTH) == pytest.approx([3.6, 4.4])


@pytest.mark.parametrize(
    ("values", "goals", "reference"),
    [([[float("nan"), 0]], BOTH, [0, 0]), ([[1, 2]], BOTH, [0]), ([[1, 2]], ["maximize", "target"], [0, 0])],
)
def test_nonsense_is_refused(values: list[list[float]], goals: list[Goal], reference: list[float]) -> None:
    with pytest.raises(ValueError, match=r"NaN|reference values|neither"):
        hypervolume(values, goals, reference)
