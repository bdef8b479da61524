"""Who goes on to the next stage: all, the best of a number, or those in a region."""

from typing import Any

import pytest

from controller.loop.actions import Action, Dismiss, Promote
from controller.loop.promotion import decide_promotions
from controller.loop.view import FinishedView
from tests.controller.loop.views import make_proposal, make_spec, make_view, stage, step

BEST_2_OF_4 = {"rule": "best", "property": "yield", "k": 2, "n": 4}


def finished(*values: float | None, at: str = "bench") -> tuple[FinishedView, ...]:
    return tuple(
        FinishedView(f"{at}-{number}", at, values={} if value is None else {"yield": value})
        for number, value in enumerate(values)
    )


def decided(promote: dict[str, Any] | None, done: tuple[FinishedView, ...], **changes: Any) -> list[Action]:
    spec = make_spec(stage("bench", promote=promote), stage("large"), **changes.pop("spec", {}))
    return decide_promotions(make_view(*changes.pop("proposals", ()), spec=spec, finished=done, **changes))


def names(actions: list[Action]) -> tuple[set[str], set[str]]:
    return (
        {each.proposal_id.removeprefix("bench-") for each in actions if isinstance(each, Promote)},
        {each.proposal_id.removeprefix("bench-") for each in actions if isinstance(each, Dismiss)},
    )


@pytest.mark.parametrize("rule", [None, {"rule": "all"}])
def test_without_a_rule_or_by_all_everyone_goes_on_in_order(rule: dict[str, Any] | None) -> None:
    assert decided(rule, finished(1, None, 3)) == [Promote("bench-0"), Promote("bench-1"), Promote("bench-2")]


def test_where_the_strategy_promotes_no_rule_does() -> None:
    assert decided({"rule": "strategy"}, finished(1, 2)) == [Dismiss("bench-0"), Dismiss("bench-1")]


@pytest.mark.parametrize("state", ["paused", "stopping", "aborting"])
def test_only_a_running_campaign_promotes(state: str) -> None:
    assert decided(None, finished(1), state=state) == []


@pytest.mark.parametrize(
    ("bounds", "in_region"),
    [
        ({"low": 2}, {"1", "2", "3"}),
        ({"high": 3}, {"0", "1", "2"}),
        ({"low": 2, "high": 3}, {"1", "2"}),
    ],
)
def test_a_region_includes_its_bounds(bounds: dict[str, float], in_region: set[str]) -> None:
    rule = {"rule": "region", "property": "yield", **bounds}
    assert names(decided(rule, finished(1, 2, 3, 4))) == (in_region, {"0", "1", "2", "3"} - in_region)


def test_a_region_judges_the_prediction_before_the_measurement_and_nothing_by_nothing() -> None:
    rule = {"rule": "region", "property": "yield", "low": 10}
    done = (
        FinishedView("bench-0", "bench", values={"yield": 5}, predicted={"yield": 15}),
        FinishedView("bench-1", "bench", values={"yield": 15}, predicted={"yield": 5}),
        FinishedView("bench-2", "bench", values={"other": 15}, predicted={"other": 15}),
    )
    assert names(decided(rule, done)) == ({"0"}, {"1", "2"})


def test_the_best_of_every_full_number_go_on() -> None:
    done = finished(1, 9, 5, 7, 99, 98, 97)
    assert names(decided(BEST_2_OF_4, done)) == ({"1", "3"}, {"0", "2"})
    assert decided(BEST_2_OF_4, done[:3]) == []
    assert names(decided(BEST_2_OF_4, finished(*range(8)))) == ({"2", "3", "6", "7"}, {"0", "1", "4", "5"})


def test_the_best_are_the_lowest_where_less_is_wanted_and_the_nearest_to_a_target() -> None:
    less = {"objectives": [{"property": "yield", "goal": "minimize"}]}
    assert names(decided(BEST_2_OF_4, finished(1, 9, 5, 7), spec=less))[0] == {"0", "2"}
    region = {"objectives": [{"property": "yield", "goal": "target", "low": 4, "high": 6}]}
    assert names(decided(BEST_2_OF_4, finished(1, 9, 5, 7), spec=region))[0] == {"2", "3"}


