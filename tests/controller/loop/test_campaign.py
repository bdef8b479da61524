"""What ends a campaign, and what lets nothing further begin in it."""

from datetime import timedelta
from typing import Any

import pytest

from controller.loop.actions import EndCampaign, StopCampaign
from controller.loop.campaign import affordable, decide_campaign, exhausted, stop_reached, time_limit
from controller.loop.view import FinishedView
from tests.controller.loop.views import (
    NOON,
    later,
    make_attempt,
    make_job,
    make_proposal,
    make_spec,
    make_view,
    stage,
    step,
)

USED = "budget of 10 experiments is used"
NO_ROOM = "budget of 2.5 cost units has no room for another experiment"
TWO_STEPS = stage("bench", step("cook", cost=1), step("weigh", cost=0.5))


@pytest.mark.parametrize(
    ("budget", "spent", "reason"),
    [
        ({"experiments": 10}, {"experiments": 9}, None),
        ({"experiments": 10}, {"experiments": 10}, USED),
        ({"experiments": 10}, {"experiments": 11}, USED),
        ({"cost": 2.5}, {"cost": 2.49, "experiments": 99}, None),
        ({"cost": 2.5}, {"cost": 2.5}, NO_ROOM),
        ({"cost": 2.5}, {"cost": 7.0}, NO_ROOM),
        ({"cost": 2.5}, {"pool_exhausted": True}, "every candidate of the space has been tried"),
    ],
)
def test_a_budget_is_used_when_it_is_reached(budget: dict[str, Any], spent: dict[str, Any], reason: str | None) -> None:
    view = make_view(spec=make_spec(budget=budget), **spent)
    assert exhausted(view) == reason


@pytest.mark.parametrize(
    ("spent", "room"), [(0.0, True), (1.0, True), (1.01, False), (1.0 + 1e-10, True), (2.49, False), (2.5, False)]
)
def test_a_cost_budget_is_used_when_the_next_experiment_does_not_fit(spent: float, room: bool) -> None:
    view = make_view(spec=make_spec(TWO_STEPS, budget={"cost": 2.5}), cost=spent)
    assert affordable(view, 1.5) is room
    assert exhausted(view) == (None if room else NO_ROOM)


def test_where_the_strategy_chooses_the_stage_the_dearest_must_fit() -> None:
    """Cheap points that no dear one can follow would be money lost."""
    stages = [stage("model", step(cost=1), promote={"rule": "strategy"}), stage("bench", step(cost=10))]
    chosen, by_rule = (
        make_spec(*each, budget={"cost": 20}) for each in (stages, [stage("model", step(cost=1)), stages[1]])
    )
    assert exhausted(make_view(spec=chosen, cost=10)) is None
    assert exhausted(make_view(spec=chosen, cost=10.5)) == "budget of 20 cost units has no room for another experiment"
    assert exhausted(make_view(spec=by_rule, cost=10.5)) is None


def test_what_is_open_will_still_cost_what_its_remaining_steps_cost() -> None:
    waiting = make_proposal("awaiting-approval")
    first = make_proposal("running", make_job())
    second = make_proposal("running", make_job("active", make_attempt()))
    third = make_proposal("running", make_job(step=1))
    last = make_proposal("running", make_job("active", make_attempt(), step=1))
    spec = make_spec(TWO_STEPS, budget={"cost": 3})
    ahead = [make_view(each, spec=spec).cost_ahead for each in (waiting, first, second, third, last)]
    assert ahead == [1.5, 1.5, 0.5, 0.5, 0]
    assert make_view(waiting, second, spec=spec).cost_ahead == 2.0
    assert affordable(make_view(waiting, spec=spec), 1.5)
    assert not affordable(make_view(waiting, second, spec=spec), 1.5)
    assert not affordable(make_view(waiting, waiting, spec=spec), 0)
    assert affordable(make_view(waiting), 1e9)


def test_a_campaign_begins_with_its_whole_budget() -> None:
    assert exhausted(make_view(spec=make_spec(budget={"experiments": 1}))) is None
    assert exhausted(make_view(spec=make_spec(TWO_STEPS, budget={"cost": 1.5}))) is None


