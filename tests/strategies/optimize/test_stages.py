"""Which stage a candidate is proposed for: the start, the price of each, pending work, and what is told of it."""

from typing import Any

import numpy as np
import pytest

from strategies import Request, check_response, propose

SPACE = {"parameters": {name: {"type": "continuous", "low": 0.0, "high": 1.0} for name in ("a", "b")}}


def value(stage: str, a: float, b: float) -> float:
    dear = -((a - 0.6) ** 2) - (b - 0.3) ** 2
    return dear if stage == "dear" else 2 * dear + 0.2 * np.sin(9 * a)


def candidate(a: float, b: float) -> dict[str, Any]:
    return {"kind": "conditions", "values": {"a": a, "b": b}}


def request(costs: tuple[float, float] = (1.0, 10.0), chosen: bool = True, **changes: Any) -> Request:
    promote = {"promote": "strategy"} if chosen else {}
    fields: dict[str, Any] = {
        "space": SPACE,
        "objectives": [{"property": "y", "goal": "maximize"}],
        "stages": [
            {"name": "cheap", "cost": costs[0], "yields": ["y"], **promote},
            {"name": "dear", "cost": costs[1], "yields": ["y"]},
        ],
        "strategy": {"name": "botorch"},
        "n": 1,
        "seed": 3,
        "event": 1,
    }
    return Request.model_validate({**fields, **changes})


def observed(number: int, stage: str, one: dict[str, Any]) -> dict[str, Any]:
    values = [{"property": "y", "value": value(stage, one["values"]["a"], one["values"]["b"])}]
    return {"candidate": one, "stage": stage, "proposal": str(number), "values": values}


def campaign(asked: Request, count: int) -> tuple[Request, list[Any]]:
    """Ask and measure one after the other."""
    made, rows = [], []
    for number in range(1, count + 1):
        asked = Request.model_validate({**asked.model_dump(), "observations": rows})
        response = propose(asked)
        assert check_response(asked, response) == []
        made += response.proposals
        rows.append(observed(number, made[-1].stage, made[-1].candidate))
    return asked, made


@pytest.fixture(scope="module")
def done() -> tuple[Request, list[Any]]:
    return campaign(request(), 14)


def test_it_starts_with_cheap_points_and_takes_the_best_of_them_further(done: tuple[Request, list[Any]]) -> None:
    _, made = done
    assert [each.stage for each in made[:8]] == ["cheap"] * 6 + ["dear"] * 2
    values = [value("cheap", **each.candidate["values"]) for each in made[:6]]
    best = int(np.argmax(values))
    assert made[6].candidate == made[best].candidate
    assert made[6].parents == [str(best + 1)]
    assert made[7].candidate in [each.candidate for each in made[:6]]


def test_it_goes_on_at_both_stages_and_tells_why(done: tuple[Request, list[Any]]) -> None:
    asked, made = done
    assert {each.stage for each in made[8:]} == {"cheap", "dear"}
    cheap = next(each for each in made[8:] if each.stage == "cheap")
    assert "% of what dear would, for 0.1 of its cost" in cheap.reason
    told = propose(asked).report["fidelity"]
    assert told["decision"] in ("used", "dropped", "too early to tell")
    assert set(told["log_scores"]) == {"cheap", "dear"}
    assert propose(asked).proposals == propose(asked).proposals


def test_where_all_stages_cost_the_same_the_truth_is_asked(done: tuple[Request, list[Any]]) -> None:
    asked, _ = done
    same = asked.model_copy(update={"stages": request((10.0, 10.0)).stages})
    assert propose(same).proposals[0].stage == "dear"


def test_the_cheaper_a_stage_the_more_of_it() -> None:
    shares = []
    for cost in (1.0, 6.0):
        _, made = campaign(request((cost, 10.0)), 16)
        shares.append([each.stage for each in made].count("cheap"))
    assert shares[0] > shares[1]


