"""The border between candidates and model rows."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategies.represent.encoding import Encoding
from strategies.represent.polytope import draws, polytope
from strategies.represent.sampling import values_at
from strategies.spaces import Space, candidate_key, conditions, space_contains

MIXED = Space.model_validate(
    {
        "parameters": {
            "t": {"type": "continuous", "low": 30, "high": 120, "unit": "degC"},
            "k": {"type": "integer", "low": -2, "high": 3},
            "v": {"type": "discrete", "values": [1, 10, 4]},
            "c": {"type": "categorical", "choices": ["a", "b", "c"]},
            "g": {"type": "continuous", "low": 0.05, "high": 0.5, "resolution": 0.1},
        }
    }
)


@given(st.lists(st.floats(0, 1), min_size=5, max_size=5))
def test_decode_undoes_encode(point: list[float]) -> None:
    candidate = conditions(MIXED, values_at(MIXED, point))
    assert space_contains(MIXED, candidate) == []
    encoding = Encoding.of(MIXED, {})
    row = encoding.encode([candidate])[0]
    assert row.shape == (7,)
    assert np.all((row >= -1e-12) & (row <= 1 + 1e-12))
    assert candidate_key(encoding.decode(row)) == candidate_key(candidate)


def test_units_are_converted_and_unknown_labels_are_zeros() -> None:
    encoding = Encoding.of(MIXED, {})
    values = {"t": 303.15, "k": 3, "v": 1, "c": "new", "g": 0.05}
    row = encoding.encode([{"kind": "conditions", "values": values, "units": {"t": "kelvin"}}])[0]
    assert row.tolist() == pytest.approx([0, 1, 0, 0, 0, 0, 0])
    assert encoding.labels() == ["t", "k", "v", "c=a", "c=b", "c=c", "g"]


def test_pool_columns_are_scaled_by_the_table(store_pool: Callable[..., Any]) -> None:
    pool, files = store_pool("a,b,c\n2,x,5\n4,y,5\n3,x,5\n", ["a", "b", "c"])
    encoding = Encoding.of(Space.model_validate({"pool": pool}), files)
    rows = encoding.encode_values([{"a": 2.0, "b": "x", "c": 5.0}, {"a": 3.0, "b": "y", "c": 5.0}])
    assert rows.tolist() == [[0.0, 1.0, 0.0, 0.0], [0.5, 0.0, 1.0, 0.0]]


UNIT = {name: {"type": "continuous", "low": 0, "high": 1} for name in "xyz"}


@pytest.mark.parametrize(
    "constraints",
    [
        ["x + y + z == 1"],
        ["x + y <= 0.2"],
        ["x - y >= 0.9"],
        ["x + y + z == 1", "x <= 0.5"],
        ["x == 0.25", "y >= z"],
        ["x + y <= 0.01", "z >= 0.99"],
    ],
)
def test_draws_keep_constraints_and_move(constraints: list[str]) -> None:
    space = Space.model_validate({"parameters": UNIT, "constraints": constraints})
    region = polytope(space)
    assert region is not None
    source = draws(region, np.random.default_rng(0))
    drawn = [dict(zip(region.names, next(source).tolist(), strict=True)) for _ in range(60)]
    points = [dict.fromkeys("xyz", 0.5) | one for one in drawn]
    assert all(one.holds(point) for point in points for one in space.linear_constraints())
    assert len({tuple(point.values()) for point in points}) == 60


def test_draws_are_uniform_on_a_simplex() -> None:
    region = polytope(Space.model_validate({"parameters": UNIT, "constraints": ["x + y + z == 1"]}))
    assert region is not None
    source = draws(region, np.random.default_rng(1))
    points = np.array([next(source) for _ in range(2000)])
    assert points.mean(axis=0) == pytest.approx([1 / 3] * 3, abs=0.03)
    assert points.var(axis=0) == pytest.approx([1 / 18] * 3, rel=0.15)  # Dirichlet(1, 1, 1)


def test_an_empty_region_is_refused() -> None:
    region = polytope(Space.model_validate({"parameters": UNIT, "constraints": ["x + y >= 3"]}))
    assert region is not None
    with pytest.raises(ValueError, match="leave no point"):
        next(draws(region, np.random.default_rng(0)))
