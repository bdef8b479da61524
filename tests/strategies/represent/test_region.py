"""The known region is the convex hull of what was measured, widened by a margin."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategies.represent.region import distance_outside
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
    ("candidate", "distance"),
    [
        (point(2, 2), 0.0),
        (point(5, 5), 0.0),  # on the edge
        (point(0, 0), 0.0),  # a corner
        (point(5.2, 5.2), 0.02),  # the line x + y = 10 is 0.2 of 10 away in both columns
        (point(2, 2, "b"), None),
    ],
)
def test_distance(candidate: dict[str, Any], distance: float | None) -> None:
    assert distance_outside(SPACE, TRIANGLE, candidate) == (None if distance is None else pytest.approx(distance))


@given(st.floats(0, 10), st.floats(0, 10))
def test_agrees_with_the_triangle(x: float, y: float) -> None:
    """The nearest point of the triangle, in the largest of the two columns' distances."""
    expected = max(0.0, (x + y - 10) / 20)
    assert distance_outside(SPACE, TRIANGLE, point(x, y)) == pytest.approx(expected, abs=1e-7)


def test_nothing_known_is_nowhere() -> None:
    assert distance_outside(SPACE, [], point(1, 1)) is None