def test_after_enough_cheap_points_the_truth_is_asked(done: tuple[Request, list[Any]]) -> None:
    """However much each of them would tell: nothing else shows whether they tell anything."""
    asked, _ = done
    rows = [row.model_dump() for row in asked.observations]
    rows += [observed(100 + number, "cheap", candidate(0.031 * number, 0.97)) for number in range(12)]
    assert propose(request(observations=rows)).proposals[0].stage == "dear"


def test_without_the_choice_candidates_enter_at_the_first_stage(done: tuple[Request, list[Any]]) -> None:
    asked, _ = done
    by_rule = asked.model_copy(update={"stages": request(chosen=False).stages})
    response = propose(by_rule)
    assert (response.proposals[0].stage, response.proposals[0].parents) == ("cheap", [])
    assert "fidelity" not in response.report


def test_several_at_once_are_different_and_take_each_other_into_account(done: tuple[Request, list[Any]]) -> None:
    asked, _ = done
    several = asked.model_copy(update={"n": 4})
    response = propose(several)
    assert len(response.proposals) == 4
    assert check_response(several, response) == []
    assert len({(each.stage, str(each.candidate)) for each in response.proposals}) == 4


def test_pending_points_of_the_start_count_and_nothing_stands_still_while_they_run() -> None:
    asked = request(n=6)
    cheap = [{"candidate": each.candidate, "stage": "cheap"} for each in propose(asked).proposals]
    waiting = request(pending=cheap)
    assert propose(waiting).proposals[0].stage == "cheap"  # nothing is known of any yet
    measured = [observed(number, "cheap", row["candidate"]) for number, row in enumerate(cheap)]
    dear = propose(request(observations=measured, n=2)).proposals
    assert [each.stage for each in dear] == ["dear", "dear"]
    assert len(propose(request(observations=measured, pending=[row(each) for each in dear])).proposals) == 1


def row(proposal: Any) -> dict[str, Any]:
    return {"candidate": proposal.candidate, "stage": proposal.stage}


def test_a_candidate_may_be_proposed_for_each_stage_once_and_not_back() -> None:
    cheap, dear = observed(1, "cheap", candidate(0.1, 0.2)), observed(2, "dear", candidate(0.3, 0.4))
    asked = request(observations=[cheap, dear], failures=[{**fail(candidate(0.5, 0.5)), "stage": "cheap"}])

    def faults(one: dict[str, Any], stage: str) -> list[str]:
        answer = {"proposals": [{"candidate": one, "stage": stage, "reason": "test"}]}
        return check_response(asked, type(propose(asked)).model_validate(answer))

    assert faults(candidate(0.1, 0.2), "dear") == []
    assert faults(candidate(0.3, 0.4), "dear") != []
    assert faults(candidate(0.3, 0.4), "cheap") != []
    assert faults(candidate(0.1, 0.2), "cheap") != []
    assert faults(candidate(0.5, 0.5), "dear") != []


def fail(one: dict[str, Any]) -> dict[str, Any]:
    return {"candidate": one, "kind": "failed-synthesis"}


def test_stages_linked_by_rules_are_one_level() -> None:
    """A dear proposal enters where the rules begin; its values come from the stage that has them."""
    stages = [
        {"name": "cheap", "cost": 1, "yields": ["y"], "promote": "strategy"},
        {"name": "make", "cost": 4, "yields": []},
        {"name": "dear", "cost": 6, "yields": ["y"]},
    ]
    rows = [observed(number, "cheap", candidate(0.1 * number, 0.5)) for number in range(1, 7)]
    first = propose(request(stages=stages, observations=rows)).proposals[0]
    assert (first.stage, len(first.parents)) == ("make", 1)
    rows += [observed(9, "dear", first.candidate), observed(10, "dear", candidate(0.5, 0.5))]
    report = propose(request(stages=stages, observations=rows)).report
    assert (report["phase"], report["models"]["y"]["n"]) == ("model", 2)
