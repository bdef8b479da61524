"""Best values, front and hypervolume, one experiment at a time."""

from typing import Any

import pytest

from controller.loop.progress import advance, expect, feasible, hypervolume, merits
from tests.controller.loop.views import make_spec

MORE = {"property": "yield", "goal": "maximize", "reference": 10.0}
LESS = {"property": "waste", "goal": "minimize", "reference": 8.0}
TWO = make_spec(objectives=[MORE, LESS])
KEY = "k"


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
        (objective(goal="value", value=4), 3.0, -1.0),
        (objective(goal="value", value=4), 4.5, -0.5),
        (objective(goal="level-set", level=4), 3.0, -1.0),
        (objective(goal="explore"), 3.0, 0.0),
        (objective(goal="target", low=4), 99.0, 0.0),
        (objective(goal="target", low=4), 1.0, -3.0),
        (objective(goal="target", high=6), -99.0, 0.0),
        (objective(goal="target", high=6), 7.0, -1.0),
    ],
)
def test_more_merit_is_better(spec: Any, value: float, expected: float) -> None:
    assert merits(spec, {"yield": value}) == (expected,)


def test_the_best_of_one_score_are_the_values_of_the_best_experiment() -> None:
    desirable = {"low": 0, "high": 100}
    both = [{**MORE, "desirability": desirable}, {**LESS, "desirability": {"low": 0, "high": 10}}]
    spec = make_spec(objectives=both)
    progress = advance({}, spec, KEY, {"yield": 90, "waste": 9})
    assert progress["front"] == [[pytest.approx((0.9 * 0.1) ** 0.5)]]
    assert progress["hypervolume"] is None
    progress = advance(progress, spec, KEY, {"yield": 50, "waste": 2})
    assert (progress["best"], progress["without_improvement"]) == ({"yield": 50, "waste": 2}, 0)
    progress = advance(progress, spec, KEY, {"yield": 95, "waste": 9})  # more of the one, and less of all
    assert (progress["best"], progress["without_improvement"]) == ({"yield": 50, "waste": 2}, 1)


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
    assert advance({}, TWO, KEY, {"yield": 30, "waste": 3, "other": 1}) == {
        "best": {"yield": 30, "waste": 3},
        "front": [[30, -3]],
        "hypervolume": (30 - 10) * (8 - 3),
        "without_improvement": 0,
    }


def test_the_front_keeps_what_nothing_beats() -> None:
    progress = advance({}, TWO, KEY, {"yield": 30, "waste": 3})
    worse = advance(progress, TWO, KEY, {"yield": 29, "waste": 3})
    assert (worse["front"], worse["without_improvement"]) == ([[30, -3]], 1)
    equal = advance(worse, TWO, KEY, {"yield": 30, "waste": 3})
    assert (equal["front"], equal["without_improvement"]) == ([[30, -3]], 2)
    other = advance(equal, TWO, KEY, {"yield": 20, "waste": 2})
    assert (other["front"], other["without_improvement"]) == ([[30, -3], [20, -2]], 0)
    assert other["best"] == {"yield": 30, "waste": 2}
    assert other["hypervolume"] == 20 * 5 + 10 * 1
    better = advance(other, TWO, KEY, {"yield": 30, "waste": 2})
    assert better["front"] == [[30, -2]]
    assert better["best"] == {"yield": 30, "waste": 2}
    assert progress["front"] == [[30, -3]], "what was there before is left as it was"


def test_of_two_equally_good_values_the_first_stays_the_best() -> None:
    spec = objective(goal="target", low=4, high=6)
    first = advance({}, spec, KEY, {"yield": 4.5})
    assert advance(first, spec, KEY, {"yield": 5}) == {**first, "without_improvement": 1}


def test_half_beaten_points_stay() -> None:
    front = [[30.0, -3.0], [20.0, -2.0]]
    after = advance({"front": front, "best": {"yield": 30.0, "waste": 2.0}}, TWO, KEY, {"yield": 25, "waste": 2})
    assert after["front"] == [[30, -3], [25, -2]]
    assert after["best"] == {"yield": 30.0, "waste": 2.0}


