"""What other planners fall over: each of these must give sensible proposals."""

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from strategies import Request, Response, check_response, propose
from strategies.learn.feasibility import EVEN, SAFE, fit_feasibility, ration
from strategies.learn.kernel import Group
from strategies.optimize.known import asked_in_order
from strategies.request import Observation, Open
from strategies.spaces import candidate_key

Build = Callable[..., Request]

UNIT = {"type": "continuous", "low": 0, "high": 1}
SQUARE = {"parameters": {"a": UNIT, "b": UNIT}}
SIMPLEX = {"parameters": dict.fromkeys("abc", UNIT), "constraints": ["a + b + c == 1"]}
FIFTY = [f"c{place}" for place in range(50)]
K_OF_N = {"mixtures": [{"of": FIFTY, "at_most": 5}], "parameters": {"x": UNIT}}
TENS = {f"p{place}": {"type": "categorical", "choices": list("abcdefghij")} for place in range(9)}
THOUSANDS = {f"q{place}": {"type": "categorical", "choices": [f"l{n}" for n in range(1000)]} for place in range(3)}


def point(**values: float | str) -> dict[str, Any]:
    return {"kind": "conditions", "values": values}


def ask(request: Request) -> Response:
    response = propose(request)
    assert check_response(request, response) == []
    return response


def drawn(build: Build, space: dict[str, Any], count: int, seed: int = 0) -> list[dict[str, Any]]:
    return [one.candidate for one in propose(build(space, "random", n=count, seed=seed)).proposals]


def plain_square(count: int, seed: int = 0) -> list[tuple[dict[str, Any], dict[str, float]]]:
    rows = np.random.default_rng(seed).random((count, 2)).tolist()
    return [(point(a=a, b=b), {"y": -((a - 0.3) ** 2) - (b - 0.6) ** 2}) for a, b in rows]


def measured(rows: list[tuple[dict[str, Any], dict[str, float]]], first: int = 0) -> list[dict[str, Any]]:
    """Observations with the numbers of their proposals."""
    return [
        {
            "candidate": candidate,
            "stage": "lab",
            "proposal": str(first + place),
            "values": [{"property": name, "value": value} for name, value in values.items()],
        }
        for place, (candidate, values) in enumerate(rows)
    ]


def failed(candidate: dict[str, Any], number: int) -> dict[str, Any]:
    return {"candidate": candidate, "stage": "lab", "proposal": str(number), "kind": "failed-synthesis"}


@pytest.mark.parametrize("seed", range(4))
def test_a_region_that_always_fails_is_left_after_three_failures(build_request: Build, seed: int) -> None:
    made, bad, fails = [], [], []
    for number in range(14):
        request = build_request(SQUARE, "botorch", observations=made, failures=bad, seed=seed)
        candidate = ask(request).proposals[0].candidate
        values = candidate["values"]
        fails.append(values["a"] > 0.6)
        if fails[-1]:
            bad.append(failed(candidate, number))
        else:
            made += measured([(candidate, {"y": values["a"] + values["b"]})], number)
    learned = int(np.argmax(np.cumsum(fails) >= 3)) + 1
    assert sum(fails) >= 3
    assert sum(fails[learned:]) <= (len(fails) - learned) / 4
    assert len({candidate_key(one["candidate"]) for one in bad}) == len(bad)
    assert max(one["values"][0]["value"] for one in made) > 1.4


def test_risk_is_rationed() -> None:
    none = np.empty(0)
    assert ration([False, True, True], none) == 0
    assert ration([True] * 3, none) == SAFE
    assert ration([True] * 3 + [False] * 3, none) == EVEN, "one in four may fail"
    assert ration([True] * 3 + [False] * 2, none) == SAFE
    assert ration([True] * 3 + [False] * 3, np.array([0.5])) == SAFE, "what is under way may fail too"
    assert ration([False] * 20 + [True] * 3, none) == SAFE, "what was made before the failures does not pay for them"


def test_what_is_under_way_where_much_fails_takes_up_the_ration() -> None:
    generator = np.random.default_rng(0)
    inputs = generator.random((24, 2))
    fails = inputs[:, 0] > 0.7
    asked = [*fails, False, False, False, False]
    groups = (Group("a", 0, 1), Group("b", 1, 1))
    learned = fit_feasibility(inputs[~fails], inputs[fails], groups, sorted(asked, reverse=True))
    assert learned.floor == EVEN
    assert learned.with_pending(np.array([[0.2, 0.5]])).floor == EVEN
    assert learned.with_pending(np.array([[0.95, 0.5]] * 4)).floor == SAFE


