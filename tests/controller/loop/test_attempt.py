"""Silence, questions, doubt, and the end of an attempt that nobody can know."""

from datetime import datetime
from typing import Any

import pytest

from controller.loop import ATTEMPT
from controller.loop.actions import AbandonAttempt, AskInstrument, CancelAttempt, DoubtAttempt
from controller.loop.attempt import UNDER_WAY, ask_at, decide_attempt, grace, wake_for
from controller.loop.view import AttemptView, CampaignView
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

SILENT = "no answer within the time limit of the step"
ID = "job-1-1"


def decided(attempt: AttemptView, now: datetime = NOON, view: CampaignView | None = None) -> list[Any]:
    proposal = make_proposal("running", make_job("active", attempt))
    return decide_attempt(view or make_view(), proposal, attempt, now)


def retrying(**changes: Any) -> CampaignView:
    return make_view(spec=make_spec(stage("bench", step(on_unknown="retry"))), **changes)


def test_what_has_no_end_yet_takes_up_room_unless_people_or_files_are_waited_for() -> None:
    assert set(UNDER_WAY) == ATTEMPT.open_states - {"doubtful", "analysing"}


@pytest.mark.parametrize(("timeout", "seconds"), [(1, 30), (60, 30), (100, 50), (1000, 500)])
def test_an_answer_may_be_half_the_time_limit_late(timeout: float, seconds: float) -> None:
    assert grace(timeout).total_seconds() == seconds


def test_silence_on_a_request_is_asked_after_soon() -> None:
    assert ask_at(make_attempt("sent")) == later(5)
    assert decided(make_attempt("sent"), later(4.9)) == []
    assert decided(make_attempt("sent"), later(5)) == [AskInstrument(ID)]


@pytest.mark.parametrize("state", ["created", "accepted", "running"])
def test_work_is_asked_after_when_its_time_is_over(state: str) -> None:
    assert decided(make_attempt(state), later(199.9)) == []
    assert decided(make_attempt(state), later(200)) == [AskInstrument(ID)]


def test_a_question_is_repeated_after_ten_seconds() -> None:
    asked = make_attempt("sent", asked_at=later(5))
    assert ask_at(asked) == later(15)
    assert decided(asked, later(14.9)) == []
    assert decided(asked, later(15)) == [AskInstrument(ID)]
    assert ask_at(make_attempt("running", asked_at=later(5))) == later(200)


def test_only_an_instrument_that_can_hear_is_asked() -> None:
    silent = make_attempt("sent")
    for there in ({}, {"stove": make_resource(present=False)}, {"other": make_resource("other")}):
        assert decided(silent, later(10), make_view(resources=there)) == []
    busy = {"stove": make_resource(busy=1, obstacle="paused by an operator")}
    assert decided(silent, later(10), make_view(resources=busy)) == [AskInstrument(ID)]


@pytest.mark.parametrize("state", ["created", "sent", "accepted", "running"])
def test_what_stays_silent_is_in_doubt_or_given_up(state: str) -> None:
    attempt = make_attempt(state, asked_at=later(249.9))
    assert decided(attempt, later(249.9)) == []
    assert decided(attempt, later(250)) == [DoubtAttempt(ID, SILENT)]
    assert decided(attempt, later(250), retrying()) == [AbandonAttempt(ID, SILENT)]
    absent = make_view(resources={})
    assert decided(attempt, later(251), absent) == [DoubtAttempt(ID, SILENT)]


def test_the_time_limit_is_that_of_its_own_step() -> None:
    spec = make_spec(stage("bench", step("cook"), step("weigh", timeout=1000, on_unknown="retry")))
    attempt = make_attempt(asked_at=later(695))
    proposal = make_proposal("running", make_job("active", attempt, step=1))
    assert decide_attempt(make_view(spec=spec), proposal, attempt, later(699)) == []
    assert decide_attempt(make_view(spec=spec), proposal, attempt, later(700)) == [AbandonAttempt(ID, SILENT)]


def test_what_nobody_can_know_is_in_doubt_or_given_up_at_once() -> None:
    unknown = make_attempt(unknown="it broke off")
    assert decided(unknown) == [DoubtAttempt(ID, "it broke off")]
    assert decided(unknown, view=retrying()) == [AbandonAttempt(ID, "it broke off")]
    assert decided(unknown, view=make_view(state="aborting")) == [DoubtAttempt(ID, "it broke off")]


def test_a_doubt_is_left_to_people_but_ends_with_an_abort() -> None:
    doubtful = make_attempt("doubtful", doubt="it broke off", unknown="old")
    assert decided(doubtful, later(9e9)) == []
    assert decided(doubtful, view=retrying()) == []
    assert decided(doubtful, view=make_view(state="aborting")) == [AbandonAttempt(ID, "it broke off")]
    assert decided(make_attempt("doubtful"), view=make_view(state="aborting")) == [AbandonAttempt(ID, "lost")]


def test_an_abort_cancels_once_and_then_waits_for_the_answer() -> None:
    aborting = make_view(state="aborting")
    assert decided(make_attempt(), view=aborting) == [CancelAttempt(ID)]
    assert decided(make_attempt(), later(999), aborting) == [CancelAttempt(ID)]
    asked = make_attempt(cancel_asked=True)
    assert decided(asked, view=aborting) == []
    assert decided(asked, later(200), aborting) == [AskInstrument(ID)]
    assert decided(asked, later(250), aborting) == [DoubtAttempt(ID, SILENT)]


@pytest.mark.parametrize("state", ["running", "paused", "stopping"])
def test_nothing_else_cancels(state: str) -> None:
    assert decided(make_attempt(), view=make_view(state=state)) == []


def test_it_wants_to_be_looked_at_when_there_is_something_to_ask_and_when_it_is_lost() -> None:
    assert wake_for(100, make_attempt("sent")) == (later(5), later(250))
    assert wake_for(100, make_attempt()) == (later(200), later(250))
