"""What a page hands on comes from a browser, and may be anything."""

from typing import Any

import pytest

from controller.access.actors import Actor, Role
from controller.commands.errors import Invalid
from controller.console import House
from controller.console.actions import ACTIONS
from controller.console.desk import REFUSALS
from tests.controller.console.test_who_may import TABLE, _filled, asked
from tests.controller.world import World

__all__ = ["asked"]
BAD_TEXTS = ("a\0b", "half \ud800 of a pair", "x" * 100_000)
BAD_VALUES = (float("nan"), float("inf"), -1e300, 10**400, "many", None, [1], {"a": 1})
LONG = {"text", "payload"}
TEXTS = [(name, said, key) for name, said, _ in TABLE for key, value in said.items() if isinstance(value, str)]
VALUES = [
    (name, said, key) for name, said, _ in TABLE for key, value in said.items() if isinstance(value, float | dict)
]
ADA = Actor("ada", Role.ADMIN)


@pytest.mark.parametrize("bad", BAD_TEXTS, ids=["nul", "half", "long"])
async def test_texts_that_no_database_keeps_are_refused(world: World, asked: House, bad: str) -> None:
    taken = {}
    for name, said, key in TEXTS:
        words = {each: _filled(value, world) for each, value in said.items()}
        long = key in LONG and len(bad) > 1000
        try:
            taken[name, key] = await ACTIONS[name](asked, ADA, **words | {key: "x" * 40_000_000 if long else bad})
        except Invalid:
            pass
        except Exception as error:
            taken[name, key] = error
    assert taken == {}


@pytest.mark.parametrize("bad", [5, True, 1.5, ["x"], {"a": "b"}, b"x"], ids=str)
async def test_what_is_no_text_is_refused(world: World, asked: House, bad: Any) -> None:
    taken = {}
    for name, said, key in TEXTS:
        words = {each: _filled(value, world) for each, value in said.items()}
        try:
            taken[name, key] = await ACTIONS[name](asked, ADA, **words | {key: bad})
        except Invalid:
            pass
        except Exception as error:
            taken[name, key] = error
    assert taken == {}


@pytest.mark.parametrize("bad", BAD_VALUES, ids=lambda value: str(value)[:20])
async def test_values_that_are_none_are_refused(world: World, asked: House, bad: Any) -> None:
    broken = {}
    for name, said, key in VALUES:
        words = {each: _filled(value, world) for each, value in said.items()} | {key: _spoiled(said[key], bad)}
        try:
            await ACTIONS[name](asked, ADA, **words)
        except REFUSALS:
            pass
        except Exception as error:
            broken[name, key] = error
    assert broken == {}


def _spoiled(value: Any, bad: Any) -> Any:
    if not isinstance(value, dict):
        return bad
    return {key: (bad, None) if isinstance(each, tuple) else bad for key, each in value.items()}