def test_a_batch_does_not_run_one_risk_four_times(build_request: Build) -> None:
    """After three failures and three points that were made, one of the next four may fail."""
    points = [point(a=a, b=b) for a, b in np.random.default_rng(0).random((16, 2)).tolist()]
    good = [(one, {"y": math.exp(3 * one["values"]["a"])}) for one in points if one["values"]["a"] <= 0.7]
    bad = [failed(one, 20 + place) for place, one in enumerate(one for one in points if one["values"]["a"] > 0.7)]
    made = measured(good[:-3]) + measured(good[-3:], first=30)
    proposals = ask(build_request(SQUARE, "botorch", observations=made, failures=bad[:3], n=4)).proposals
    odds = [one.feasibility for one in proposals if one.feasibility is not None]
    assert odds[0] < 0.8, "a risk that is within the ration"
    assert odds[1] > 0.85, "which is then used up"


def test_the_order_of_asking_is_that_of_the_proposals(build_request: Build) -> None:
    rows = measured(plain_square(3), first=2)
    bad = [failed(point(a=0.9, b=0.1 * number), number) for number in (1, 3, 10)]
    request = build_request(SQUARE, "botorch", observations=rows, failures=bad)
    assert asked_in_order(request) == [True, False, False, True, False, True]
    imported = build_request(SQUARE, "botorch", observed=plain_square(2), failures=bad[:1])
    assert asked_in_order(imported) == [False, False, True]


def test_what_failed_is_asked_again_only_by_people(build_request: Build) -> None:
    """An operator's own proposal stands among the pending ones, a cleared failure no longer among the failures."""
    rows = measured(plain_square(10))
    first = ask(build_request(SQUARE, "botorch", observations=rows)).proposals[0].candidate
    bad = [failed(first, 10)]
    again = build_request(SQUARE, "botorch", observations=rows, failures=bad)
    assert candidate_key(ask(again).proposals[0].candidate) != candidate_key(first)
    injected = build_request(SQUARE, "botorch", observations=rows, failures=bad, pending=[first])
    assert candidate_key(ask(injected).proposals[0].candidate) != candidate_key(first)
    cleared = build_request(SQUARE, "botorch", observations=rows)
    assert ask(cleared).proposals[0].candidate == first


@pytest.mark.parametrize("count", [0, 10], ids=["start", "model"])
def test_a_failed_measurement_leaves_the_point_open(build_request: Build, count: int) -> None:
    """It reaches a strategy as nothing at all: neither measured nor failed, and no longer pending."""
    before = build_request(SQUARE, "botorch", observations=measured(plain_square(count)))
    first = ask(before).proposals[0].candidate
    pending = before.model_copy(update={"pending": [Open(candidate=first, stage="lab")], "event": 1})
    assert ask(pending).proposals[0].candidate != first
    assert ask(before.model_copy(update={"event": 2})).proposals[0].candidate == first


@pytest.mark.parametrize("count", [0, 1, 10], ids=["start", "one value", "model"])
def test_asked_three_times_without_news_gives_three_points(build_request: Build, count: int) -> None:
    pending: list[dict[str, Any]] = []
    for _ in range(3):
        request = build_request(SQUARE, "botorch", observations=measured(plain_square(count)), pending=pending)
        pending.append(ask(request).proposals[0].candidate)
    rows = np.array([list(one["values"].values()) for one in pending])
    apart = np.linalg.norm(rows[:, None] - rows[None], axis=2) + np.eye(3)
    assert apart.min() > 0.02


@pytest.mark.parametrize(
    "space",
    [SIMPLEX, K_OF_N, {"parameters": TENS}, {"parameters": THOUSANDS}],
    ids=["simplex", "k of n", "nine tens", "three thousands"],
)
def test_spaces_that_nobody_can_list(build_request: Build, space: dict[str, Any]) -> None:
    rows = [(one, {"y": float(place % 7)}) for place, one in enumerate(drawn(build_request, space, 24))]
    response = ask(build_request(space, "botorch", {"start": 1}, observations=measured(rows), n=2))
    assert response.report["phase"] == "model"
    assert len({candidate_key(one.candidate) for one in response.proposals}) == 2


def test_a_hundred_and_ninety_numbers(build_request: Build) -> None:
    names = [f"x{place}" for place in range(190)]
    rows = np.random.default_rng(0).random((24, 190))
    values = [(point(**dict(zip(names, row.tolist(), strict=True))), {"y": float(row[0])}) for row in rows]
    space = {"parameters": dict.fromkeys(names, UNIT)}
    report = ask(build_request(space, "botorch", {"start": 2}, observations=measured(values))).report
    assert set(report["models"]["y"]["sensitivities"]) == set(names)
    assert len(report["models"]["y"]["slices"]) <= 12


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_never_reaches_a_model(value: float) -> None:
    with pytest.raises(ValueError, match="finite number"):
        Observation.model_validate(measured([(point(a=0.5, b=0.5), {"y": value})])[0])


