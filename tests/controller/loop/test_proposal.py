"""Approval by rule or by people, expiry, and the way through the steps."""

from collections import Counter
from typing import Any

import pytest

from controller.loop.actions import (
    ApproveByRule,
    CancelProposal,
    CompleteProposal,
    Dispatch,
    ExpireProposal,
    FailProposal,
    OpenJob,
    SubmitForApproval,
)
from controller.loop.occupancy import Occupancy
from controller.loop.proposal import decide_proposal, people_needed, unmet_rules
from controller.loop.view import CampaignView, ProposalView
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

RULES = [
    {"name": "cheap", "kind": "cost", "value": 5},
    {"name": "harmless", "kind": "hazard", "value": 1},
]
TRANSIENT = ["proposed", "awaiting-approval", "approved"]


NOBODY = Occupancy(Counter(), Counter())


def decided(view: CampaignView, proposal: ProposalView) -> list[Any]:
    """What becomes of the proposal itself; whether its new job finds a resource is said in test_decide."""
    actions = decide_proposal(view, proposal, NOON, Occupancy.of(view))
    return [action for action in actions if not isinstance(action, Dispatch)]


def has_room(view: CampaignView, stage: str) -> bool:
    return Occupancy.of(view).has_room(view, stage)


def under(approval: dict[str, Any]) -> CampaignView:
    return make_view(spec=make_spec(stage(approval=approval)))


@pytest.mark.parametrize(
    ("facts", "unmet"),
    [
        ({"cost": 5.0, "hazard": 1.0}, []),
        ({"cost": 0.0, "hazard": 0.0}, []),
        ({"cost": 5.1, "hazard": 1.0}, ["cheap"]),
        ({"cost": 5.0, "hazard": 2.0}, ["harmless"]),
        ({"cost": 9.0, "hazard": 9.0}, ["cheap", "harmless"]),
        ({"cost": 1.0}, ["harmless"]),
        ({}, ["cheap", "harmless"]),
    ],
)
def test_a_rule_approves_at_most_its_value_and_never_without_the_fact(
    facts: dict[str, float], unmet: list[str]
) -> None:
    view = under({"policy": "auto", "rules": RULES})
    proposal = make_proposal(facts=facts)
    assert unmet_rules(view, proposal) == unmet
    approved = [ApproveByRule("p-1", "cheap, harmless"), OpenJob("p-1", 0)]
    assert decided(view, proposal) == ([SubmitForApproval("p-1", None)] if unmet else approved)


def test_without_rules_auto_approves_under_its_own_name() -> None:
    assert decided(make_view(), make_proposal()) == [ApproveByRule("p-1", "auto"), OpenJob("p-1", 0)]


def test_approved_by_rule_it_still_waits_for_room_in_its_stage() -> None:
    view = make_view(
        make_proposal("running", id="other", job=make_job()), spec=make_spec(stage("bench", concurrency=1))
    )
    assert decided(view, make_proposal()) == [ApproveByRule("p-1", "auto")]


def test_a_hazard_for_two_people_is_never_approved_by_rule() -> None:
    assert decided(make_view(), make_proposal(needs_two_people=True)) == [SubmitForApproval("p-1", None)]


@pytest.mark.parametrize("policy", ["operator", "two-people"])
def test_people_are_given_the_time_of_the_stage(policy: str) -> None:
    view = under({"policy": policy, "deadline": 3600})
    assert decided(view, make_proposal()) == [SubmitForApproval("p-1", 3600.0)]


@pytest.mark.parametrize(
    ("policy", "hazardous", "people"),
    [("auto", False, 1), ("operator", False, 1), ("operator", True, 2), ("two-people", False, 2), ("auto", True, 2)],
)
def test_how_many_people_must_approve(policy: str, hazardous: bool, people: int) -> None:
    spec = make_spec(stage(approval={"policy": policy}))
    assert people_needed(spec.stages[0], hazardous) == people


