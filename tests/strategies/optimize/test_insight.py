"""What a report tells: gain in closed form, neighbours by hand, slices and warnings where they belong."""

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
import torch

from strategies import Request, propose
from strategies.learn.data import PropertyData
from strategies.learn.gp import PropertyModel, fit_property
from strategies.learn.kernel import Group
from strategies.learn.quality import describe
from strategies.objectives import Objective
from strategies.optimize.gain import expected_gain
from strategies.optimize.health import health, saturated
from strategies.optimize.insight import expected_improvement
from strategies.represent.encoding import Encoding
from strategies.spaces import Space

Build = Callable[..., Request]
UNIT = {"type": "continuous", "low": 0, "high": 1}
NORMAL = NormalDist()


def closed(mean: float, deviation: float, best: float) -> float:
    """Expected improvement (Jones et al. 1998)."""
    away = (mean - best) / deviation
    return (mean - best) * NORMAL.cdf(away) + deviation * NORMAL.pdf(away)


@pytest.mark.parametrize(("mean", "deviation", "best"), [(1.0, 2.0, 0.5), (0.0, 1.0, 3.0), (5.0, 0.01, 1.0)])
def test_expected_gain_is_expected_improvement(mean: float, deviation: float, best: float) -> None:
    assert expected_gain(lambda z: z, mean, deviation, best) == pytest.approx(closed(mean, deviation, best), rel=1e-3)


def test_expected_gain_of_a_logarithm() -> None:
    mean, deviation, best = 0.3, 0.8, 1.5
    first = math.exp(mean + deviation**2 / 2) * NORMAL.cdf((mean + deviation**2 - math.log(best)) / deviation)
    wanted = first - best * NORMAL.cdf((mean - math.log(best)) / deviation)
    assert expected_gain(torch.exp, mean, deviation, best) == pytest.approx(wanted, rel=1e-4)


def fitted(values: np.ndarray, inputs: np.ndarray) -> PropertyModel:
    return fit_property(PropertyData("y", inputs, values, None, [], []), (Group("a", 0, 1), Group("b", 1, 1)))


@pytest.mark.parametrize("goal", ["maximize", "minimize"])
def test_the_proposal_that_gains_most_counts_in_the_objectives_unit(goal: str) -> None:
    inputs = np.random.default_rng(0).random((12, 2))
    values = 500 + 100 * inputs[:, 0] - 30 * inputs[:, 1] ** 2
    model, sign = fitted(values, inputs), 1.0 if goal == "maximize" else -1.0
    proposed = np.array([[0.5, 0.5], [1.2, 0.0], [-0.2, 1.0]])
    best = (sign * model.predict(inputs)[0]).max()
    each = [closed(sign * mean, sd, best) for mean, sd in zip(*model.predict(proposed), strict=True)]
    objective = Objective.model_validate({"property": "y", "goal": goal})
    assert expected_improvement(objective, model, proposed, inputs) == pytest.approx(max(each), rel=1e-3)
    assert expected_improvement(objective, model, proposed[:0], inputs) is None


def observed(rows: list[dict[str, Any]], values: list[float], named: bool = True) -> list[dict[str, Any]]:
    return [
        {
            "candidate": {"kind": "conditions", "values": row},
            "stage": "lab",
            "proposal": str(10 + place) if named else None,
            "values": [{"property": "y", "value": value}],
        }
        for place, (row, value) in enumerate(zip(rows, values, strict=True))
    ]


SPACE = {
    "parameters": {
        "a": {**UNIT, "low": 10, "high": 110},
        "c": {"type": "categorical", "choices": ["u", "v", "w"]},
        "k": {"type": "integer", "low": 1, "high": 4},
    }
}


def rows(count: int) -> list[dict[str, Any]]:
    generator = np.random.default_rng(0)
    return [
        {"a": float(a), "c": "uvw"[int(c)], "k": int(k)}
        for a, c, k in zip(
            generator.uniform(10, 110, count), generator.integers(3, size=count), generator.integers(1, 5, size=count),
            strict=True,
        )
    ]  # fmt: skip


def asked(build: Build, named: bool = True, **options: Any) -> tuple[list[dict[str, Any]], Any]:
    points = rows(24)
    values = [row["a"] / 10 + 4 * (row["c"] == "v") for row in points]
    strategy = {"start": 2, **options}
    return points, propose(build(SPACE, "botorch", strategy, observations=observed(points, values, named), n=2))


