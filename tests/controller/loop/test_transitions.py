"""The tables are what their published diagram says, and each is whole in itself."""

import pytest

from controller.loop import TABLES, ForbiddenTransition, Transitions
from controller.loop.diagram import DOCUMENT, render

LAMP = Transitions("lamp", "off", {"off": {"press": "on", "break": "broken"}, "on": {"press": "off"}, "broken": {}})


def test_the_diagram_is_current() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == render(), "run: python -m controller.loop.diagram"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.thing)
def test_every_state_is_known_and_can_be_reached(table: Transitions) -> None:
    reached, waiting = {table.initial}, [table.initial]
    while waiting:
        for after in table.table[waiting.pop()].values():
            if after not in reached:
                reached.add(after)
                waiting.append(after)
    assert reached == set(table.table)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.thing)
def test_an_event_leads_to_one_state_wherever_it_happens(table: Transitions) -> None:
    for event in {event for events in table.table.values() for event in events} - {"end"}:
        assert len({events[event] for events in table.table.values() if event in events}) == 1


def test_an_event_leads_on_or_is_refused_by_name() -> None:
    assert LAMP.next("off", "press") == "on"
    assert LAMP.allows("off", "break")
    assert not LAMP.allows("on", "break")
    with pytest.raises(ForbiddenTransition, match="lamp is on: 'break' is not possible"):
        LAMP.next("on", "break")
    with pytest.raises(KeyError):
        LAMP.allows("dim", "press")


def test_a_state_without_events_is_final() -> None:
    assert LAMP.final("broken")
    assert not LAMP.final("off")
    assert LAMP.open_states == {"off", "on"}
