"""Dispatch, conclusions, retries and the circuit breaker."""

from typing import Any

import pytest

from controller.loop.actions import CancelJob, Dispatch, FailJob, PauseStep, RetryJob, SucceedJob
from controller.loop.job import decide_breakers, decide_job, open_attempts
from controller.loop.occupancy import Occupancy
from controller.loop.view import CampaignView, JobView
from tests.controller.loop.views import (
    NOON,
    later,
    make_attempt,
    make_job,
    make_proposal,
    make_resource,
    make_spec,
    make_view,
    stage,
    step,
)

RAN = ["failed", "cancelled", "abandoned"]


def decided(view: CampaignView, job: JobView, proposal: str = "running") -> list[Any]:
    return decide_job(view, make_proposal(proposal, job), job, NOON, Occupancy.of(view))


def ended(failure: str | None = None, state: str = "failed", tries: int = 1, spent: int = 0, **changes: Any) -> JobView:
    return make_job("active", make_attempt(state, failure=failure, **changes), tries=tries, spent=spent)


def with_retries(retries: int, **changes: Any) -> CampaignView:
    return make_view(spec=make_spec(stage("bench", step(retries=retries))), **changes)


def test_a_waiting_job_goes_to_a_ready_instrument() -> None:
    assert decided(make_view(), make_job()) == [Dispatch("job-1", "stove")]


@pytest.mark.parametrize(
    "there",
    [
        {"obstacle": "is lost"},
        {"busy": 1},
        {"busy": 3, "concurrency": 2},
        {"simulated": False},
    ],
)
def test_an_instrument_that_is_not_ready_gets_nothing(there: dict[str, Any]) -> None:
    assert decided(make_view(resources={"stove": make_resource(**there)}), make_job()) == []
    assert decided(make_view(resources={}), make_job()) == []


def test_a_real_campaign_takes_real_instruments_only() -> None:
    real = make_view(simulated=False, resources={"stove": make_resource(simulated=False)})
    assert decided(real, make_job()) == [Dispatch("job-1", "stove")]
    assert decided(make_view(simulated=False), make_job()) == []


def test_the_least_busy_one_is_chosen_and_the_first_in_the_file_among_equals() -> None:
    spec = make_spec(stage("bench", step(instruments=["b", "a", "c"])))
    there = {name: make_resource(name, concurrency=5, busy=busy) for name, busy in (("a", 2), ("b", 2), ("c", 1))}
    assert decided(make_view(spec=spec, resources=there), make_job()) == [Dispatch("job-1", "c")]
    there["c"] = make_resource("c", concurrency=5, busy=2)
    assert decided(make_view(spec=spec, resources=there), make_job()) == [Dispatch("job-1", "b")]
    there["d"] = make_resource("d")
    assert decided(make_view(spec=spec, resources=there), make_job()) == [Dispatch("job-1", "b")]


def test_it_is_not_sent_again_before_its_pause_is_over() -> None:
    assert decided(make_view(), make_job(not_before=later(0.1))) == []
    assert decided(make_view(), make_job(not_before=NOON)) == [Dispatch("job-1", "stove")]
    assert decided(make_view(), make_job(not_before=later(60))) == []
    assert decided(make_view(), make_job(not_before=later(3600))) == [Dispatch("job-1", "stove")], "clock set back"


@pytest.mark.parametrize(
    "changes", [{"state": "paused"}, {"halted": True}, {"paused_steps": frozenset(["bench/cook"])}]
)
def test_nothing_is_dispatched_while_paused_halted_or_broken(changes: dict[str, Any]) -> None:
    assert decided(make_view(**changes), make_job()) == []


def test_the_pause_of_another_step_is_no_obstacle() -> None:
    assert decided(make_view(paused_steps=frozenset(["bench/weigh"])), make_job()) == [Dispatch("job-1", "stove")]


def test_while_stopping_only_what_has_begun_goes_on() -> None:
    assert decided(make_view(state="stopping"), make_job()) == [Dispatch("job-1", "stove")]
    assert decided(make_view(state="stopping"), make_job(), proposal="approved") == []


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
def test_an_ended_job_wants_nothing(state: str) -> None:
    for campaign in ("running", "aborting"):
        assert decided(make_view(state=campaign), make_job(state)) == []


@pytest.mark.parametrize("state", ["created", "sent", "accepted", "running", "doubtful"])
def test_it_waits_for_an_open_attempt(state: str) -> None:
    assert decided(make_view(), make_job("active", make_attempt(state))) == []
    assert decided(make_view(), make_job("active")) == []


def test_a_result_ends_it_well_also_while_aborting() -> None:
    for state in ("running", "paused", "stopping", "aborting"):
        assert decided(make_view(state=state), ended(state="succeeded")) == [SucceedJob("job-1")]


def test_an_abort_cancels_it() -> None:
    view = with_retries(5, state="aborting")
    assert decided(view, make_job()) == [CancelJob("job-1")]
    assert decided(view, ended("failed-measurement")) == [CancelJob("job-1")]


@pytest.mark.parametrize("state", RAN)
def test_without_retries_it_fails_with_the_kind_of_the_attempt(state: str) -> None:
    assert decided(make_view(), ended("failed-measurement", state)) == [FailJob("job-1", "failed-measurement")]
    assert decided(make_view(), ended(None, state)) == [FailJob("job-1", "lost")]


