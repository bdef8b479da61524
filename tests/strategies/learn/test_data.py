"""Which values train a property's model, and what is said about them."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from strategies.learn.data import property_data
from strategies.represent.encoding import Encoding

SPACE = {"parameters": {"x": {"type": "continuous", "low": 0, "high": 1}}}


def row(x: float, stage: str = "lab", **value: Any) -> dict[str, Any]:
    return {
        "candidate": {"kind": "conditions", "values": {"x": x}},
        "stage": stage,
        "values": [{"property": "y", **value}],
    }


def collect(build_request: Callable[..., Any], rows: list[dict[str, Any]], **changes: Any) -> Any:
    request = build_request(SPACE, observations=rows, **changes)
    return property_data(request, Encoding.of(request.space, {}), "y")


def test_replicates_are_rows_and_censored_values_count_as_their_bound(build_request: Callable[..., Any]) -> None:
    rows = [
        row(0.1, value=1.0),
        row(0.1, value=2.0),
        row(0.2, value=0.5, status="below"),
        row(0.3, value=9.0, status="out-of-range"),
    ]
    found = collect(build_request, rows)
    assert found.values.tolist() == [1.0, 2.0, 0.5]
    assert found.warnings == ["y: 1 censored value(s) counted as their bound"]


def test_the_dearest_stage_that_measured_it_counts(build_request: Callable[..., Any]) -> None:
    rows = [row(0.1, "cheap", value=1.0), row(0.1, "lab", value=2.0), row(0.2, "cheap", value=3.0)]
    stages = [{"name": "cheap"}, {"name": "lab"}, {"name": "plant"}]
    assert collect(build_request, rows, stages=stages).values.tolist() == [2.0]
    assert collect(build_request, rows[::2], stages=stages).values.tolist() == [1.0, 3.0]


@pytest.mark.parametrize(
    ("errors", "used"),
    [
        ([0.1, 0.2], [0.1, 0.2]),
        ([0.1, None], [0.1, math.nan]),
        ([0.1, 0.0], [0.1, math.nan]),
        ([None, None], None),
        ([0.0, 0.0], None),
    ],
)
def test_standard_errors_are_used_where_they_are_given(
    build_request: Callable[..., Any], errors: list[float | None], used: list[float] | None
) -> None:
    rows = [row(0.1 * place, value=1.0 + place, standard_error=error) for place, error in enumerate(errors)]
    found = collect(build_request, rows)
    if used is None:
        assert found.standard_errors is None
    else:
        assert found.standard_errors.tolist() == pytest.approx(used, nan_ok=True)


def test_some_values_are_left_out_with_all_that_belongs_to_them(build_request: Callable[..., Any]) -> None:
    rows = [row(0.1 * place, value=1.0 + place, standard_error=0.1 + place) for place in range(4)]
    rest = collect(build_request, rows).without([1, 2])
    assert rest.values.tolist() == [1, 4]
    assert rest.standard_errors.tolist() == [0.1, 3.1]
    assert [rest.where(place) for place in range(2)] == ["x 0.0", "x 0.30000000000000004"]
    assert rest.inputs[:, 0].tolist() == [row["values"]["x"] for row in rest.candidates]


def test_no_signal_is_said(build_request: Callable[..., Any]) -> None:
    assert "no signal" in collect(build_request, [row(0.1, value=1.0), row(0.2, value=1.0)]).warnings[0]
