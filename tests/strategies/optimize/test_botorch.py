"""Strategy `botorch`: it learns, respects what is pending, failed or forbidden, and explains itself."""

import math
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from strategies import Response, check_response, propose
from strategies.optimize.pareto import hypervolume
from strategies.request import Open
from strategies.spaces import candidate_key

Build = Callable[..., Any]
Measure = Callable[[Mapping[str, Any]], dict[str, float] | None]

UNIT = {"type": "continuous", "low": 0, "high": 1}
LINE = {"parameters": {"x": UNIT}}
SQUARE = {"parameters": {"a": UNIT, "b": UNIT}}


def point(**values: float | str) -> dict[str, Any]:
    return {"kind": "conditions", "values": values}


def campaign(
    build: Build,
    space: dict[str, Any],
    measure: Measure,
    count: int,
    files: Mapping[str, Path] | None = None,
    **fields: Any,
) -> tuple[list[tuple[dict[str, Any], dict[str, float]]], list[dict[str, Any]], Response]:
    """Ask one by one and measure at once; `measure` gives None for a failed synthesis."""
    observed: list[tuple[dict[str, Any], dict[str, float]]] = []
    failed: list[dict[str, Any]] = []
    response = Response(proposals=[])
    for _ in range(count):
        request = build(space, "botorch", observed=observed, failed=failed, **fields)
        response = propose(request, files)
        assert check_response(request, response, files) == []
        candidate = response.proposals[0].candidate
        values = measure(candidate["values"])
        if values is None:
            failed.append(candidate)
        else:
            observed.append((candidate, values))
    return observed, failed, response


def bumpy(values: Mapping[str, Any]) -> dict[str, float]:
    x = values["x"]
    return {"y": math.sin(3 * math.pi * x) * x + 0.5 * x}


def test_finds_the_optimum_of_one_dimension(build_request: Build) -> None:
    grid = [bumpy({"x": x})["y"] for x in np.linspace(0, 1, 2001)]
    observed, _, response = campaign(build_request, LINE, bumpy, 14)
    assert max(values["y"] for _, values in observed) > max(grid) - 0.01
    proposal = response.proposals[0]
    assert proposal.acquisition is not None
    assert set(proposal.prediction) == {"y"}
    assert proposal.feasibility is None  # nothing has failed
    assert proposal.reason.startswith(("explores: predicted y", "exploits: predicted y"))
    assert response.report["phase"] == "model"
    assert response.report["models"]["y"]["n"] == 13


def test_starts_by_filling_the_space(build_request: Build) -> None:
    request = build_request(SQUARE, "botorch", n=3)
    response = propose(request)
    assert [one.reason for one in response.proposals] == ["space-filling start"] * 3
    assert [one.candidate for one in response.proposals] == [
        one.candidate for one in propose(build_request(SQUARE, "sobol", n=3)).proposals
    ]


def _observed(count: int, seed: int = 0) -> list[tuple[dict[str, Any], dict[str, float]]]:
    generator = np.random.default_rng(seed)
    found = []
    for a, b in generator.random((count, 2)).tolist():
        found.append((point(a=a, b=b), {"y": -((a - 0.3) ** 2) - (b - 0.6) ** 2, "z": a}))
    return found


def test_same_request_same_proposals(build_request: Build) -> None:
    request = build_request(SQUARE, "botorch", observed=_observed(8), n=2)
    first = propose(request)
    np.random.default_rng().random(3)
    assert propose(request).model_dump_json() == first.model_dump_json()


def test_pending_points_are_kept_apart(build_request: Build) -> None:
    observed, pending = _observed(10), []
    for _ in range(3):
        request = build_request(SQUARE, "botorch", observed=observed, pending=pending)
        pending.append(propose(request).proposals[0].candidate)
    assert len({candidate_key(one) for one in pending}) == 3
    batch = propose(build_request(SQUARE, "botorch", observed=observed, n=3)).proposals
    assert len({candidate_key(one.candidate) for one in batch}) == 3


def test_a_rejected_point_is_left_alone(build_request: Build) -> None:
    observed = _observed(10)
    first = propose(build_request(SQUARE, "botorch", observed=observed)).proposals[0].candidate
    again = propose(build_request(SQUARE, "botorch", observed=observed, rejected=[first])).proposals[0].candidate
    apart = [abs(first["values"][name] - again["values"][name]) for name in "ab"]
    assert max(apart) > 0.01


def test_another_process_proposes_the_same(build_request: Build) -> None:
    request = build_request(SQUARE, "botorch", observed=_observed(8))
    code = "import sys, strategies; print(strategies.propose(strategies.Request.model_validate_json(sys.stdin.read()))"
    code += ".model_dump_json())"
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        input=request.model_dump_json(),
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    assert Response.model_validate_json(found.stdout) == propose(request)


