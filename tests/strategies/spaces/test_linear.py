"""Linear constraints are read as people write them, and refused with the reason."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategies.spaces import parse_linear

NAMES = ["a", "b", "x_1"]


@pytest.mark.parametrize(
    ("text", "coefficients", "comparison", "bound"),
    [
        ("2 * a + b <= 3", {"a": 2.0, "b": 1.0}, "<=", 3.0),
        ("a + b + x_1 == 1", {"a": 1.0, "b": 1.0, "x_1": 1.0}, "==", 1.0),
        ("a*2 - 3 >= b*0.5 + 1e1", {"a": 2.0, "b": -0.5}, ">=", 13.0),
        ("-a <= .5", {"a": -1.0}, "<=", 0.5),
        ("a + a + 2*3*b <= 1", {"a": 2.0, "b": 6.0}, "<=", 1.0),
        ("1 <= a", {"a": -1.0}, "<=", -1.0),
    ],
)
def test_reads_sums(text: str, coefficients: dict[str, float], comparison: str, bound: float) -> None:
    parsed = parse_linear(text, NAMES)
    assert dict(parsed.coefficients) == coefficients
    assert (parsed.comparison, parsed.bound) == (comparison, bound)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("c <= 1", "'c' is no numeric parameter; known: a, b, x_1"),
        ("a * b <= 1", "not linear"),
        ("a < 1", "use <= or >="),
        ("a = 1", "use =="),
        ("a + b", "one comparison"),
        ("0 <= a <= 1", "one comparison"),
        ("2 a <= 1", "expected [+] or -"),
        ("a / 2 <= 1", "cannot read '/'"),
        ("a + <= 1", "found nothing"),
        ("a - a <= 1", "no parameter is left"),
        ("__import__('os') <= 1", "cannot read"),
        ("", "one comparison"),
    ],
)
def test_refuses_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_linear(text, NAMES)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert parse_linear(text, NAMES).names


@given(st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=3), st.sampled_from(["<=", ">=", "=="]))
def test_holds_at_its_own_sum(values: list[float], comparison: str) -> None:
    point = dict(zip(NAMES, values, strict=True))
    total = 2 * point["a"] - 0.1 * point["b"] + point["x_1"]
    assert parse_linear(f"2*a - 0.1*b + x_1 {comparison} {total!r}", NAMES).holds(point)


def test_breaks_beyond_rounding() -> None:
    assert not parse_linear("a + b == 1", NAMES).holds({"a": 0.5, "b": 0.5001})
    assert not parse_linear("a + b <= 1", NAMES).holds({"a": 0.5, "b": 0.5001})
    assert parse_linear("a + b == 1", NAMES).holds({"a": 0.1 + 0.2, "b": 0.7})
