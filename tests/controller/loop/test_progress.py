"""Best values, front and hypervolume, one experiment at a time."""

from typing import Any

import pytest

from controller.loop.progress import advance, feasible, hypervolume, merit
from tests.controller.loop.views import make_spec

MORE = {"property": "yield", "goal": "maximize", "reference": 10.0}
LESS = {"property": "waste", "goal": "minimize", "reference": 8.0}
TWO = make_spec(objectives=[MORE, LESS])


def objective(**fields: Any) -> Any:
    return make_spec(objectives=[{"property": "yield", **fields}])


@pytest.mark.parametrize(
    ("spec", "value", "expected"),
    [
        (objective(goal="maximize"), 3.0, 3.0),
        (objective(goal="minimize"), 3.0, -3.0),
        (objective(goal="target", low=4, high=6), 5.0, 0.0),
        (objective(goal="target", low=4, high=6), 3.5, -0.5),
        (objective(goal="target", low=4, high=6), 8.0, -2.0),
        (objective(goal="target", low=4), 99.0, 0.0),
        (objective(goal="target", low=4), 1.0, -3.0),
        (objective(goal="target", high=6), -99.0, 0.0),
        (objective(goal="target", high=6), 7.0, -1.0),
    ],
)
def test_more_merit_is_better(spec: Any, value: float, expected: float) -> None:
    assert merit(spec, 0, value) == expected


def test_constraints_include_their_limit_and_a_missing_value_breaks_them() -> None:
    spec = make_spec(
        constraints=[
            {"property": "waste", "comparison": "<=", "value": 5},
            {"property": "purity", "comparison": ">=", "value": 90},
        ]
    )
    assert feasible(spec, {"waste": 5, "purity": 90})
    assert feasible(spec, {"waste": 4, "purity": 99})
    assert not feasible(spec, {"waste": 5.1, "purity": 90})
    assert not feasible(spec, {"waste": 5, "purity": 89.9})
    assert not feasible(spec, {"purity": 99})
    assert not feasible(spec, {"waste": 4})
    assert feasible(make_spec(), {})


def test_the_first_good_experiment_is_the_best() -> None:
    assert advance({}, TWO, {"yield": 30, "waste": 3, "other": 1}) == {
        "best": {"yield": 30, "waste": 3},
        "front": [[30, -3]],
        "hypervolume": (30 - 10) * (8 - 3),
        "without_improvement": 0,
    }


def test_the_front_keeps_what_nothing_beats() -> None:
    progress = advance({}, TWO, {"yield": 30, "waste": 3})
    worse = advance(progress, TWO, {"yield": 29, "waste": 3})
    assert (worse["front"], worse["without_improvement"]) == ([[30, -3]], 1)
    equal = advance(worse, TWO, {"yield": 30, "waste": 3})
    assert (equal["front"], equal["without_improvement"]) == ([[30, -3]], 2)
    other = advance(equal, TWO, {"yield": 20, "waste": 2})
    assert (other["front"], other["without_improvement"]) == ([[30, -3], [20, -2]], 0)
    assert other["best"] == {"yield": 30, "waste": 2}
    assert other["hypervolume"] == 20 * 5 + 10 * 1
    better = advance(other, TWO, {"yield": 30, "waste": 2})
    assert better["front"] == [[30, -2]]
    assert better["best"] == {"yield": 30, "waste": 2}
    assert progress["front"] == [[30, -3]], "what was there before is left as it was"


def test_of_two_equally_good_values_the_first_stays_the_best() -> None:
    spec = objective(goal="target", low=4, high=6)
    first = advance({}, spec, {"yield": 4.5})
    assert advance(first, spec, {"yield": 5}) == {**first, "without_improvement": 1}


def test_half_beaten_points_stay() -> None:
    front = [[30.0, -3.0], [20.0, -2.0]]
    after = advance({"front": front, "best": {"yield": 30.0, "waste": 2.0}}, TWO, {"yield": 25, "waste": 2})
    assert after["front"] == [[30, -3], [25, -2]]
    assert after["best"] == {"yield": 30.0, "waste": 2.0}


def test_what_misses_a_value_or_breaks_a_constraint_improves_nothing() -> None:
    spec = make_spec(objectives=[MORE, LESS], constraints=[{"property": "waste", "comparison": "<=", "value": 5}])
    before = {"best": {"yield": 1.0}, "without_improvement": 4}
    for values in ({"yield": 99}, {"waste": 1}, {"yield": 99, "waste": 6}, {}):
        assert advance(before, spec, values) == {**before, "without_improvement": 5}
        assert advance({}, spec, values) == {"without_improvement": 1}


def test_a_worse_experiment_counts_from_nothing() -> None:
    assert (
        advance({"front": [[30, -3]], "best": {"yield": 30, "waste": 3}}, TWO, {"yield": 1, "waste": 9})[
            "without_improvement"
        ]
        == 1
    )


def test_hypervolume_is_the_area_above_the_reference_points() -> None:
    assert hypervolume(TWO, []) == 0
    assert hypervolume(TWO, [[30, -3]]) == 100
    assert hypervolume(TWO, [[20, -2], [30, -3]]) == hypervolume(TWO, [[30, -3], [20, -2]]) == 110
    assert hypervolume(TWO, [[10, -3], [30, -8], [5, -1], [40, -9]]) == 0
    assert hypervolume(TWO, [[30, -3], [40, -9], [11, -7]]) == 100
    assert hypervolume(TWO, [[30, -3], [30, -4]]) == 100


def test_hypervolume_needs_two_objectives_with_reference_points() -> None:
    assert hypervolume(make_spec(objectives=[MORE]), [[1]]) is None
    assert hypervolume(make_spec(objectives=[MORE, {**LESS, "reference": None}]), [[1, 1]]) is None
    assert hypervolume(make_spec(objectives=[{**MORE, "reference": None}, LESS]), [[1, 1]]) is None
    third = {"property": "cost", "goal": "minimize", "reference": 1.0}
    assert hypervolume(make_spec(objectives=[MORE, LESS, third]), [[1, 1, 1]]) is None
    assert hypervolume(make_spec(objectives=[{**MORE, "reference": 0.0}, LESS]), [[2, -7]]) == 2