def test_predictions_are_in_the_unit_of_the_objective(build_request: Build) -> None:
    observed = [(one, {"y": 1000 + 50 * values["y"]}) for one, values in _observed(12)]
    prediction = propose(build_request(SQUARE, "botorch", observed=observed)).proposals[0].prediction["y"]
    assert prediction.mean == pytest.approx(1000, abs=10)
    assert 0 < prediction.standard_deviation < 20


def test_outcome_constraints_hold(build_request: Build) -> None:
    def measure(values: Mapping[str, Any]) -> dict[str, float]:
        return {"y": values["a"] + values["b"], "z": values["a"]}

    limits = [{"property": "z", "comparison": "<=", "value": 0.4}]
    observed, _, _ = campaign(build_request, SQUARE, measure, 13, constraints=limits)
    allowed = [values["y"] for _, values in observed if values["z"] <= 0.4]
    assert max(allowed) > 1.3
    assert sum(values["z"] <= 0.45 for _, values in observed[6:]) >= 5


def test_a_target_region_is_reached(build_request: Build) -> None:
    goal = [{"property": "y", "goal": "target", "low": 0.74, "high": 0.78}]
    observed, _, _ = campaign(build_request, SQUARE, lambda v: {"y": v["a"] ** 2 + v["b"] ** 2}, 12, objectives=goal)
    assert any(0.73 < values["y"] < 0.79 for _, values in observed[6:])


def test_failed_syntheses_teach(build_request: Build) -> None:
    def measure(values: Mapping[str, Any]) -> dict[str, float] | None:
        return None if values["a"] > 0.6 else {"y": values["a"] + values["b"]}

    observed, failed, response = campaign(build_request, SQUARE, measure, 20)
    assert len({candidate_key(one) for one in failed}) == len(failed)
    assert max(values["y"] for _, values in observed) > 1.45
    assert "can be made with probability" in response.proposals[0].reason
    assert response.proposals[0].feasibility is not None
    assert f"{response.proposals[0].feasibility:.0%}" in response.proposals[0].reason
    asked_late = 20 - 6
    assert len(failed) <= 3 + asked_late / 4 + 3  # 3 to learn from, then 1 in 4, and what the start met


def test_linear_constraints_and_mixed_inputs(build_request: Build) -> None:
    space = {
        "parameters": {
            "a": UNIT,
            "b": {**UNIT, "resolution": 0.05},
            "k": {"type": "integer", "low": 0, "high": 3},
            "c": {"type": "categorical", "choices": ["u", "v", "w"]},
        },
        "constraints": ["a + b <= 1"],
    }

    def measure(values: Mapping[str, Any]) -> dict[str, float]:
        bonus = {"u": 0.0, "v": 0.5, "w": 0.2}[values["c"]]
        return {"y": values["a"] + 2 * values["b"] + bonus - 0.3 * (values["k"] - 2) ** 2}

    observed, _, _ = campaign(build_request, space, measure, 18)
    assert max(values["y"] for _, values in observed) > 2.3  # the optimum is 2.5: a 0, b 1, k 2, c v


def test_a_simplex_is_kept_exactly(build_request: Build) -> None:
    space = {"parameters": dict.fromkeys("abc", UNIT), "constraints": ["a + b + c == 1"]}
    observed, _, _ = campaign(build_request, space, lambda v: {"y": -((v["a"] - 0.2) ** 2) - (v["b"] - 0.5) ** 2}, 13)
    assert max(values["y"] for _, values in observed) > -0.01


def test_pools_are_searched_row_by_row(build_request: Build, store_pool: Callable[..., Any]) -> None:
    generator = np.random.default_rng(0)
    table = [(f"r{n}", *generator.random(2).round(4), "uvw"[n % 3]) for n in range(120)]
    text = "id,p,q,c\n" + "".join(f"{n},{p},{q},{c}\n" for n, p, q, c in table)
    pool, files = store_pool(text, ["p", "q", "c"], "id")

    def measure(values: Mapping[str, Any]) -> dict[str, float]:
        return {"y": values["p"] + values["q"] + (0.3 if values["c"] == "u" else 0.0)}

    best = sorted((measure({"p": p, "q": q, "c": c})["y"] for _, p, q, c in table), reverse=True)
    observed, _, _ = campaign(build_request, {"pool": pool}, measure, 18, files)
    assert len({one["label"] for one, _ in observed}) >= 17  # one may be measured again, to see the noise
    assert max(values["y"] for _, values in observed) >= best[2]


def test_an_exhausted_pool_is_said(build_request: Build, store_pool: Callable[..., Any]) -> None:
    pool, files = store_pool("x\n" + "".join(f"{n}\n" for n in range(8)), ["x"])
    observed = [(point(x=float(n)), {"y": float(n)}) for n in range(6)]
    response = propose(build_request({"pool": pool}, "botorch", observed=observed, n=4), files)
    assert {one.candidate["values"]["x"] for one in response.proposals} == {6.0, 7.0}
    assert "2 of 4 proposals made: no further new candidate is left in the pool" in response.report["warnings"]


