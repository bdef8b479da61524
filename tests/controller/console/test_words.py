"""What a person reads on the pages is no programmer's name."""

import re
from pathlib import Path

import pytest

import controller
from controller.console.shown import event_kind, plain
from controller.console.texts import known
from controller.loop.attempt import ATTEMPT
from controller.loop.campaign import CAMPAIGN
from controller.loop.instrument import INSTRUMENT
from controller.loop.job import JOB
from controller.loop.proposal import PROPOSAL
from controller.loop.transitions import Transitions

RECORDED = re.compile(r'\.record\(\s*"([a-z.-]+)"')


@pytest.mark.parametrize("life", [ATTEMPT, CAMPAIGN, JOB, PROPOSAL], ids=lambda life: life.thing)
def test_every_step_of_a_life_has_words(life: Transitions) -> None:
    kinds = {f"{life.thing}-{event}" for events in life.table.values() for event in events}
    assert [kind for kind in sorted(kinds) if not known(f"kinds.{kind}")] == []


def test_every_kind_of_event_that_is_recorded_has_words() -> None:
    files = Path(controller.__file__).parent.rglob("*.py")
    kinds = {kind for file in files for kind in RECORDED.findall(file.read_text(encoding="utf-8"))}
    assert len(kinds) > 30
    assert [kind for kind in sorted(kinds) if event_kind(kind) == kind] == []


def test_every_state_of_an_instrument_has_words() -> None:
    assert [state for state in INSTRUMENT.table if not known(f"states.{state}")] == []


def test_what_has_no_words_stays_as_it_is() -> None:
    assert event_kind("test.evil") == "test.evil"


def test_names_are_written_as_words() -> None:
    assert plain("residence_time") == "residence time"
