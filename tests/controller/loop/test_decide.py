"""The composition: how much is proposed, what waits for the next view, and when to be asked again."""

from datetime import timedelta
from typing import Any

import pytest

from controller.loop import decide
from controller.loop.actions import (
    ApproveByRule,
    AskInstrument,
    CancelAttempt,
    CompleteProposal,
    Dispatch,
    EndCampaign,
    FailJob,
    FailProposal,
    OpenJob,
    PauseStep,
    Promote,
    RetryJob,
    StartIteration,
    StopCampaign,
    SucceedJob,
)
from controller.loop.decide import room
from controller.loop.view import CampaignView, FinishedView
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

OFFICE = [{"days": ["wed"], "from": "08:00", "to": "18:00"}]


def actions(view: CampaignView, seconds: float = 0) -> list[Any]:
    return decide(view, later(seconds)).actions


def running(number: int, job: Any) -> Any:
    return make_proposal("running", job, id=f"p-{number}")


@pytest.mark.parametrize(
    ("spec", "open_", "experiments", "n"),
    [
        ({"parallel": 1}, 0, 0, 1),
        ({"parallel": 4}, 0, 0, 4),
        ({"parallel": 4}, 1, 1, 3),
        ({"parallel": 4}, 4, 4, 0),
        ({"parallel": 4}, 6, 6, 0),
        ({"parallel": 4}, 0, 8, 2),
        ({"parallel": 4}, 0, 10, 0),
        ({"parallel": 4, "strategy": {"name": "random", "batch": 3}}, 0, 0, 3),
        ({"parallel": 4, "strategy": {"name": "random", "batch": 3}}, 2, 2, 2),
        ({"parallel": 4, "strategy": {"name": "random", "batch": 9}}, 0, 0, 4),
        ({"parallel": 4, "budget": {"cost": 5}}, 1, 999, 3),
        ({"parallel": 4, "budget": {"cost": 3.5}, "stages": [stage("bench", step(cost=1))]}, 1, 1, 2),
        ({"parallel": 4, "budget": {"cost": 3}, "stages": [stage("bench", step(cost=1))]}, 1, 1, 2),
        ({"parallel": 4, "budget": {"cost": 2}, "stages": [stage("bench", step(cost=1))]}, 1, 1, 1),
        ({"parallel": 10_000, "budget": {"cost": 3, "experiments": 10_000_000}}, 0, 0, 10_000),
    ],
)
def test_room_is_what_parallel_budget_and_batch_leave(spec: Any, open_: int, experiments: int, n: int) -> None:
    proposals = [make_proposal("awaiting-approval", id=str(number)) for number in range(open_)]
    view = make_view(*proposals, spec=make_spec(**spec), experiments=experiments)
    assert room(view) == n
    assert actions(view) == (
        [StartIteration(n)] if n else [EndCampaign("complete", "budget of 10 experiments is used")] if not open_ else []
    )


@pytest.mark.parametrize(
    "changes", [{"state": "paused"}, {"iteration_running": True}, {"halted": True}, {"pool_exhausted": True}]
)
def test_nothing_is_proposed_while_something_is_in_the_way(changes: dict[str, Any]) -> None:
    waiting = make_proposal("awaiting-approval")
    spec = make_spec(parallel=5)
    assert actions(make_view(waiting, spec=spec)) == [StartIteration(4)]
    assert actions(make_view(waiting, spec=spec, **changes)) == []


@pytest.mark.parametrize("budget", [1, 1.5])
def test_nothing_is_proposed_that_the_cost_budget_has_no_room_for(budget: float) -> None:
    spec = make_spec(stage("bench", step(cost=1)), parallel=5, budget={"cost": budget})
    assert actions(make_view(make_proposal("awaiting-approval"), spec=spec)) == []


def test_proposals_are_made_within_windows_only() -> None:
    view = make_view(spec=make_spec(windows=OFFICE))
    assert actions(view) == [StartIteration(1)]
    evening = timedelta(hours=6)
    assert decide(view, NOON + evening).actions == []
    assert decide(view, NOON + evening).wake_at == NOON + timedelta(days=6, hours=20)
    paused = make_view(spec=make_spec(windows=OFFICE), state="paused")
    assert decide(paused, NOON + evening).wake_at is None
    inside = make_view(make_proposal("awaiting-approval"), spec=make_spec(windows=OFFICE))
    assert decide(inside, NOON).wake_at is None


def test_work_goes_on_outside_of_windows() -> None:
    view = make_view(running(1, make_job()), spec=make_spec(windows=OFFICE))
    assert decide(view, NOON + timedelta(hours=6)).actions == [Dispatch("job-1", "stove")]


def test_stopping_comes_before_everything() -> None:
    view = make_view(make_proposal(), running(2, make_job()), spec=make_spec(budget={"wall_time": 1}))
    assert decide(view, later(1)).actions == [StopCampaign("wall_time", "wall time is used")]
    assert decide(view, later(1)).wake_at is None


def test_a_step_that_breaks_comes_before_its_next_dispatch() -> None:
    spec = make_spec(stage("bench", step(breaker=2)))
    broken = make_view(running(1, make_job()), spec=spec, failures={"bench/cook": {"lost": 2}})
    assert actions(broken) == [PauseStep("bench/cook", "lost")]


def test_a_failure_is_counted_before_anything_else_is_dispatched() -> None:
    spec = make_spec(stage("bench", step(retries=1)), parallel=2)
    waiting = running(2, make_job(id="job-2"))
    for spent, conclusions in (
        (0, [RetryJob("job-1", "lost", later(1))]),
        (1, [FailJob("job-1", "lost"), FailProposal("p-1", "lost")]),
    ):
        failed = running(1, make_job("active", make_attempt("abandoned"), spent=spent))
        assert actions(make_view(failed, waiting, spec=spec)) == conclusions
        assert actions(make_view(waiting, failed, spec=spec)) == conclusions