@pytest.mark.parametrize(
    "values",
    [[1.0] * 6, [1e12, 2e12, 3e12, 1e12, 5e12, 2e12], [0.0, 0.0, 0.0, 0.0, 0.0, 1.0]],
    ids=["equal", "huge", "spike"],
)
def test_awkward_outcomes_still_give_proposals(build_request: Build, values: list[float]) -> None:
    observed = [(one, {"y": value}) for (one, _), value in zip(_observed(6), values, strict=True)]
    request = build_request(SQUARE, "botorch", observed=observed, n=2)
    assert check_response(request, propose(request)) == []


def test_contradicting_replicates_are_noise(build_request: Build) -> None:
    observed = [(point(a=0.5, b=0.5), {"y": value}) for value in (1.0, 2.0, 1.5)] + _observed(6)
    response = propose(build_request(SQUARE, "botorch", observed=observed))
    assert response.report["models"]["y"]["noise_standard_deviation"] > 0.05


def test_everything_failed_goes_on_filling(build_request: Build) -> None:
    failed = [one for one, _ in _observed(7)]
    response = propose(build_request(SQUARE, "botorch", failed=failed))
    assert response.proposals[0].reason == "space-filling start"


def test_points_outside_the_space_are_data(build_request: Build) -> None:
    observed = [*_observed(7), (point(a=1.4, b=-0.2), {"y": -2.0})]
    request = build_request(SQUARE, "botorch", observed=observed)
    assert check_response(request, propose(request)) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"objectives": []}, "at least one objective"),
        ({"stages": []}, "names no stage"),
        ({"strategy": {"name": "botorch", "options": {"strat": 3}}}, "strat: Extra inputs"),
        ({"strategy": {"name": "botorch", "options": {"start": 0}}}, "start: "),
        ({"strategy": {"name": "os.system"}}, "unknown strategy 'os.system'; known: random, sobol, botorch"),
        ({"pending": [{"candidate": {"kind": "conditions"}, "stage": "lab"}]}, "'values' is a required property"),
        ({"pending": [{"candidate": point(a=1.0), "stage": "lab"}]}, "'b' is missing; the space has a, b"),
    ],
)
def test_nonsense_is_refused_clearly(build_request: Build, changes: dict[str, Any], reason: str) -> None:
    fields: dict[str, Any] = {"strategy": {"name": "botorch"}, "observed": _observed(8), **changes}
    strategy = fields.pop("strategy")
    pending = fields.pop("pending", [])
    request = build_request(SQUARE, strategy["name"], strategy.get("options"), **fields)
    request.pending.extend(Open.model_validate(one) for one in pending)
    with pytest.raises(ValueError, match=reason):
        propose(request)


FRONT = [
    {"property": "y", "goal": "maximize", "reference": 0.0},
    {"property": "z", "goal": "minimize", "reference": 1.2},
]


def _two(values: Mapping[str, Any]) -> dict[str, float]:
    """A front that needs b = 0.7: more y costs more z."""
    off = 2 * (values["b"] - 0.7) ** 2
    return {"y": values["a"] - off, "z": values["a"] ** 2 + off}


def _volume(observed: list[tuple[dict[str, Any], dict[str, float]]]) -> float:
    return hypervolume([[v["y"], v["z"]] for _, v in observed], ["maximize", "minimize"], [0.0, 1.2])


def test_two_objectives_beat_random(build_request: Build) -> None:
    observed, _, response = campaign(build_request, SQUARE, _two, 16, objectives=FRONT)
    randoms = []
    for seed in range(10):
        drawn = propose(build_request(SQUARE, "random", n=16, seed=seed)).proposals
        randoms.append(_volume([(one.candidate, _two(one.candidate["values"])) for one in drawn]))
    assert _volume(observed) > max(randoms)
    assert set(response.proposals[0].prediction) == {"y", "z"}
    assert "in the Pareto set so far" in response.proposals[0].reason


def test_two_objectives_without_a_reference(build_request: Build) -> None:
    goals = [{key: value for key, value in goal.items() if key != "reference"} for goal in FRONT]
    request = build_request(SQUARE, "botorch", observed=_observed(8), objectives=goals, n=2)
    response = propose(request)
    assert check_response(request, response) == []
    assert set(response.report["reference"]) == {"y", "z"}
    assert response.report["hypervolume"] > 0


@pytest.mark.slow
def test_six_inputs(build_request: Build) -> None:
    space = {"parameters": {f"x{n}": UNIT for n in range(6)}}

    def measure(values: Mapping[str, Any]) -> dict[str, float]:
        return {"y": -sum((value - 0.1 * n) ** 2 for n, value in enumerate(values.values()))}

    observed, _, _ = campaign(build_request, space, measure, 40)
    assert max(values["y"] for _, values in observed) > -0.02


def test_nothing_is_compiled_at_run_time() -> None:
    """BoTorch's switch is private: this fails when it is gone, and a killed worker could leave a lock behind again."""
    from botorch.acquisition.multi_objective import logei

    import strategies.optimize.acquisition  # noqa: F401

    assert logei._load_attempted
    logei._try_load_fused_kernel()
    assert logei._C is None
