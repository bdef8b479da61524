"""Campaigns with sources: half of the start, what a perfect one saves, what a misleading one costs."""

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from strategies import Request, Response, check_response, predict, propose, request_digest

Build = Callable[..., Request]
Plain = dict[str, Any]

SPACE = {
    "parameters": {
        "x": {"type": "discrete", "values": [round(0.05 * each, 2) for each in range(21)]},
        "y": {"type": "discrete", "values": [round(0.05 * each, 2) for each in range(21)]},
    }
}
PEAK = (0.8, 0.25)
BEST = 0.95


def value(x: float, y: float) -> float:
    """A peak, and a lower one that leads away from it."""
    return math.exp(-20 * ((x - PEAK[0]) ** 2 + (y - PEAK[1]) ** 2)) + 0.5 * math.exp(
        -4 * ((x - 0.2) ** 2 + (y - 0.8) ** 2)
    )


def point(x: float, y: float) -> Plain:
    return {"kind": "conditions", "values": {"x": x, "y": y}}


def source(change: str = "same", count: int = 80) -> Plain:
    """Random points of the grid and their values, as they are, shuffled, or negated."""
    generator = np.random.default_rng(1)
    points = generator.integers(0, 21, size=(count, 2)) / 20
    values = np.array([value(x, y) for x, y in points])
    values = {"same": 3 * values + 2, "shuffled": generator.permutation(values), "negated": -values}[change]
    return {
        "name": change,
        "observations": [
            {"candidate": point(x, y), "stage": "then", "values": [{"property": "y", "value": found}]}
            for (x, y), found in zip(points.tolist(), values.tolist(), strict=True)
        ],
    }


def ask(build: Build, seen: list[tuple[float, float]], sources: list[Plain], **changes: Any) -> Response:
    observed = [(point(x, y), {"y": value(x, y)}) for x, y in seen]
    request = build(SPACE, strategy="botorch", observed=observed, sources=sources, seed=3, **changes)
    response = propose(request)
    assert check_response(request, response) == []
    return response


def place(proposal: Any) -> tuple[float, float]:
    return proposal.candidate["values"]["x"], proposal.candidate["values"]["y"]


def run(build: Build, sources: list[Plain], budget: int = 30) -> int:
    """Experiments until the best value, `budget` + 1 if it is not found."""
    seen: list[tuple[float, float]] = [(0.5, 0.5)]
    while len(seen) < budget:
        seen.append(place(ask(build, seen, sources).proposals[0]))
        if value(*seen[-1]) > BEST:
            return len(seen)
    return budget + 1


def test_a_perfect_source_halves_the_experiments_and_misleading_ones_cost_little(build_request: Build) -> None:
    alone = run(build_request, [])
    assert alone <= 30
    assert run(build_request, [source()]) <= alone / 2
    assert run(build_request, [source("shuffled")]) <= 1.25 * alone
    assert run(build_request, [source("negated")]) <= 1.25 * alone


def test_half_of_the_start_fills_the_space(build_request: Build) -> None:
    seen: list[tuple[float, float]] = []
    reasons = []
    for _ in range(5):
        response = ask(build_request, seen, [source()])
        reasons.append(response.proposals[0].reason == "space-filling start")
        seen.append(place(response.proposals[0]))
    assert reasons == [True, False, True, False, True]
    assert value(*seen[1]) > 0.6  # already the source's best
    response = ask(build_request, seen, [source()])
    assert response.report["phase"] == "model"
    (told,) = response.report["transfer"]
    assert (told["decision"], told["judged_by"], told["measured"]) == ("used", 5, 80)
    assert told["weight"] > 0.5


def test_half_of_a_batch_too(build_request: Build) -> None:
    response = ask(build_request, [], [source()], n=4)
    assert [each.reason == "space-filling start" for each in response.proposals] == [True, True, False, False]
    assert len({place(each) for each in response.proposals}) == 4
    assert response.report["transfer"][0]["decision"] == "trusted"
    assert value(*place(response.proposals[2])) > 0.8
    json.dumps(response.model_dump(), allow_nan=False)


