"""What was decided once is decided again, in every later version; and the scripts still take the same way."""

from datetime import datetime

import pytest

from controller.loop import CAMPAIGN, decide
from tests.controller.loop.histories import HISTORIES, dump_decision, load_recorded_view, read, record


@pytest.mark.parametrize("name", HISTORIES)
def test_recorded_decisions_are_decided_again(name: str) -> None:
    spec, _, steps = read(name)
    recorded = list(steps)
    assert len(recorded) >= 20
    for number, step in enumerate(recorded):
        now = datetime.fromisoformat(step["now"])
        assert dump_decision(decide(load_recorded_view(step["view"], spec), now)) == step["decision"], f"step {number}"


@pytest.mark.parametrize("name", HISTORIES)
def test_a_script_still_leads_to_its_recorded_history(name: str) -> None:
    spec, end, steps = read(name)
    again = record(name)
    assert again["end"] == end
    assert CAMPAIGN.final(end)
    assert again["steps"] == list(steps)
    assert spec == HISTORIES[name][0]
