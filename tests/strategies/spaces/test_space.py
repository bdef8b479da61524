"""Spaces: validation, snapping, membership."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from strategies.spaces import Continuous, Space, conditions, finite_rows, finite_size, snap, snap_values, space_contains

X = {"type": "continuous", "low": 0, "high": 1}
SIMPLEX = {name: {**X, "resolution": 0.05} for name in "xyz"}


def test_constraints_are_checked_at_construction() -> None:
    with pytest.raises(ValidationError, match="'w' is no numeric parameter"):
        Space.model_validate({"parameters": {"x": X}, "constraints": ["x + w <= 1"]})
    with pytest.raises(ValidationError, match="'c' is no numeric parameter"):
        Space.model_validate(
            {"parameters": {"x": X, "c": {"type": "categorical", "choices": ["a", "b"]}}, "constraints": ["x + c <= 1"]}
        )


def test_a_space_needs_something() -> None:
    with pytest.raises(ValidationError, match="needs parameters or a pool"):
        Space.model_validate({})
    with pytest.raises(ValidationError, match="is no column of the pool"):
        Space.model_validate({"parameters": {"x": X}, "pool": {"file": "a.csv", "columns": ["y"]}})


@given(st.floats(-10, 10), st.floats(-3, 3), st.floats(0.01, 5), st.floats(0.001, 7))
def test_snapping_stays_on_the_grid_and_is_a_fixed_point(
    value: float, low: float, width: float, resolution: float
) -> None:
    parameter = Continuous(type="continuous", low=low, high=low + width, resolution=resolution)
    snapped = snap(parameter, value)
    assert isinstance(snapped, float)
    assert parameter.low <= snapped <= parameter.high
    steps = (snapped - low) / resolution
    assert steps == pytest.approx(round(steps), abs=1e-6)
    assert snap(parameter, snapped) == snapped


@given(st.floats(0, 1), st.floats(0, 1))
def test_snapping_keeps_an_exact_simplex(first: float, second: float) -> None:
    low, high = sorted([first, second])
    space = Space.model_validate({"parameters": SIMPLEX, "constraints": ["x + y + z == 1"]})
    snapped = snap_values(space, {"x": low, "y": high - low, "z": 1 - high})
    assert space_contains(space, conditions(space, snapped)) == []


@given(st.floats(0, 1))
def test_a_continuum_takes_up_what_a_grid_leaves(share: float) -> None:
    parameters = {"x": {**X, "resolution": 0.1}, "y": X}
    space = Space.model_validate({"parameters": parameters, "constraints": ["x + y == 1"]})
    snapped = snap_values(space, {"x": share, "y": 1 - share})
    assert space_contains(space, conditions(space, snapped)) == []


def test_snapping_refuses_where_no_neighbour_holds() -> None:
    parameters = {"x": {"type": "integer", "low": 0, "high": 4}, "y": {"type": "integer", "low": 0, "high": 4}}
    space = Space.model_validate({"parameters": parameters, "constraints": ["2 * x + 2 * y == 3"]})
    with pytest.raises(ValueError, match="no point of the grid"):
        snap_values(space, {"x": 1.0, "y": 0.5})


@pytest.mark.parametrize(
    ("changes", "violation"),
    [
        ({}, None),
        ({"x": 0.55}, "x: 0.55 cannot be set; the nearest value is 0.6"),
        ({"x": 1.5}, "x: 1.5 cannot be set"),
        ({"k": 2.5}, "k: 2.5 cannot be set"),
        ({"c": "z"}, "'z' is none of a, b"),
        ({"c": 1.0}, "is none of"),
        ({"x": "a"}, "x: "),
        ({"v": 3.0}, "v: 3 cannot be set; the nearest value is 4"),
        ({"x": 1.0, "k": 3}, "x + k <= 3.5 does not hold"),
        ({"new": 1.0}, "'new' is no parameter of the space"),
    ],
)
def test_membership_says_why_not(changes: dict[str, Any], violation: str | None) -> None:
    space = Space.model_validate(
        {
            "parameters": {
                "x": {**X, "resolution": 0.2},
                "k": {"type": "integer", "low": 1, "high": 3},
                "v": {"type": "discrete", "values": [1.0, 4.0]},
                "c": {"type": "categorical", "choices": ["a", "b"]},
            },
            "constraints": ["x + k <= 3.5"],
        }
    )
    values = {"x": 0.4, "k": 1, "v": 1.0, "c": "a", **changes}
    found = space_contains(space, {"kind": "conditions", "values": values})
    assert (found == []) if violation is None else any(violation in one for one in found)


def test_membership_converts_units() -> None:
    space = Space.model_validate({"parameters": {"t": {"type": "continuous", "low": 30, "high": 120, "unit": "degC"}}})
    assert space_contains(space, {"kind": "conditions", "values": {"t": 303.15}, "units": {"t": "kelvin"}}) == []
    assert space_contains(space, {"kind": "conditions", "values": {"t": 50.0}, "units": {"t": "kelvin"}}) != []
    assert "cannot convert" in space_contains(space, {"kind": "conditions", "values": {"t": 50.0}})[0]
    assert space_contains(space, {"kind": "molecule", "smiles": "CCO"}) != []


def test_grids_are_counted_and_listed() -> None:
    parameters = {"x": {**X, "resolution": 0.25}, "c": {"type": "categorical", "choices": ["a", "b"]}}
    space = Space.model_validate({"parameters": parameters, "constraints": ["x <= 0.5"]})
    assert finite_size(space) == 10
    assert len(finite_rows(space, {})) == 6
    assert finite_size(Space.model_validate({"parameters": {"x": X}})) is None
    assert (
        finite_size(Space.model_validate({"parameters": {"k": {"type": "integer", "low": 1, "high": 10**9}}})) == 10**9
    )


def test_pool_rows_are_candidates(store_pool: Callable[..., Any]) -> None:
    pool, files = store_pool("id,T,solvent\nr1,20,water\nr2,30.5,ethanol\nr3,20,water\n", ["T", "solvent"], "id")
    parameters = {"T": {"type": "continuous", "low": 0, "high": 100, "unit": "degC"}}
    space = Space.model_validate({"pool": pool, "parameters": parameters, "constraints": ["T <= 30"]})
    rows = finite_rows(space, files)
    assert [one["label"] for one in rows.candidates()] == ["r1", "r3"]
    first = rows.candidate(0)
    assert first["values"] == {"T": 20.0, "solvent": "water"}
    assert first["units"] == {"T": "degC"}
    assert space_contains(space, first, files) == []
    assert space_contains(space, {**first, "label": "r9"}, files) == ["no row of the pool 'pool.csv' is this candidate"]


@pytest.mark.parametrize(
    ("text", "columns", "reason"),
    [
        ("", ["a"], "a header line and at least one row"),
        ("a,b\n", ["a"], "at least one row"),
        ("a,b\n1,2\n3\n", ["a"], "line 3: the row and the header differ in their number of cells"),
        ("a,b\n1,2\n", ["c"], "column 'c' is missing; columns: a, b"),
        ("a,a\n1,2\n", ["a"], "column 'a' stands there twice"),
        ("a,b\n1,2\n,2\n", ["a"], "line 3: column 'a' is empty"),
        ('a,b\n"1,2\n', ["a"], "not a CSV file"),
    ],
)
def test_bad_pools_name_line_and_column(
    store_pool: Callable[..., Any], text: str, columns: list[str], reason: str
) -> None:
    pool, files = store_pool(text, columns)
    with pytest.raises(ValueError, match=reason):
        finite_rows(Space.model_validate({"pool": pool}), files)


def test_a_pool_file_must_be_the_one_that_was_named(store_pool: Callable[..., Any]) -> None:
    pool, files = store_pool("a\n1\n2\n", ["a"])
    space = Space.model_validate({"pool": pool})
    with pytest.raises(ValueError, match="was not handed over"):
        finite_rows(space, {})
    next(iter(files.values())).write_text("a\n1\n3\n", encoding="utf-8")
    with pytest.raises(ValueError, match="does not have the SHA-256"):
        finite_rows(space, files)


def test_a_declared_number_must_be_one(store_pool: Callable[..., Any]) -> None:
    pool, files = store_pool("a\n1\nnan\n", ["a"])
    space = Space.model_validate({"pool": pool, "parameters": {"a": X}})
    with pytest.raises(ValueError, match="line 3: 'nan' in column 'a' is no number"):
        finite_rows(space, files)


@pytest.mark.parametrize(
    ("changes", "violation"),
    [
        ({}, None),
        ({"c": "a", "x": 0.9}, "excluded: c is a and x > 0.8"),
        ({"c": "a", "x": 0.8}, None),
        ({"c": "b", "x": 0.9}, "when c is b, then x = 0"),
        ({"c": "b", "x": 0.0}, None),
        ({"p": 0.5, "q": 0.2}, "mixture of p, q, r: the sum is 0.7, not 1"),
        ({"p": 0.5, "q": 0.3, "r": 0.2}, "mixture of p, q, r: 3 are above 0; there may be 1 to 2"),
        ({"p": 0.95, "q": 0.05}, "mixture of p, q, r: 0.05 is below 0.1"),
        ({"p": 1.0, "q": 0.0}, None),
    ],
)
def test_membership_names_the_rule_or_the_mixture(changes: dict[str, Any], violation: str | None) -> None:
    space = Space.model_validate(
        {
            "parameters": {"x": X, "c": {"type": "categorical", "choices": ["a", "b"]}},
            "mixtures": [{"of": ["p", "q", "r"], "at_most": 2, "smallest": 0.1}],
            "rules": [
                {"exclude": {"c": ["a"], "x": {"above": 0.8}}},
                {"when": {"c": ["b"]}, "then": {"x": {"equal": 0}}},
            ],
        }
    )
    values = {"x": 0.4, "c": "a", "p": 0.5, "q": 0.5, "r": 0.0, **changes}
    found = space_contains(space, {"kind": "conditions", "values": values})
    assert found == ([] if violation is None else [violation])