def test_with_its_budget_used_it_completes_when_nothing_is_open() -> None:
    assert decide_campaign(make_view(experiments=10), NOON) == [EndCampaign("complete", USED)]
    assert decide_campaign(make_view(experiments=9), NOON) == []
    assert decide_campaign(make_view(make_proposal(), experiments=10), NOON) == []
    assert decide_campaign(make_view(experiments=10, iteration_running=True), NOON) == []


def test_it_does_not_complete_before_what_ended_well_was_judged_for_the_next_stage() -> None:
    spec = make_spec(stage(), stage("large"))
    view = make_view(spec=spec, experiments=10, finished=(FinishedView("p-1", "bench"),))
    assert decide_campaign(view, NOON) == []


@pytest.mark.parametrize("state", ["stopping", "aborting"])
def test_it_ends_when_nothing_is_open_any_more(state: str) -> None:
    assert decide_campaign(make_view(state=state, reason="lunch"), NOON) == [EndCampaign("end", "lunch")]
    assert decide_campaign(make_view(state=state), NOON) == [EndCampaign("end", "by an operator")]
    assert decide_campaign(make_view(make_proposal(), state=state), NOON) == []
    assert decide_campaign(make_view(state=state, iteration_running=True), NOON) == []


@pytest.mark.parametrize("state", ["paused", "completed", "stopped", "aborted"])
def test_in_other_states_it_neither_stops_nor_ends(state: str) -> None:
    spec = make_spec(budget={"experiments": 10, "wall_time": 1})
    assert decide_campaign(make_view(state=state, experiments=10, spec=spec), later(2)) == []


def test_a_time_limit_stops_it_at_that_moment() -> None:
    view = make_view(spec=make_spec(budget={"wall_time": 60}))
    assert decide_campaign(view, later(59.9)) == []
    assert decide_campaign(view, later(60)) == [StopCampaign("wall_time", "wall time is used")]
    deadline = make_view(spec=make_spec(budget={"deadline": later(60).isoformat()}))
    assert decide_campaign(deadline, later(59)) == []
    assert decide_campaign(deadline, later(60)) == [StopCampaign("deadline", "deadline has passed")]


def test_the_earlier_of_two_time_limits_counts_and_is_named() -> None:
    early = make_view(spec=make_spec(budget={"deadline": later(10).isoformat(), "wall_time": 60}))
    assert time_limit(early) == later(10)
    assert stop_reached(early, later(11)) == StopCampaign("deadline", "deadline has passed")
    late = make_view(spec=make_spec(budget={"deadline": later(100).isoformat(), "wall_time": 60}))
    assert time_limit(late) == later(60)
    assert stop_reached(late, later(61)) == StopCampaign("wall_time", "wall time is used")
    assert time_limit(make_view()) is None
    assert stop_reached(make_view(), NOON + timedelta(days=9999)) is None


def test_wall_time_counts_from_the_start_of_the_campaign() -> None:
    view = make_view(spec=make_spec(budget={"wall_time": 60}), started_at=later(-50))
    assert time_limit(view) == later(10)


def test_a_stopping_rule_that_is_reached_stops_it() -> None:
    rules = [
        {"rule": "no_improvement", "experiments": 3},
        {"rule": "target_reached", "property": "yield", "comparison": ">=", "value": 90},
    ]
    spec = make_spec(stop=rules)
    assert decide_campaign(make_view(spec=spec), NOON) == []
    close = {"best": {"yield": 89.9}, "without_improvement": 2}
    assert decide_campaign(make_view(spec=spec, progress=close), NOON) == []
    good = make_view(spec=spec, progress={"best": {"yield": 90.0}})
    assert decide_campaign(good, NOON) == [StopCampaign("target_reached", "yield has reached 90 (>= 90)")]
    stuck = make_view(spec=spec, progress={"without_improvement": 3})
    assert decide_campaign(stuck, NOON) == [StopCampaign("no_improvement", "no improvement in 3 experiments")]


def test_stopping_comes_before_completing() -> None:
    view = make_view(spec=make_spec(budget={"experiments": 1, "wall_time": 1}), experiments=1)
    assert decide_campaign(view, later(1)) == [StopCampaign("wall_time", "wall time is used")]