def test_the_objective_of_the_rule_counts_not_the_first_one() -> None:
    objectives = [{"property": "waste", "goal": "minimize"}, {"property": "yield", "goal": "maximize"}]
    assert names(decided(BEST_2_OF_4, finished(1, 9, 5, 7), spec={"objectives": objectives}))[0] == {"1", "3"}


def test_what_was_not_measured_comes_last() -> None:
    assert names(decided(BEST_2_OF_4, finished(None, -5, None, -7)))[0] == {"1", "3"}


def test_what_is_left_over_is_judged_in_proportion_when_nothing_more_comes() -> None:
    over = {"experiments": 10}
    assert names(decided(BEST_2_OF_4, finished(1, 9, 5), **over)) == ({"1", "2"}, {"0"})
    assert names(decided(BEST_2_OF_4, finished(1, 9), **over)) == ({"1"}, {"0"})
    assert names(decided(BEST_2_OF_4, finished(1), **over)) == ({"0"}, set())
    assert names(decided(BEST_2_OF_4, finished(1, 9, 5, 7, 3), **over)) == ({"1", "3", "4"}, {"0", "2"})


@pytest.mark.parametrize(
    "coming",
    [
        {"experiments": 9},
        {"experiments": 10, "iteration_running": True},
        {"experiments": 10, "proposals": (make_proposal("running"),)},
    ],
)
def test_what_is_left_over_waits_while_something_may_come(coming: dict[str, Any]) -> None:
    assert decided(BEST_2_OF_4, finished(1, 9, 5), **coming) == []


def test_what_is_open_at_a_later_stage_does_not_come_back() -> None:
    there = make_proposal("running", stage="large")
    assert names(decided(BEST_2_OF_4, finished(1, 9), experiments=10, proposals=(there,))) == ({"1"}, {"0"})


def three_stages(*proposals: Any, done: tuple[FinishedView, ...]) -> list[Action]:
    spec = make_spec(stage("first"), stage("bench", promote=BEST_2_OF_4), stage("large"))
    return decide_promotions(make_view(*proposals, spec=spec, finished=done, experiments=10))


def test_what_is_open_or_not_yet_judged_at_an_earlier_stage_may_still_come() -> None:
    done = finished(1, 9)
    assert names(three_stages(done=done)) == ({"1"}, {"0"})
    assert three_stages(make_proposal("running", stage="first"), done=done) == []
    assert three_stages(done=(*done, FinishedView("early", "first"))) == [Promote("early")]


def test_each_stage_judges_its_own() -> None:
    spec = make_spec(stage("first"), stage("bench", promote={"rule": "region", "property": "yield", "low": 5}), stage())
    done = (*finished(1, at="first"), *finished(9, 1))
    actions = decide_promotions(make_view(spec=spec, finished=done))
    assert actions == [Promote("first-0"), Promote("bench-0"), Dismiss("bench-1")]


def test_what_an_amended_file_leaves_nowhere_to_go_is_dismissed() -> None:
    done = (*finished(1), *finished(2, at="large"), *finished(3, at="gone"))
    assert decided(None, done) == [Dismiss("large-0"), Dismiss("gone-0"), Promote("bench-0")]


@pytest.mark.parametrize(("budget", "goes_on"), [(9, 0), (10, 1), (19.9, 1), (20, 2), (99, 3)])
def test_who_does_not_fit_into_the_budget_goes_no_further(budget: float, goes_on: int) -> None:
    spec = make_spec(stage("bench", step(cost=1)), stage("large", step(cost=10)), budget={"cost": budget})
    actions = decide_promotions(make_view(spec=spec, finished=finished(1, 2, 3)))
    assert actions == [(Promote if number < goes_on else Dismiss)(f"bench-{number}") for number in range(3)]


def test_a_cheaper_next_stage_may_still_fit_where_a_dear_one_does_not() -> None:
    dear, cheap = stage("dear", step(cost=10)), stage("cheap", step(cost=1))
    spec = make_spec(stage("bench"), dear, cheap, budget={"cost": 5})
    done = (*finished(1), *finished(2, at="dear"))
    assert decide_promotions(make_view(spec=spec, finished=done)) == [Dismiss("bench-0"), Promote("dear-0")]