def test_it_expires_at_its_deadline_and_not_before() -> None:
    waiting = make_proposal("awaiting-approval", deadline=later(60))
    assert decide_proposal(make_view(), waiting, later(59.9), NOBODY) == []
    assert decide_proposal(make_view(), waiting, later(60), NOBODY) == [ExpireProposal("p-1")]
    assert decide_proposal(make_view(), waiting, later(61), NOBODY) == [ExpireProposal("p-1")]
    assert decide_proposal(make_view(), make_proposal("awaiting-approval"), later(9e9), NOBODY) == []


def test_a_paused_campaign_lets_expire_and_begins_nothing() -> None:
    view = make_view(state="paused")
    assert decided(view, make_proposal("awaiting-approval", deadline=NOON)) == [ExpireProposal("p-1")]
    for state in TRANSIENT:
        assert decided(view, make_proposal(state)) == []


def test_only_one_that_waits_for_people_expires() -> None:
    approved = make_proposal("approved", deadline=later(-1))
    assert decided(make_view(approved), approved) == [OpenJob("p-1", 0)]


@pytest.mark.parametrize("state", ["stopping", "aborting"])
@pytest.mark.parametrize("proposal", TRANSIENT)
def test_what_has_not_begun_is_cancelled_at_the_end(state: str, proposal: str) -> None:
    assert decided(make_view(state=state), make_proposal(proposal)) == [CancelProposal("p-1")]


def test_what_runs_may_finish_while_stopping() -> None:
    view = make_view(state="stopping")
    assert decided(view, make_proposal("running", make_job("active", make_attempt()))) == []
    assert decided(view, make_proposal("running", make_job("succeeded"))) == [CompleteProposal("p-1")]


def test_an_abort_waits_for_the_attempt_under_way() -> None:
    view = make_view(state="aborting")
    assert decided(view, make_proposal("running", make_job("active", make_attempt()))) == []
    assert decided(view, make_proposal("running", make_job("cancelled"))) == [CancelProposal("p-1")]
    ended = make_job("active", make_attempt("cancelled"))
    assert decided(view, make_proposal("running", ended)) == [CancelProposal("p-1")]


def test_an_approved_one_begins_with_the_first_step() -> None:
    approved = make_proposal("approved")
    assert decided(make_view(approved), approved) == [OpenJob("p-1", 0)]


def test_concurrency_of_a_stage_counts_what_runs_there() -> None:
    spec = make_spec(stage(concurrency=2), stage("large", concurrency=1))
    one, two = make_proposal("running", id="a"), make_proposal("running", id="b")
    approved = make_proposal("approved", id="c")
    assert has_room(make_view(one, approved, spec=spec), "bench")
    assert not has_room(make_view(one, two, spec=spec), "bench")
    assert has_room(make_view(one, two, spec=spec), "large")
    assert decided(make_view(one, two, approved, spec=spec), approved) == []
    assert decided(make_view(one, approved, spec=spec), approved) == [OpenJob("c", 0)]
    assert has_room(make_view(*[one] * 50), "bench")


@pytest.mark.parametrize("state", ["waiting", "active"])
def test_it_waits_for_its_job(state: str) -> None:
    assert decided(make_view(), make_proposal("running", make_job(state))) == []
    assert decided(make_view(), make_proposal("running")) == []


def test_steps_follow_each_other() -> None:
    view = make_view(spec=make_spec(stage("bench", step("cook"), step("cool"), step("weigh"))))
    at = [make_proposal("running", make_job("succeeded", step=number)) for number in range(3)]
    assert [decided(view, proposal) for proposal in at] == [
        [OpenJob("p-1", 1)],
        [OpenJob("p-1", 2)],
        [CompleteProposal("p-1")],
    ]


def test_a_failed_step_ends_the_stage_with_its_kind_of_failure() -> None:
    view = make_view(spec=make_spec(stage("bench", step("cook"), step("weigh"))))
    for job, kind in (
        (make_job("failed", failure="invalid"), "invalid"),
        (make_job("failed"), "failed"),
        (make_job("cancelled"), "cancelled"),
    ):
        assert decided(view, make_proposal("running", job)) == [FailProposal("p-1", kind)]
