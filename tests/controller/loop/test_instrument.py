"""Whether an instrument may be given work."""

from typing import Any

import pytest

from controller.loop import INSTRUMENT
from controller.loop.instrument import PRESENT, REMOVED, SAID, not_ready
from tests.controller.loop.views import NOON, later, make_resource

READY: dict[str, Any] = {
    "state": "online",
    "held": False,
    "wanted_paused": False,
    "described": True,
    "accepted": True,
    "armed_until": None,
    "simulated": True,
    "now": NOON,
}


def obstacle(**changes: Any) -> str | None:
    return not_ready(**{**READY, **changes})


def test_a_simulated_one_is_ready_without_arming() -> None:
    assert obstacle() is None


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"held": True}, "stopped by an e-stop until an operator resets it"),
        ({"state": "paused"}, "is paused"),
        ({"state": "removed"}, "is removed"),
        ({"state": "unseen"}, "is unseen"),
        ({"wanted_paused": True}, "paused by an operator"),
        ({"described": False}, "has sent no description"),
        ({"accepted": False}, "its description changed: an admin must accept it"),
        ({"simulated": False}, "is not armed"),
        ({"simulated": False, "armed_until": later(-1)}, "is not armed"),
        ({"simulated": False, "armed_until": NOON}, "is not armed"),
    ],
)
def test_what_keeps_it_from_work_is_said(changes: dict[str, Any], why: str) -> None:
    assert obstacle(**changes) == why


def test_a_real_one_works_as_long_as_it_is_armed() -> None:
    assert obstacle(simulated=False, armed_until=later(1)) is None
    assert obstacle(simulated=True, armed_until=later(-1)) is None


def test_an_estop_is_named_before_everything_else() -> None:
    everything = {"held": True, "state": "lost", "wanted_paused": True, "described": False, "accepted": False}
    assert obstacle(**everything) == "stopped by an e-stop until an operator resets it"
    assert obstacle(**{**everything, "held": False}) == "is lost"


def test_what_it_says_of_itself_leads_to_that_state() -> None:
    for state in set(INSTRUMENT.table) - {REMOVED}:
        assert {said: INSTRUMENT.next(state, event) for said, event in SAID.items()} == {each: each for each in SAID}


def test_only_one_that_is_present_can_fall_silent() -> None:
    assert set(PRESENT) == {state for state in INSTRUMENT.table if INSTRUMENT.allows(state, "miss")}
    assert {INSTRUMENT.next(state, "miss") for state in PRESENT} == {"lost"}


def test_room_for_one_more() -> None:
    assert make_resource(concurrency=2).takes(True, busy=1)
    assert not make_resource(concurrency=2).takes(True, busy=2)
    assert not make_resource(obstacle="is lost").takes(True, busy=0)
    assert not make_resource().takes(False, busy=0)
    assert make_resource(simulated=False).takes(False, busy=0)
    assert not make_resource(simulated=False).takes(True, busy=0)


def test_people_take_tasks_without_limit_in_simulated_and_real_campaigns() -> None:
    people = make_resource("people", simulated=None, concurrency=None)
    assert people.takes(True, busy=10_000)
    assert people.takes(False, busy=10_000)