def test_a_step_that_is_done_leads_on_in_the_same_decision() -> None:
    spec = make_spec(stage("bench", step("cook"), step("taste")))
    done = running(1, make_job("active", make_attempt("succeeded", open=False)))
    assert actions(make_view(done, spec=spec)) == [SucceedJob("job-1"), OpenJob("p-1", 1), Dispatch("p-1-2", "stove")]
    full = {"stove": make_resource(busy=1)}
    assert actions(make_view(done, spec=spec, resources=full)) == [SucceedJob("job-1"), OpenJob("p-1", 1)]
    last = running(1, make_job("active", make_attempt("succeeded", open=False), step=1))
    assert actions(make_view(last, spec=spec)) == [SucceedJob("job-1"), CompleteProposal("p-1")]


def test_work_is_handed_out_until_the_resources_are_full() -> None:
    spec = make_spec(stage("bench", step(instruments=["stove", "oven"])), parallel=9)
    waiting = [running(number, make_job(id=f"job-{number}")) for number in (1, 2)]
    approved = [make_proposal("approved", id=f"a-{number}") for number in (1, 2, 3)]
    there = {"stove": make_resource(concurrency=2), "oven": make_resource("oven", concurrency=3, busy=1)}
    view = make_view(*waiting, *approved, spec=spec, resources=there, experiments=10)
    assert actions(view) == [
        Dispatch("job-1", "stove"),
        Dispatch("job-2", "stove"),
        OpenJob("a-1", 0),
        Dispatch("a-1-1", "oven"),
        OpenJob("a-2", 0),
        Dispatch("a-2-1", "oven"),
        OpenJob("a-3", 0),
    ]


def test_proposals_are_begun_until_the_stage_is_full() -> None:
    spec = make_spec(stage("bench", concurrency=2), parallel=9)
    approved = [make_proposal("approved", id=f"a-{number}") for number in (1, 2, 3)]
    view = make_view(*approved, spec=spec, resources={}, experiments=10)
    assert actions(view) == [OpenJob("a-1", 0), OpenJob("a-2", 0)]


def test_thousands_of_open_proposals_are_handed_out_in_one_decision() -> None:
    spec = make_spec(parallel=5000, budget={"experiments": 5000})
    approved = [make_proposal("approved", id=f"a-{number}") for number in range(5000)]
    view = make_view(*approved, spec=spec, resources={"stove": make_resource(concurrency=5000)}, experiments=5000)
    assert len(actions(view)) == 10_000


def test_every_other_action_of_all_proposals_is_kept() -> None:
    view = make_view(make_proposal(id="a"), make_proposal(id="b"), running(1, make_job("succeeded")))
    first = [ApproveByRule("a", "auto"), OpenJob("a", 0), Dispatch("a-1", "stove")]
    assert actions(view) == [*first, ApproveByRule("b", "auto"), OpenJob("b", 0), CompleteProposal("p-1")]


def test_what_is_promoted_takes_its_room_before_new_candidates() -> None:
    spec = make_spec(stage(), stage("large"))
    view = make_view(spec=spec, finished=(FinishedView("p-1", "bench"),))
    assert actions(view) == [Promote("p-1")]


def test_attempts_are_looked_after() -> None:
    sent = running(1, make_job("active", make_attempt("sent")))
    assert actions(make_view(sent), 5) == [AskInstrument("job-1-1")]
    assert actions(make_view(sent, state="aborting")) == [CancelAttempt("job-1-1")]
    ended = running(1, make_job("failed", make_attempt("sent", open=False), failure="lost"))
    assert AskInstrument("job-1-1") not in actions(make_view(ended), 5)


def test_it_wakes_for_the_nearest_moment_to_come() -> None:
    spec = make_spec(budget={"wall_time": 1000, "experiments": 1})
    waiting = make_proposal("awaiting-approval", deadline=later(300), id="a")
    retried = running(2, make_job(not_before=later(60), id="job-2"))
    sent = running(3, make_job("active", make_attempt("sent"), id="job-3"))
    assert decide(make_view(spec=spec, state="paused"), NOON).wake_at == later(1000)
    assert decide(make_view(waiting, spec=spec), NOON).wake_at == later(300)
    assert decide(make_view(waiting, retried, spec=spec), NOON).wake_at == later(60)
    assert decide(make_view(waiting, retried, sent, spec=spec), NOON).wake_at == later(5)
    assert decide(make_view(waiting, retried, spec=spec), later(60)).wake_at == later(300)


def test_it_wakes_to_give_up_what_nobody_could_be_asked_about() -> None:
    silent = running(1, make_job("active", make_attempt("sent")))
    absent = {"stove": make_resource(present=False)}
    assert decide(make_view(silent, resources=absent), later(6)).wake_at == later(250)


def test_a_doubt_wakes_nobody() -> None:
    doubtful = running(1, make_job("active", make_attempt("doubtful")))
    assert decide(make_view(doubtful), NOON).wake_at is None


def test_the_time_limit_of_the_step_at_work_counts() -> None:
    spec = make_spec(stage("bench", step("cook"), step("weigh", timeout=1000)))
    asked = make_attempt(asked_at=later(695))
    second = running(1, make_job("active", asked, step=1))
    assert decide(make_view(second, spec=spec, resources={}), later(698)).wake_at == later(700)
    assert decide(make_view(second, spec=spec), later(698)).wake_at == later(700)


def test_a_decision_is_the_same_every_time() -> None:
    view = make_view(make_proposal(), running(1, make_job()))
    assert decide(view, NOON) == decide(view, NOON)
