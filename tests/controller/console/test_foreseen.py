"""What a person puts forward is what was foreseen on the page, or it is refused and shown anew."""

import asyncio
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from nicegui import Client, background_tasks, core, ui
from sqlmodel import col, select

from controller.access.actors import Actor, Role
from controller.commands.errors import Conflict
from controller.console import House, actions
from controller.console.editing import Form, _ask
from controller.store import Unit
from controller.store.change import change_proposal
from controller.store.tables import Proposal
from strategies import Request
from tests.controller.world import World

OTTO = Actor("otto", Role.OPERATOR)
MINE = {"residence_time": 1.0, "equivalents": 2.0, "concentration": 0.2, "temperature": 60.0}
WARMER = {"temperature": 61.0}


def complete(unit: Unit) -> None:
    """Something is measured meanwhile, at another point."""
    change_proposal(
        unit, unit.session.scalars(select(Proposal).where(col(Proposal.state) == "running")).one(), "complete"
    )


async def test_what_was_foreseen_is_put_forward(world: World, house: House) -> None:
    key, digest = world.ids["proposal"], world.ids["digest"]
    seen = await actions.foresee_point(house, OTTO, "reactor", MINE, "flow")
    made = await actions.inject(house, OTTO, "reactor", MINE, seen.digest, "a hunch", "flow")
    assert made.prediction == seen.prediction
    seen = await actions.foresee(house, OTTO, key, WARMER)
    made = await actions.edit(house, OTTO, key, digest, WARMER, seen.digest, "warmer")
    assert made.parents == [key]


async def test_what_is_not_as_it_was_foreseen_is_refused(world: World, house: House) -> None:
    key, digest = world.ids["proposal"], world.ids["digest"]
    point = await actions.foresee_point(house, OTTO, "reactor", MINE)
    edited = await actions.foresee(house, OTTO, key, WARMER)
    await world.store.write(complete, name="t")
    with pytest.raises(Conflict, match="put it forward again"):
        await actions.inject(house, OTTO, "reactor", MINE, point.digest, "a hunch")
    with pytest.raises(Conflict, match="put it forward again"):
        await actions.edit(house, OTTO, key, digest, WARMER, edited.digest, "warmer")
    fresh = await actions.foresee(house, OTTO, key, WARMER)
    await actions.edit(house, OTTO, key, digest, WARMER, fresh.digest, "warmer")


async def test_other_values_than_those_foreseen_are_refused(world: World, house: House) -> None:
    seen = await actions.foresee_point(house, OTTO, "reactor", MINE)
    with pytest.raises(Conflict, match="not what was shown"):
        await actions.inject(house, OTTO, "reactor", {**MINE, **WARMER}, seen.digest, "a hunch")


async def test_a_long_history_is_not_written_out_on_the_event_loop(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    where: list[int] = []
    dump = Request.model_dump

    def noticed(self: Request, **options: Any) -> Any:
        where.append(threading.get_ident())
        return dump(self, **options)

    monkeypatch.setattr(Request, "model_dump", noticed)
    await actions.foresee_point(house, OTTO, "reactor", MINE)
    assert where
    assert threading.get_ident() not in where


class Asked:
    """The dialog over an assessment that changes when something is measured."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.measured = 0
        self.confirmed: list[str] = []
        desk: Any = SimpleNamespace(client=client)
        self.dialog = asyncio.ensure_future(
            _ask(desk, "title", "note", "Do it", lambda: Form({}), self.foresee, self.put, {"e_factor": ""})
        )

    async def foresee(self, form: Form) -> Any:
        found = {"e_factor": {"mean": float(self.measured), "standard_deviation": 0.0}}
        return SimpleNamespace(digest=f"as of {self.measured}", prediction=found)

    async def put(self, form: Form, shown: str, why: str) -> bool | None:
        self.confirmed.append(shown)
        return True if shown == f"as of {self.measured}" else None

    def find(self, kind: type[ui.element]) -> list[Any]:
        return [each for each in self.client.elements.values() if isinstance(each, kind)]

    async def press(self, text: str) -> None:
        [button] = [each for each in self.find(ui.button) if each.text == text]
        for listener in button._event_listeners.values():
            listener.handler(None)
        await asyncio.gather(*background_tasks.running_tasks)

    def shown(self) -> list[tuple[str, ...]]:
        return [row for each in self.client.elements.values() for row in each.props.get("rows", [])]


async def test_a_refused_confirmation_shows_what_stands_now(blank: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "loop", asyncio.get_running_loop())
    asked = Asked(blank)
    await asyncio.sleep(0)
    [why] = asked.find(ui.input)
    why.value = "a hunch"
    await asked.press("Show the prediction")
    assert asked.shown() == [("e factor", "0")]
    asked.measured = 1
    await asked.press("Do it")
    assert asked.shown() == [("e factor", "1")]
    await asked.press("Do it")
    await asyncio.wait_for(asked.dialog, 5)
    assert asked.confirmed == ["as of 0", "as of 1"]