@pytest.mark.parametrize(("spent", "again"), [(0, True), (1, True), (2, False), (3, False)])
def test_it_is_tried_again_as_often_as_the_step_says(spent: int, again: bool) -> None:
    expected = RetryJob("job-1", "lost", later(7)) if again else FailJob("job-1", "lost")
    assert decided(with_retries(2), ended("lost", tries=7, spent=spent)) == [expected]


def test_a_job_begins_with_all_its_retries() -> None:
    first = make_job("active", make_attempt("abandoned"))
    assert decided(with_retries(1), first) == [RetryJob("job-1", "lost", later(1))]


@pytest.mark.parametrize("state", ["expired", "refused"])
def test_what_never_ran_is_sent_again_without_spending_a_retry(state: str) -> None:
    job = make_job("active", make_attempt(state, failure=state), tries=9, spent=9)
    assert decided(make_view(), job) == [RetryJob("job-1", state, later(9), spends=False)]
    final = make_job("active", make_attempt(state, failure=state, final=True))
    assert decided(with_retries(5), final) == [FailJob("job-1", state)]
    assert decided(with_retries(5, state="aborting"), job) == [CancelJob("job-1")]


def test_what_was_cancelled_before_it_began_spends_no_retry_but_what_ended_otherwise_does() -> None:
    asked = {state: ended("lost", state, spent=9, cancel_asked=True) for state in RAN}
    assert decided(make_view(), asked["cancelled"]) == [RetryJob("job-1", "lost", later(1), spends=False)]
    assert decided(make_view(), asked["failed"]) == [FailJob("job-1", "lost")]
    assert decided(make_view(), asked["abandoned"]) == [FailJob("job-1", "lost")]


@pytest.mark.parametrize(("tries", "pause"), [(1, 1), (2, 2), (59, 59), (60, 60), (61, 60), (99, 60)])
def test_the_pause_grows_to_a_minute(tries: int, pause: int) -> None:
    assert decided(with_retries(100), ended("lost", tries=tries)) == [RetryJob("job-1", "lost", later(pause))]


@pytest.mark.parametrize("kind", ["failed-synthesis", "invalid"])
def test_what_says_something_about_the_candidate_is_not_tried_again(kind: str) -> None:
    assert decided(with_retries(5), ended(kind)) == [FailJob("job-1", kind)]


def test_a_failed_measurement_is_tried_again() -> None:
    assert decided(with_retries(1), ended("failed-measurement")) == [RetryJob("job-1", "failed-measurement", later(1))]


def test_what_an_operator_or_instrument_calls_final_stays_failed() -> None:
    assert decided(with_retries(5), ended("refused", final=True)) == [FailJob("job-1", "refused")]


def test_an_operator_may_have_it_repeated_beyond_all_retries() -> None:
    job = ended("invalid", "abandoned", tries=9, spent=9, repeat=True)
    assert decided(make_view(), job) == [RetryJob("job-1", "repeat", later(9), spends=False)]


BOTH = [PauseStep("bench/cook", "lost"), PauseStep("bench/weigh", "lost")]
TWO_STEPS = make_spec(stage("bench", step("cook", breaker=3), step("weigh", breaker=1)))


@pytest.mark.parametrize(
    ("failures", "pauses"),
    [
        ({}, []),
        ({"bench/cook": {"lost": 2}}, []),
        ({"bench/cook": {"lost": 2, "invalid": 2}}, []),
        ({"bench/cook": {"lost": 3}}, [PauseStep("bench/cook", "lost")]),
        ({"bench/cook": {"lost": 1, "invalid": 4}}, [PauseStep("bench/cook", "invalid")]),
        ({"bench/cook": {"lost": 2}, "bench/weigh": {"refused": 1}}, [PauseStep("bench/weigh", "refused")]),
        (
            {"bench/cook": {"lost": 3}, "bench/weigh": {"lost": 1}},
            [PauseStep("bench/cook", "lost"), PauseStep("bench/weigh", "lost")],
        ),
        ({"gone": {"lost": 99}}, []),
    ],
)
def test_too_many_failures_of_one_kind_pause_that_step(failures: dict[str, dict[str, int]], pauses: list[Any]) -> None:
    assert decide_breakers(make_view(spec=TWO_STEPS, failures=failures)) == pauses


def test_a_step_is_paused_once() -> None:
    view = make_view(spec=TWO_STEPS, failures={"bench/cook": {"lost": 5}, "bench/weigh": {"lost": 5}})
    assert decide_breakers(
        make_view(spec=TWO_STEPS, failures=view.failures, paused_steps=frozenset(["bench/cook"]))
    ) == [PauseStep("bench/weigh", "lost")]


def test_a_step_of_a_later_stage_breaks_too() -> None:
    spec = make_spec(stage(), stage("large", step("weigh", breaker=2)))
    assert decide_breakers(make_view(spec=spec, failures={"large/weigh": {"lost": 2}})) == [
        PauseStep("large/weigh", "lost")
    ]
    assert decide_breakers(make_view(spec=spec, failures={"bench/weigh": {"lost": 2}})) == []


def test_open_attempts_are_those_without_an_end() -> None:
    at_work = make_proposal("running", make_job("active", make_attempt("sent")), id="a")
    done = make_proposal("running", make_job("active", make_attempt("failed")), id="b")
    waiting = make_proposal("running", make_job(), id="c")
    view = make_view(at_work, done, waiting, make_proposal(id="d"))
    assert [proposal.id for proposal, _ in open_attempts(view)] == ["a"]