@pytest.mark.parametrize(
    "values",
    [[3.0], [3.0] * 10, [0.0] * 10, [1e100, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 2.5, 1.5, 2.0], [1e-300] * 9 + [1e300]],
    ids=["one", "equal", "zero", "absurd", "span"],
)
def test_outcomes_that_say_little(build_request: Build, values: list[float]) -> None:
    rows = [(one, {"y": value}) for (one, _), value in zip(plain_square(len(values)), values, strict=True)]
    request = build_request(SQUARE, "botorch", {"start": 1}, observations=measured(rows), n=2)
    response = ask(request)
    assert len(response.proposals) == 2
    json.dumps(response.model_dump(), allow_nan=False)
    if len(set(values)) == 1 and len(values) > 1:
        assert "y: all 10 values are equal, there is no signal to learn" in response.report["warnings"]


def test_the_unit_of_an_objective_changes_no_proposal(build_request: Build) -> None:
    rows = plain_square(12)
    found = []
    for factor in (1.0, 1e12):
        scaled = [(one, {"y": factor * values["y"]}) for one, values in rows]
        response = ask(build_request(SQUARE, "botorch", observations=measured(scaled)))
        found.append(list(response.proposals[0].candidate["values"].values()))
        assert 0 < response.report["expected_improvement"] / factor < 1
    assert found[0] == pytest.approx(found[1], abs=1e-3)


def test_rows_that_contradict_each_other_are_noise(build_request: Build) -> None:
    rows = [(point(a=0.5, b=0.5), {"y": value}) for value in (-1.0, 1.0) * 4] + plain_square(8)
    described = ask(build_request(SQUARE, "botorch", observations=measured(rows))).report["models"]["y"]
    assert described["noise_standard_deviation"] > 0.3


def test_an_absurd_value_is_named_and_leads_nowhere(build_request: Build) -> None:
    rows = [*plain_square(14), (point(a=0.95, b=0.05), {"y": 1e6})]
    response = ask(build_request(SQUARE, "botorch", observations=measured(rows), n=3))
    assert any("1e+06 at a 0.95, b 0.05 contradicts" in note for note in response.report["warnings"])
    for one in response.proposals:
        assert one.candidate["values"]["a"] < 0.7
        assert abs(one.prediction["y"].mean) < 1
    assert "best so far -0.0" in response.proposals[0].reason


def test_a_batch_shares_what_its_rule_says(build_request: Build) -> None:
    parameters = {**SQUARE["parameters"], "t": {**UNIT, "high": 200}}
    space = {"parameters": parameters, "rules": [{"same_in_batch": ["t"]}]}
    rows = [
        (one, {"y": one["values"]["a"] - (one["values"]["t"] / 200 - 0.4) ** 2})
        for one in drawn(build_request, space, 12)
    ]
    for observed in (rows[:0], rows):
        proposals = ask(build_request(space, "botorch", {"start": 8}, observations=measured(observed), n=4)).proposals
        assert len({one.candidate["values"]["t"] for one in proposals}) == 1
        assert len({candidate_key(one.candidate) for one in proposals}) == 4


def test_a_space_amended_in_mid_campaign_keeps_what_was_measured(build_request: Build) -> None:
    """What lies outside of the narrower ranges, off the grid, or has a label that is gone still teaches."""
    old = {"parameters": {"a": UNIT, "c": {"type": "categorical", "choices": ["u", "v", "w"]}}}
    rows = [(one, {"y": -((one["values"]["a"] - 0.55) ** 2)}) for one in drawn(build_request, old, 12)]
    new = {"parameters": {"a": {**UNIT, "high": 0.6, "resolution": 0.1}, "c": {**old["parameters"]["c"]}}}
    new["parameters"]["c"]["choices"] = ["u", "v"]
    response = ask(build_request(new, "botorch", {"start": 2}, observations=measured(rows)))
    assert response.report["models"]["y"]["n"] == 12
    assert any(
        "measured points lie outside the space; they are used as data" in one for one in response.report["warnings"]
    )
    assert response.proposals[0].candidate["values"]["a"] in (0.5, 0.6)


def test_a_new_objective_is_learned_from_the_start(build_request: Build) -> None:
    """Old rows say nothing of it: the space is filled on, away from them."""
    goals = [{"property": "y", "goal": "maximize"}, {"property": "z", "goal": "minimize"}]
    response = ask(build_request(SQUARE, "botorch", observations=measured(plain_square(10)), objectives=goals))
    assert response.report["phase"] == "start"
    assert response.proposals[0].reason == "space-filling start"
