"""The trail is verified beside the daemon's own work, by one process at a time."""

import asyncio

import pytest
from sqlalchemy import delete
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from controller.access.actors import Actor, Role
from controller.commands.errors import Conflict
from controller.report.lists import last_event
from controller.serving import Auditor
from controller.serving.audits import run
from controller.store.tables import Event
from tests.controller.world import World

VERA = Actor("vera", Role.VIEWER)


async def test_two_at_once_are_one_too_many(world: World) -> None:
    auditor = Auditor(world.app.state.services)
    first, second = await asyncio.gather(auditor.verify(VERA), auditor.verify(VERA), return_exceptions=True)
    assert isinstance(second, Conflict)
    assert isinstance(first, dict)
    assert (first["ok"], first["faults"]) == (True, [])
    assert first["events"] == await world.store.read(last_event)
    assert (await auditor.verify(VERA))["ok"]


async def test_what_cannot_be_read_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.store, "url", "sqlite:////nowhere/tatara.db")
    with pytest.raises(Conflict, match="could not be verified"):
        await Auditor(world.app.state.services).verify(VERA)


async def test_on_either_database(either_url: str, world: World) -> None:
    report = await asyncio.to_thread(run, {"url": either_url})
    assert report["ok"]


async def test_it_changes_nothing(either_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def forge(session: Session) -> None:
        session.execute(delete(Event))

    monkeypatch.setattr("controller.report.audit.audit", forge)
    with pytest.raises(DBAPIError, match=r"read-?only"):
        await asyncio.to_thread(run, {"url": either_url})
