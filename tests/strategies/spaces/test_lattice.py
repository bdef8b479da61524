"""Whole steps that add up to a total: counted, listed, drawn evenly."""

from collections import Counter

import numpy as np
import pytest

from strategies.spaces import (
    Space,
    candidate_key,
    candidate_of,
    finite_rows,
    finite_size,
    space_contains,
    values_in,
)
from strategies.spaces.lattice import Lattice

CASES = [
    Lattice(n=3, step=0.1, total=10, smallest=1, largest=10, fewest=1, most=3),
    Lattice(n=4, step=0.1, total=10, smallest=2, largest=6, fewest=2, most=3),
    Lattice(n=3, step=0.1, total=10, smallest=3, largest=4, fewest=3, most=3),
    Lattice(n=5, step=0.25, total=4, smallest=1, largest=4, fewest=1, most=2),
]


@pytest.mark.parametrize("lattice", CASES)
def test_points_are_counted_listed_and_drawn_alike(lattice: Lattice) -> None:
    points = {tuple(point) for point in lattice.points()}
    assert len(points) == lattice.size()
    assert all(lattice.faults(point) == [] for point in points)
    generator = np.random.default_rng(0)
    draws = 60 * len(points)
    found = Counter(tuple(lattice.draw(generator)) for _ in range(draws))
    assert set(found) == points
    squares = sum((count - 60) ** 2 / 60 for count in found.values())
    assert squares < len(points) + 4 * (2 * len(points)) ** 0.5, "chi-squared, four standard deviations"


def test_tight_bounds_are_drawn_by_exchanges() -> None:
    lattice = Lattice(n=20, step=1e-12, total=10**12, smallest=1, largest=51 * 10**9, fewest=20, most=20)
    generator = np.random.default_rng(0)
    drawn = np.array([lattice.draw(generator) for _ in range(50)])
    assert all(lattice.faults(point.tolist()) == [] for point in drawn)
    assert np.ptp(drawn, axis=0).min() > 5 * 10**8


def test_components_add_up_whatever_the_steps() -> None:
    space = Space.model_validate({"mixtures": [{"of": ["a", "b", "c"], "resolution": 0.1}]})
    assert finite_size(space) == 66
    rows = finite_rows(space, {})
    assert len(rows) == 66
    assert {round(sum(one["values"].values()), 15) for one in rows.candidates()} == {1.0}
    assert rows.candidate(3)["values"].keys() == {"a", "b", "c"}


def test_a_formula_is_known_by_its_ratios() -> None:
    parameters = {"t": {"type": "continuous", "low": 300, "high": 900, "unit": "kelvin"}}
    mixtures = [{"of": ["Fe", "O"], "total": 5, "resolution": 1}]
    space = Space.model_validate({"kind": "composition", "mixtures": mixtures, "parameters": parameters})
    candidate = candidate_of(space, {"Fe": 2, "O": 3, "t": 400})
    assert candidate == {
        "kind": "composition",
        "elements": {"Fe": 2.0, "O": 3.0},
        "values": {"t": 400.0},
        "units": {"t": "kelvin"},
    }
    twice = {**candidate, "elements": {"Fe": 4, "O": 6}}
    assert candidate_key(twice) == candidate_key(candidate)
    assert values_in(space, twice) == {"Fe": 2.0, "O": 3.0, "t": 400.0}
    assert space_contains(space, twice) == []
    assert space_contains(space, {**candidate, "elements": {"Fe": 1, "O": 1}})[0].startswith("Fe: 2.5 cannot be set")
    assert "'N' is no component" in space_contains(space, {**candidate, "elements": {"Fe": 2, "N": 3}})[0]
    assert space_contains(space, {"kind": "mixture", "basis": "mole", "amounts": {"Fe": 2, "O": 3}}) != []
