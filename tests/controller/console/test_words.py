"""What a person reads on the pages is no programmer's name."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import controller
from controller.console.pages.events import fits
from controller.console.shown import event_kind, plain
from controller.console.texts import known
from controller.loop.attempt import ATTEMPT
from controller.loop.campaign import CAMPAIGN
from controller.loop.instrument import INSTRUMENT
from controller.loop.job import JOB
from controller.loop.proposal import PROPOSAL

LIVES = (ATTEMPT, CAMPAIGN, JOB, PROPOSAL)


def event_kinds() -> set[str]:
    """All kinds of events, as they stand in keys: those that are recorded by name, and the steps of lives."""
    files = Path(controller.__file__).parent.rglob("*.py")
    named = {kind for file in files for kind in _recorded(ast.parse(file.read_text(encoding="utf-8")))}
    assert len(named) > 30
    steps = {f"{life.thing}-{event}" for life in LIVES for events in life.table.values() for event in events}
    return {kind.replace(".", "-") for kind in named} | steps


def _recorded(module: ast.Module) -> Iterator[str]:
    for call in (node for node in ast.walk(module) if isinstance(node, ast.Call) and node.args):
        if isinstance(call.func, ast.Attribute) and call.func.attr == "record":
            kinds = [call.args[0].body, call.args[0].orelse] if isinstance(call.args[0], ast.IfExp) else call.args[:1]
            yield from (str(each.value) for each in kinds if isinstance(each, ast.Constant))


def test_every_kind_of_event_has_words() -> None:
    assert [kind for kind in sorted(event_kinds()) if not known(f"kinds.{kind}")] == []
    assert event_kind("attempt.fail") == "failed"


@pytest.mark.parametrize(
    ("text", "kind", "meant"),
    [
        ("Emergency", "estop.reset", True),
        ("estop", "estop.reset", True),
        ("step", "job.dispatch", True),
        ("instrument resumed", "instrument.resume", True),
        ("instrument resumed", "instrument.pause", False),
        ("test.", "test.many", True),
        ("nothing", "job.dispatch", False),
    ],
)
def test_a_kind_is_found_by_what_is_shown(text: str, kind: str, meant: bool) -> None:
    assert fits(kind, text) is meant


def test_every_state_of_an_instrument_has_words() -> None:
    assert [state for state in INSTRUMENT.table if not known(f"states.{state}")] == []


def test_what_has_no_words_stays_as_it_is() -> None:
    assert event_kind("test.evil") == "test.evil"


def test_names_are_written_as_words() -> None:
    assert plain("residence_time") == "residence time"