def test_what_misses_a_value_or_breaks_a_constraint_improves_nothing() -> None:
    spec = make_spec(objectives=[MORE, LESS], constraints=[{"property": "waste", "comparison": "<=", "value": 5}])
    before = {"best": {"yield": 1.0}, "without_improvement": 4}
    for values in ({"yield": 99}, {"waste": 1}, {"yield": 99, "waste": 6}, {}):
        assert advance(before, spec, KEY, values) == {**before, "without_improvement": 5}
        assert advance({}, spec, KEY, values) == {"without_improvement": 1}


def test_a_worse_experiment_counts_from_nothing() -> None:
    assert (
        advance({"front": [[30, -3]], "best": {"yield": 30, "waste": 3}}, TWO, KEY, {"yield": 1, "waste": 9})[
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


def test_good_candidates_are_counted_once_each_and_only_where_a_rule_wants_several() -> None:
    rule = {"rule": "target_reached", "property": "yield", "comparison": ">=", "value": 90}
    limit = [{"property": "waste", "comparison": "<=", "value": 5}]
    spec = make_spec(objectives=[MORE], constraints=limit, stop=[{**rule, "times": 2}])
    [wanted] = spec.stop
    after: dict[str, Any] = {}
    for key, value, waste in [("a", 91, 1), ("a", 95, 1), ("b", 89, 1), ("c", 99, 6)]:
        after = advance(after, spec, key, {"yield": value, "waste": waste})
        assert wanted.reached(after) is None
    after = advance(after, spec, "d", {"yield": 90, "waste": 5})
    assert wanted.reached(after) == "yield has reached 95 (>= 90), 2 candidates are that good"
    assert after["good"] == {"yield >= 90.0": ["a", "d"]}
    assert advance(after, spec, "e", {"yield": 92, "waste": 1})["good"] == after["good"], "no more than the rule wants"
    assert "good" not in advance({}, make_spec(objectives=[MORE], stop=[rule]), "a", {"yield": 99})


def test_the_hypervolume_stalls_when_the_last_experiments_add_too_little() -> None:
    rule = {"rule": "hypervolume_stalled", "experiments": 2, "share": 0.1}
    spec = make_spec(objectives=[MORE, LESS], stop=[rule])
    [stalled] = spec.stop
    after: dict[str, Any] = {}
    for value in (5, 5, 5, 20, 25):  # nothing beyond the reference; 10 * 5; 15 * 5
        after = advance(after, spec, KEY, {"yield": value, "waste": 3})
        assert stalled.reached(after) is None
    assert after["volumes"] == [0, 50, 75]
    after = advance(after, spec, KEY, {"yield": 26, "waste": 3})
    assert stalled.reached(after) is None, "80 is more than a tenth above 50"
    after = advance(after, spec, KEY, {"yield": 26.5, "waste": 3})
    assert after["volumes"] == [75, 80, 82.5]
    assert stalled.reached(after) == "hypervolume has risen by 10.00% in 2 experiments"
    imported = advance(after, spec, KEY, {"yield": 30, "waste": 3}, imported=True)
    assert imported["volumes"] == [75, 80, 100], "imported data is no experiment that was made in vain"
    assert "volumes" not in advance({}, TWO, KEY, {"yield": 20, "waste": 3})


def test_what_the_last_iterations_expect_is_kept_as_far_as_a_rule_looks_back() -> None:
    spec = make_spec(objectives=[MORE], stop=[{"rule": "expected_gain", "less_than": 0.5, "in_a_row": 2}])
    [small] = spec.stop
    after = expect({"best": {"yield": 1}}, spec, {"expected_improvement": 0.4})
    assert (after, small.reached(after)) == ({"best": {"yield": 1}, "expected": [0.4]}, None)
    after = expect(after, spec, {"expected_improvement": 0.5})
    assert small.reached(after) is None
    after = expect(expect(after, spec, {"expected_improvement": 0.2}), spec, {"expected_improvement": 0.1})
    assert after["expected"] == [0.2, 0.1]
    assert small.reached(after) == "2 iterations in a row expect to gain at most 0.2 (less than 0.5)"
    assert small.reached(expect(after, spec, {})) is None, "an iteration that expects nothing breaks the row"
    better = advance(after, spec, KEY, {"yield": 50})
    assert better["expected"] == [0.2, 0.1]
    assert expect({}, make_spec(), {"expected_improvement": 0.1}) == {}