def test_a_report_tells_what_the_proposals_are_near_to(build_request: Build) -> None:
    points, response = asked(build_request)

    def distance(one: dict[str, Any], other: dict[str, Any]) -> float:
        return math.hypot((one["a"] - other["a"]) / 100, (one["k"] - other["k"]) / 3, one["c"] != other["c"])

    assert len(response.report["proposals"]) == 2
    for proposal, told in zip(response.proposals, response.report["proposals"], strict=True):
        far = sorted((distance(proposal.candidate["values"], row), 10 + place) for place, row in enumerate(points))
        assert [each["proposal"] for each in told["nearest"]] == [str(number) for _, number in far[:3]]
        assert [each["distance"] for each in told["nearest"]] == pytest.approx([each for each, _ in far[:3]], rel=1e-4)
    _, imported = asked(build_request, named=False)
    assert imported.report["proposals"][0]["nearest"][0]["candidate"]["values"] in points


def test_a_report_tells_sensitivities_and_slices(build_request: Build) -> None:
    points, response = asked(build_request)
    model = response.report["models"]["y"]
    assert model["sensitivities"]["a"] > model["sensitivities"]["c"] > model["sensitivities"]["k"]
    slices = {one["parameter"]: one for one in model["slices"]}
    assert slices["c"]["at"] == ["u", "v", "w"]
    assert slices["k"]["at"] == [1, 2, 3, 4]
    assert (slices["a"]["at"][0], slices["a"]["at"][-1], len(slices["a"]["at"])) == (10, 110, 15)
    best = max(points, key=lambda row: row["a"] / 10 + 4 * (row["c"] == "v"))
    wanted = [at / 10 + 4 * (best["c"] == "v") for at in slices["a"]["at"]]
    assert slices["a"]["mean"] == pytest.approx(wanted, abs=0.6)
    assert min(slices["a"]["sd"]) > 0
    assert response.report["expected_improvement"] > 0


def test_explanations_change_no_proposal_and_can_be_left_out(build_request: Build) -> None:
    _, full = asked(build_request)
    _, bare = asked(build_request, explain=False)
    assert bare.proposals == full.proposals
    assert not {"proposals", "expected_improvement"} & set(bare.report)
    assert not {"sensitivities", "slices"} & set(bare.report["models"]["y"])


def test_a_short_pool_is_sliced_at_its_own_values(build_request: Build, store_pool: Callable[..., Any]) -> None:
    points = [{"t": t, "s": s} for t in (90.0, 105.0, 120.0) for s in "abcdefgh"]
    pool, files = store_pool("t,s\n" + "".join(f"{row['t']},{row['s']}\n" for row in points), ["t", "s"])
    known = observed(points[::2], [row["t"] for row in points[::2]])
    response = propose(build_request({"pool": pool}, "botorch", {"start": 2}, observations=known), files)
    slices = {one["parameter"]: one for one in response.report["models"]["y"]["slices"]}
    assert slices["t"]["at"] == [90, 105, 120]


def notes(values: np.ndarray, inputs: np.ndarray) -> list[str]:
    model = fitted(values, inputs)
    return health([model], {"y": describe(model)})


def test_health_names_what_is_wrong_and_nothing_else() -> None:
    generator = np.random.default_rng(1)
    inputs = generator.random((30, 2))
    clear = 5 + 2 * inputs[:, 0]
    assert notes(clear, inputs) == []
    assert any("it says mostly what was assumed" in note for note in notes(clear[:4], inputs[:4]))
    noise = generator.standard_normal(30)
    assert any("no signal" in note for note in notes(noise, inputs))
    assert any("is larger than all effects found" in note for note in notes(noise + 0.1 * clear, inputs))


def test_best_points_at_a_limit_are_told_where_it_matters() -> None:
    space = {"parameters": {"a": UNIT, "b": UNIT, "two": {"type": "integer", "low": 0, "high": 1}}}
    encoding = Encoding.of(Space.model_validate(space), {})
    leaders = np.array([[1.0, 0.0, 1.0], [1.0, 0.0, 1.0], [1.0, 0.0, 1.0]])
    shares = {"a": 0.9, "b": 0.01, "two": 0.09}
    assert saturated(encoding, leaders, shares) == ["the best 3 points have the highest a: a wider range may be better"]
    assert "lowest a" in saturated(encoding, np.zeros((3, 3)), shares)[0]
    leaders[1, 0] = 0.9
    assert saturated(encoding, leaders, shares) == []
    assert saturated(encoding, leaders[:2] * 0, shares) == [], "two points say little"
