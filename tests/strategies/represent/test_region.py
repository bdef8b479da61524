"""The known region is the convex hull of what was measured, widened by a margin."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategies.represent.region import inside_known_region
from strategies.spaces import Space

SPACE = Space.model_validate(
    {
        "parameters": {
            "x": {"type": "continuous", "low": 0, "high": 10},
            "y": {"type": "continuous", "low": 0, "high": 10},
            "c": {"type": "categorical", "choices": ["a", "b"]},
        }
    }
)


def point(x: float, y: float, c: str = "a") -> dict[str, Any]:
    return {"kind": "conditions", "values": {"x": x, "y": y, "c": c}}


TRIANGLE = [point(0, 0), point(10, 0), point(0, 10)]


@pytest.mark.parametrize(
    ("candidate", "margin", "inside"),
    [
        (point(2, 2), 0, True),
        (point(5, 5), 0, True),  # on the edge
        (point(0, 0), 0, True),  # a corner
        (point(5.2, 5.2), 0, False),
        (point(5.2, 5.2), 0.03, True),
        (point(5.2, 5.2), 0.01, False),
        (point(2, 2, "b"), 0, False),
        (point(2, 2, "b"), 1, False),
    ],
)
def test_membership(candidate: dict[str, Any], margin: float, inside: bool) -> None:
    assert inside_known_region(SPACE, candidate, TRIANGLE, margin) is inside


@given(st.floats(0, 10), st.floats(0, 10))
def test_agrees_with_the_triangle(x: float, y: float) -> None:
    if abs(x + y - 10) > 1e-6:
        assert inside_known_region(SPACE, point(x, y), TRIANGLE) is (x + y < 10)


def test_nothing_known_is_nowhere() -> None:
    assert not inside_known_region(SPACE, point(1, 1), [], 1.0)
    with pytest.raises(ValueError, match="margin"):
        inside_known_region(SPACE, point(1, 1), TRIANGLE, -0.1)
