"""What pages show together is read once after a commit; and the more they work, the longer they rest."""

import pytest
from sqlmodel import Session

from controller.console import looks as module
from controller.console.looks import BREATH_S, LONGEST_BREATH_S, REST, Look, Looks, looking, shared
from controller.serving import Bell


def seen(look: Look, found: list[str]) -> str:
    """What a page shows of a session of its own."""
    with Session() as session:
        return shared(looking(session, look), "what", lambda: found.pop(0))


def test_pages_that_look_after_the_same_commit_read_once() -> None:
    looks, found = Looks(Bell()), ["first", "second"]
    assert [seen(looks.look(), found), seen(looks.look(), found)] == ["first", "first"]
    looks.bell.ring()
    assert seen(looks.look(), found) == "second"


def test_a_look_from_before_a_commit_does_not_show_up_after_it() -> None:
    looks, found = Looks(Bell()), ["from before", "from after"]
    slow = looks.look()  # its session begins before the commit, its reading ends after it
    looks.bell.ring()
    assert seen(slow, found) == "from before"
    assert seen(looks.look(), found) == "from after"


def test_what_time_alone_changes_is_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    looks, found = Looks(Bell()), ["1 min ago", "2 min ago"]
    assert seen(looks.look(), found) == "1 min ago"
    monkeypatch.setattr(module, "FRESH_S", -1.0)
    assert seen(looks.look(), found) == "2 min ago"


def test_each_thing_is_its_own() -> None:
    with Session() as session:
        looking(session, Looks(Bell()).look())
        assert [shared(session, key, lambda key=key: key * 2) for key in ("a", "b")] == ["aa", "bb"]


def test_pages_rest_in_proportion_to_what_they_cost_together() -> None:
    looks = Looks(Bell())
    assert looks.breath_s(1, 0.001) == BREATH_S
    assert looks.breath_s(2, 0.099) == pytest.approx(REST * 0.1)
    assert looks.breath_s(1, 60.0) == LONGEST_BREATH_S
    looks.leave(1)
    assert looks.breath_s(2, 0.05) == pytest.approx(REST * 0.05)
