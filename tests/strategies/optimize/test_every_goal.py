"""Every goal end to end: asked through `propose`, on small spaces, one by one and in batches."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from strategies import Response, propose
from strategies.spaces import candidate_key

Build = Callable[..., Any]

UNIT = {"type": "continuous", "low": 0, "high": 1}
SQUARE = {"parameters": {"a": UNIT, "b": UNIT}}
GRID = {
    "parameters": {name: {"type": "discrete", "values": [round(0.05 * step, 2) for step in range(21)]} for name in "ab"}
}
STEPS = (0.0, 0.5, 1.0)

MORE = {"property": "y", "goal": "maximize"}
LESS = {"property": "z", "goal": "minimize"}
BOX = [{"property": "y", "goal": "target", "low": 1.2, "high": 1.4}, {"property": "z", "goal": "target", "high": 0.4}]
SCORED = [
    {**MORE, "desirability": {"low": 0, "high": 2}},
    {**LESS, "desirability": {"low": 0, "high": 1, "weight": 2}},
]
GOALS: dict[str, list[dict[str, Any]]] = {
    "straddle": [{"property": "y", "goal": "level-set", "level": 1.0}],
    "integrated variance": [{"property": "y", "goal": "explore"}, {"property": "z", "goal": "explore"}],
    "qLogNEI": [{"property": "y", "goal": "value", "value": 0.7}],
    "log P(target region)": BOX,
    "LogNEI + log P(target region)": [MORE, BOX[1]],
    "qLogNEHVI + log P(target region)": [MORE, LESS, {"property": "w", "goal": "target", "low": 0}],
    "qLogNEI of the desirability": SCORED,
    "qLogNEHVI": [MORE, {"property": "z", "goal": "value", "value": 0.3}],
    "qLogNParEGO": [MORE, LESS, *({"property": name, "goal": "minimize"} for name in ("u", "v", "w"))],
}


def values(a: float, b: float) -> dict[str, float]:
    return {
        "y": a + b,
        "z": (a - 0.7) ** 2 + b**2,
        "u": abs(a - b),
        "v": math.sin(5 * a) + b,
        "w": math.cos(4 * b) - a,
    }


def point(a: float, b: float) -> dict[str, Any]:
    return {"kind": "conditions", "values": {"a": a, "b": b}}


def measured(candidate: Mapping[str, Any]) -> dict[str, float]:
    return values(**candidate["values"])


def ask(build: Build, objectives: list[dict[str, Any]], space: dict[str, Any] = SQUARE, **fields: Any) -> Response:
    observed = fields.pop("observed", [(point(a, b), values(a, b)) for a in STEPS for b in STEPS])
    return propose(build(space, "botorch", observed=observed, objectives=objectives, **fields))


@pytest.mark.parametrize("acquisition", GOALS)
def test_every_goal_is_pursued_in_batches_without_duplicates(build_request: Build, acquisition: str) -> None:
    response = ask(build_request, GOALS[acquisition], GRID, n=3)
    assert response.report["acquisition"] == acquisition
    keys = {candidate_key(one.candidate) for one in response.proposals}
    assert len(keys) == 3
    assert not keys & {candidate_key(point(a, b)) for a in STEPS for b in STEPS}
    again = ask(build_request, GOALS[acquisition], GRID, n=3)
    assert [one.model_dump() for one in again.proposals] == [one.model_dump() for one in response.proposals]
    assert all(one.acquisition is not None and math.isfinite(one.acquisition) for one in response.proposals)


def test_a_value_is_hit(build_request: Build) -> None:
    found = measured(ask(build_request, GOALS["qLogNEI"]).proposals[0].candidate)
    assert found["y"] == pytest.approx(0.7, abs=0.05)


def test_a_region_is_hit_by_different_points(build_request: Build) -> None:
    response = ask(build_request, BOX, n=5)
    hits = [measured(one.candidate) for one in response.proposals]
    assert all(1.15 <= hit["y"] <= 1.45 and hit["z"] <= 0.45 for hit in hits)
    places = np.array([list(one.candidate["values"].values()) for one in response.proposals])
    apart = np.linalg.norm(places[:, None] - places[None], axis=-1)[~np.eye(5, dtype=bool)]
    assert apart.min() > 0.02
    assert "hits the target region with probability" in response.proposals[0].reason
    assert response.report["target"] == {
        "probability": "product over independent outputs",
        "intermediate": False,
        "aimed_at": {"y": [pytest.approx(1.2), pytest.approx(1.4)], "z": [None, pytest.approx(0.4)]},
    }


def test_a_region_far_from_the_data_is_walked_to(build_request: Build) -> None:
    low = [0.0, 0.1, 0.2]
    observed = [(point(a, b), {"y": math.exp(3 * (a + b))}) for a in low for b in low]
    wanted = [{"property": "y", "goal": "target", "low": 350, "high": 405}]  # exp(6) = 403 in the far corner
    moved = []
    for _ in range(6):
        response = ask(build_request, wanted, observed=observed)
        moved.append(response.report["target"]["intermediate"])
        candidate = response.proposals[0].candidate
        observed.append((candidate, {"y": math.exp(3 * sum(candidate["values"].values()))}))
    assert moved[0]
    assert not moved[-1]
    places = [list(one["values"].values()) for one, given in observed if 350 <= given["y"] <= 405]
    assert len(places) >= 3
    apart = np.linalg.norm(np.array(places)[:, None] - np.array(places)[None], axis=-1)
    assert apart[~np.eye(len(places), dtype=bool)].min() > 0.01  # different ones, though measured one by one


def test_the_crossing_of_a_level_is_sampled(build_request: Build) -> None:
    observed = [(point(a, b), values(a, b)) for a in (0.0, 1.0) for b in (0.0, 1.0)]
    for _ in range(8):
        response = ask(build_request, GOALS["straddle"], observed=observed)
        candidate = response.proposals[0].candidate
        observed.append((candidate, measured(candidate)))
    distances = [abs(given["y"] - 1.0) for _, given in observed[-6:]]
    assert np.median(distances) < 0.15
    assert np.ptp([one["values"]["a"] for one, _ in observed[-6:]]) > 0.3  # along the line, not at one place


def test_exploring_goes_where_nothing_was_measured(build_request: Build) -> None:
    observed = [(point(a, b), values(a, b)) for a in (0.0, 0.1, 0.2, 0.3) for b in (0.0, 0.3, 0.6, 1.0)]
    wanted = GOALS["integrated variance"]
    response = ask(build_request, wanted, observed=observed, n=2)
    assert all(one.candidate["values"]["a"] > 0.5 for one in response.proposals)
    assert "16 points measured so far" in response.proposals[0].reason


def test_a_score_weighs_one_against_the_other(build_request: Build) -> None:
    grid = [(a, b) for a in np.linspace(0, 1, 101) for b in np.linspace(0, 1, 101)]

    def score(a: float, b: float) -> float:
        found = values(a, b)
        return float((found["y"] / 2 * max(0.0, 1 - found["z"]) ** 2) ** (1 / 3))

    best = max(score(a, b) for a, b in grid)
    response = ask(build_request, SCORED)
    assert score(**response.proposals[0].candidate["values"]) > 0.97 * best
    assert response.report["best_desirability"] == pytest.approx(max(score(a, b) for a in STEPS for b in STEPS))
    assert "desirability 0." in response.proposals[0].reason


def test_the_reference_point_is_stated(build_request: Build) -> None:
    wanted = [{**MORE, "reference": 0.5}, {**LESS, "reference": 1.5}]
    response = ask(build_request, wanted)
    assert response.report["reference"] == {"y": 0.5, "z": 1.5}
    assert "reference point y 0.5 z 1.5" in response.proposals[0].reason


def test_many_objectives_are_pursued_from_changing_sides(build_request: Build) -> None:
    response = ask(build_request, GOALS["qLogNParEGO"], n=4)
    places = np.array([list(one.candidate["values"].values()) for one in response.proposals])
    assert np.ptp(places, axis=0).max() > 0.2
    assert set(response.report["reference"]) == {"y", "z", "u", "v", "w"}
    assert response.report["hypervolume"] > 0


def test_goals_that_cannot_go_together_are_refused(build_request: Build) -> None:
    with pytest.raises(ValueError, match="no other goal"):
        ask(build_request, [MORE, {"property": "z", "goal": "explore"}])
