"""Objectives say what they want, and refuse what makes no sense."""

from typing import Any

import pytest
from pydantic import ValidationError

from strategies.objectives import Objective, fault_together, merits


def objective(**fields: Any) -> Objective:
    return Objective.model_validate({"property": "y", **fields})


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"goal": "target"}, "takes low and/or high"),
        ({"goal": "target", "low": 2, "high": 1}, "must be below"),
        ({"goal": "maximize", "low": 2}, "takes low and/or high"),
        ({"goal": "value"}, "'value' takes 'value'"),
        ({"goal": "maximize", "value": 2}, "'value' takes 'value'"),
        ({"goal": "level-set"}, "'level-set' takes 'level'"),
        ({"goal": "value", "value": 1, "level": 2}, "'level-set' takes 'level'"),
        ({"goal": "explore", "reference": 2}, "leave `reference` out"),
        ({"goal": "target", "low": 1, "desirability": {"low": 0, "high": 1}}, "takes no desirability"),
        ({"goal": "maximize", "desirability": {"low": 1, "high": 1}}, "must be below"),
        ({"goal": "maximize", "desirability": {"low": 0, "high": 1, "weight": 0}}, "greater than 0"),
        ({"goal": "value", "value": 5, "desirability": {"low": 0, "high": 1}}, "must lie between"),
        ({"goal": "best"}, "maximize"),
    ],
)
def test_bad_objectives_say_why(fields: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        objective(**fields)


def test_some_goals_cannot_go_together() -> None:
    more, known, crossed = objective(goal="maximize"), objective(goal="explore"), objective(goal="level-set", level=1)
    scored = objective(goal="maximize", desirability={"low": 0, "high": 1})
    assert "on all objectives or on none" in (fault_together([more, scored]) or "")
    assert "no other goal" in (fault_together([more, known]) or "")
    assert "only objective" in (fault_together([crossed, crossed]) or "")
    assert fault_together([known, known]) is fault_together([more, more]) is fault_together([crossed]) is None


def test_desirability_is_the_weighted_geometric_mean() -> None:
    wanted = [
        objective(goal="maximize", desirability={"low": 20, "high": 100, "weight": 3}),
        objective(goal="minimize", desirability={"low": 0, "high": 10}),
        objective(goal="value", value=7, desirability={"low": 4, "high": 8}),
    ]
    # (80 - 20) / 80 = 0.75 three times, (10 - 6) / 10 = 0.4, (7.25 - 8) / (7 - 8) = 0.75
    assert merits(wanted, [80, 6, 7.25]) == (pytest.approx((0.75**3 * 0.4 * 0.75) ** 0.2),)
    assert merits(wanted, [80, 6, 5.5]) == (pytest.approx((0.75**3 * 0.4 * 0.5) ** 0.2),)
    assert merits(wanted, [1000, -5, 7]) == (1.0,)
    assert merits(wanted, [1000, -5, 3.9]) == (0.0,)
    assert merits(wanted, [20, 0, 7]) == (0.0,)


def test_a_large_weight_does_not_end_in_zero() -> None:
    heavy = [objective(goal="maximize", desirability={"low": 0, "high": 1, "weight": 1000})] * 2
    assert merits(heavy, [0.1, 0.4]) == (pytest.approx(0.2),)
