"""Before something is done to a campaign, people read what happens to what is in flight."""

from typing import Any

import pytest

from controller.console.campaign_dialogs import told
from controller.loop.proposal import PROPOSAL

CHANGES = ("pause", "resume", "stop", "abort", "amend")
NOTHING: dict[str, Any] = {
    "attempts": {},
    "doubtful": 0,
    "analysing": 0,
    "proposals": {},
    "iterating": False,
    "paused_steps": [],
}


@pytest.mark.parametrize("change", CHANGES)
def test_everything_open_is_told_of(change: str) -> None:
    proposals = {state: 11 + place for place, state in enumerate(sorted(PROPOSAL.open_states))}
    flight = {
        **NOTHING,
        "attempts": {"reactor-1": 2, "reactor-2": 1},
        "doubtful": 4,
        "analysing": 5,
        "proposals": proposals,
        "iterating": True,
    }
    lines = told(change, flight).splitlines()
    assert len(lines) == 1 + 3 + len(proposals) + 1
    assert "3 (2 on reactor-1, 1 on reactor-2)" in lines[1]
    for number in (4, 5, *proposals.values()):
        assert any(f" {number}. " in line for line in lines)


def test_nothing_in_flight_is_said() -> None:
    assert told("stop", NOTHING).endswith("Nothing is in flight.")


def test_what_is_lost_differs() -> None:
    flight = {**NOTHING, "attempts": {"reactor-1": 1}, "proposals": {"approved": 1}}
    assert "their results count" in told("stop", flight)
    assert "marked late" in told("abort", flight)
    assert "They are cancelled" in told("stop", flight)
    assert "begin after Resume" in told("pause", flight)


def test_resuming_tells_which_steps_go_on() -> None:
    assert "flow/react" in told("resume", {**NOTHING, "paused_steps": ["flow/react"]})
