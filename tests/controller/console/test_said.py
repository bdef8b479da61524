"""What a page says of what was done, and of what was not."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from nicegui import Client, core, ui

from controller.access.actors import Actor, Role
from controller.console.desk import Desk


async def test_a_complaint_goes_when_more_is_said(blank: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    gone: list[str] = []
    monkeypatch.setattr(core, "loop", asyncio.get_running_loop())
    monkeypatch.setattr(ui.notification, "dismiss", lambda each: gone.append(each.message))
    state = SimpleNamespace(house=None, actor=Actor("otto", Role.OPERATOR), secret="")
    desk = Desk(cast(Any, SimpleNamespace(state=state)), blank)
    desk.complain("150 cannot be set")
    assert gone == []
    desk.complain("140 cannot be set")
    assert gone == ["150 cannot be set"]
    desk.tell("Put forward")
    assert gone == ["150 cannot be set", "140 cannot be set"]
    desk.tell("Put forward")
    assert len(gone) == 2