def test_two_objectives_from_sources_alone(build_request: Build) -> None:
    rows = source()["observations"]
    for row in rows:
        row["values"].append({"property": "cost", "value": row["candidate"]["values"]["x"]})
    objectives = [{"property": "y", "goal": "maximize"}, {"property": "cost", "goal": "minimize"}]
    stages = [{"name": "lab", "yields": ["y", "cost"]}]
    response = ask(
        build_request, [], [{"name": "old", "observations": rows}], n=2, objectives=objectives, stages=stages
    )
    assert [each["property"] for each in response.report["transfer"]] == ["y", "cost"]
    assert set(response.proposals[1].prediction) == {"y", "cost"}


def test_a_dropped_source_changes_nothing(build_request: Build) -> None:
    seen = [(0.5, 0.5), (0.0, 1.0), (1.0, 0.0), (0.0, 0.0), (0.8, 0.3)]
    response = ask(build_request, seen, [source("negated")])
    assert response.report["transfer"][0]["decision"] == "dropped"
    assert response.proposals == ask(build_request, seen, []).proposals
    assert "transfer" not in ask(build_request, seen, []).report


def test_the_same_seed_gives_the_same_proposals(build_request: Build) -> None:
    seen = [(0.5, 0.5), (0.0, 1.0), (1.0, 0.0)]
    assert ask(build_request, seen, [source()]) == ask(build_request, seen, [source()])


def test_it_predicts_before_anything_is_measured(build_request: Build) -> None:
    request = build_request(SPACE, strategy="botorch", sources=[source()])
    found = predict(request, point(*PEAK))["y"]
    assert found.mean > predict(request, point(0.5, 0.1))["y"].mean
    assert predict(build_request(SPACE, strategy="botorch"), point(*PEAK)) == {}


def test_points_of_a_source_are_not_taken(build_request: Build) -> None:
    response = ask(build_request, [(0.5, 0.5)], [source(count=400)])
    known = {tuple(row["candidate"]["values"].values()) for row in source(count=400)["observations"]}
    assert place(response.proposals[0]) in known


def test_what_does_not_belong_to_the_space_is_counted(build_request: Build) -> None:
    described = {"choices": ["CO", "CCO"], "descriptors": {"method": "fingerprint"}}
    space = {
        "parameters": {
            "solvent": {"type": "categorical", **described},
            "flask": {"type": "categorical", "choices": ["a", "b"]},
            "x": {"type": "continuous", "low": 0, "high": 1},
        }
    }

    def row(solvent: str, flask: str, **more: float) -> Plain:
        candidate = {"kind": "conditions", "values": {"solvent": solvent, "flask": flask, "x": 0.3, **more}}
        return {"candidate": candidate, "stage": "then", "values": [{"property": "y", "value": 1.0 + len(solvent)}]}

    rows = [row("CO", "a"), row("CCCO", "b"), row("not SMILES", "a"), row("CO", "c"), row("CO", "a", more=1.0)]
    one = {"name": "old", "observations": rows, "left_out": 2}
    request = build_request(space, strategy="botorch", sources=[one], pending=[row("CO", "a")["candidate"]])
    (told,) = propose(request).report["transfer"]
    assert (told["measured"], told["left_out"], told["learned_from"]) == (7, 5, 2)


def test_a_source_without_the_property_says_so(build_request: Build) -> None:
    empty = {"name": "old", "observations": []}
    seen = [(0.5, 0.5), (0.0, 1.0), (1.0, 0.0), (0.0, 0.0), (0.8, 0.3), (0.2, 0.2)]
    response = ask(build_request, seen, [empty])
    assert response.report["transfer"][0]["decision"] == "nothing to learn from"
    assert response.proposals == ask(build_request, seen, []).proposals


def test_sources_and_method_count_for_the_digest(build_request: Build) -> None:
    plain = build_request(SPACE)
    assert request_digest(plain) == request_digest(build_request(SPACE, sources=[], transfer="multitask"))
    assert request_digest(plain) != request_digest(build_request(SPACE, sources=[source()]))


def test_an_unknown_method_is_refused(build_request: Build) -> None:
    with pytest.raises(ValueError, match="unknown method of transfer"):
        ask(build_request, [(0.5, 0.5)], [source()], transfer="magic")
