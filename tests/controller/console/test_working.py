"""How far work is, in words that do not change by the second."""

from typing import Any

import pytest

from controller.console.pages.instruments import working


def words(elapsed_s: float, expected_s: float | None, long_s: float | None = 1e9) -> Any:
    row = working({"limit_s": 3600.0, "expected_s": expected_s, "long_s": long_s}, elapsed_s)
    return row["words"], row["done"], row["long"]


@pytest.mark.parametrize(
    ("elapsed_s", "expected_s", "said"),
    [
        (190, None, ("for 3 min, at most 60 min", None, False)),
        (190, 720, ("3 min of about 12 min, at most 60 min", 2, False)),
        (900, 720, ("15 min of about 12 min, at most 60 min", 10, False)),
        (5, 720, ("less than 1 min of about 12 min, at most 60 min", 0, False)),
        (5, 12, ("for less than 1 min, usually about 12 s, at most 60 min", None, False)),
        (5, 0.2, ("for less than 1 min, usually about 1 s, at most 60 min", None, False)),
    ],
)
def test_how_far_it_is(elapsed_s: float, expected_s: float | None, said: Any) -> None:
    assert words(elapsed_s, expected_s) == said


def test_longer_than_usual() -> None:
    assert not words(1000, 720, 1080)[2]
    assert words(1081, 720, 1080)[2]


def test_a_second_changes_nothing() -> None:
    assert words(200, 720) == words(201, 720)
