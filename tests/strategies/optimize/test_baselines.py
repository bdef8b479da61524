"""Strategies `random` and `sobol`: seeded, inside the space, never the same point twice."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from strategies import check_response, propose
from strategies.spaces import candidate_key, space_contains

Build = Callable[..., Any]

UNIT = {"type": "continuous", "low": 0, "high": 1}
PLAIN = {"parameters": {"x": UNIT, "t": {"type": "continuous", "low": 30, "high": 120, "unit": "degC"}}}
MIXED = {
    "parameters": {
        "x": UNIT,
        "k": {"type": "integer", "low": 1, "high": 9},
        "c": {"type": "categorical", "choices": ["a", "b"]},
    }
}
SIMPLEX = {"parameters": dict.fromkeys("xyz", UNIT), "constraints": ["x + y + z == 1", "x <= 0.5"]}
GRIDDED = {
    "parameters": {name: {**UNIT, "resolution": 0.01} for name in "xyz"},
    "constraints": ["x + y + z == 1"],
}
SMALL = {"parameters": {"k": {"type": "integer", "low": 1, "high": 3}, "c": MIXED["parameters"]["c"]}}
HUGE = {"parameters": {name: {"type": "categorical", "choices": [f"v{n}" for n in range(1000)]} for name in "abc"}}
STRATEGIES = ["random", "sobol"]
SPACES = {"plain": PLAIN, "mixed": MIXED, "simplex": SIMPLEX, "gridded": GRIDDED, "small": SMALL, "huge": HUGE}


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES.keys())
def test_same_seed_same_valid_proposals(build_request: Build, strategy: str, space: dict[str, Any]) -> None:
    request = build_request(space, strategy, n=5)
    response = propose(request)
    assert len(response.proposals) == 5
    assert check_response(request, response) == []
    assert propose(request) == response
    assert propose(build_request(space, strategy, n=5, seed=8)) != response


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("kind", ["pending", "rejected", "failed"])
def test_goes_on_where_it_stood(build_request: Build, strategy: str, kind: str) -> None:
    if_asked_at_once = [one.candidate for one in propose(build_request(PLAIN, strategy, n=4)).proposals]
    one_by_one: list[dict[str, Any]] = []
    for _ in range(4):
        request = build_request(PLAIN, strategy, **{kind: one_by_one})
        one_by_one.append(propose(request).proposals[0].candidate)
    assert one_by_one == if_asked_at_once


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_exhausted_space_is_said(build_request: Build, strategy: str) -> None:
    response = propose(build_request(SMALL, strategy, n=8))
    assert len({candidate_key(one.candidate) for one in response.proposals}) == 6
    assert response.report["warnings"] == ["6 of 8 proposals made: no further new candidate is left in the space"]
    everything = [one.candidate for one in response.proposals]
    assert propose(build_request(SMALL, strategy, failed=everything)).proposals == []


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_pools(build_request: Build, store_pool: Callable[..., Any], strategy: str) -> None:
    rows = "".join(f"r{n},{n},{'ab'[n % 2]}\n" for n in range(10))
    pool, files = store_pool("id,x,c\n" + rows, ["x", "c"], "id")
    space = {"pool": pool, "constraints": ["x >= 5"]}
    first = propose(build_request(space, strategy, n=3), files).proposals
    rest = propose(build_request(space, strategy, n=9, pending=[one.candidate for one in first]), files)
    assert {one.candidate["label"] for one in [*first, *rest.proposals]} == {"r5", "r6", "r7", "r8", "r9"}
    assert "2 of 9 proposals made" in rest.report["warnings"][0]


def test_random_is_uniform(build_request: Build) -> None:
    proposals = propose(build_request(MIXED, "random", n=2000)).proposals
    x = np.array([one.candidate["values"]["x"] for one in proposals])
    k = np.array([one.candidate["values"]["k"] for one in proposals])
    assert np.histogram(x, bins=4, range=(0, 1))[0] == pytest.approx([500] * 4, rel=0.2)
    assert np.bincount(k, minlength=10)[1:] == pytest.approx([222] * 9, rel=0.35)


def test_sobol_fills_better_than_random(build_request: Build) -> None:
    def discrepancy(strategy: str) -> float:
        from scipy.stats import qmc

        points = [one.candidate["values"] for one in propose(build_request(PLAIN, strategy, n=32)).proposals]
        return float(qmc.discrepancy([[one["x"], (one["t"] - 30) / 90] for one in points]))

    assert discrepancy("sobol") < 0.5 * discrepancy("random")


def test_thin_but_not_empty_regions_are_found(build_request: Build) -> None:
    space = {"parameters": {"x": UNIT, "y": UNIT}, "constraints": ["x + y <= 1e-3"]}
    request = build_request(space, "random", n=3)
    assert all(space_contains(request.space, one.candidate) == [] for one in propose(request).proposals)
    impossible = {"parameters": {"x": UNIT, "y": UNIT}, "constraints": ["x + y >= 3"]}
    with pytest.raises(ValueError, match="leave no point"):
        propose(build_request(impossible, "random"))


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("strategies", ["torch", "scipy", "numpy", "rdkit", "pint", "jsonschema"]),
        ("strategies.optimize.random", ["torch", "scipy", "scipy.stats", "rdkit", "pint"]),
        ("strategies.optimize.sobol", ["torch", "rdkit"]),
        ("strategies.optimize.botorch_strategy", ["torch"]),
        ("strategies.optimize.pareto", ["torch", "scipy"]),
        ("strategies.represent.region", ["torch"]),
        ("strategies.spaces.candidates; strategies.spaces.candidates._validator('mixture')", ["rfc3987_syntax"]),
    ],
)
def test_imports_stay_light(module: str, forbidden: list[str]) -> None:
    code = f"import sys, {module}; print([name for name in {forbidden!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "[]"
