"""People on a page: who is let in, as what; for admins."""

from functools import partial
from typing import Any

from nicegui import ui

from controller.access.actors import Role
from controller.console import actions, dialogs, once, tokens
from controller.console.desk import Desk
from controller.console.shown import table
from controller.console.texts import say

Plain = dict[str, Any]


def draw(desk: Desk, rows: list[Plain]) -> None:
    """Everybody, with what can be done about them."""
    names = ("user", "role", "password", "standing", "do")
    header = [say(f"system.{each}") for each in names]
    table(header, ((*_cells(row), partial(_do, desk, row)) for row in rows), stacks=True)


def _cells(row: Plain) -> tuple[str, ...]:
    password = say("system.has_password" if row["has_password"] else "system.no_password")
    return row["name"], row["role"], password, say("system.disabled" if row["disabled"] else "system.enabled")


def _do(desk: Desk, row: Plain) -> None:
    name = row["name"]
    with ui.element("div").classes("buttons"):
        if row["disabled"]:
            _button("system.enable", name, lambda: _enable(desk, name))
        else:
            _button("system.code", name, lambda: show_code(desk, name))
            _button("tokens.new", name, lambda: tokens.make(desk, name), label="tokens.new_for")
            _button("system.disable", name, lambda: _disable(desk, name))


def _button(key: str, name: str, handler: Any, label: str = "") -> None:
    button = ui.button(say(key), on_click=handler).props("flat dense no-wrap")
    button.props["aria-label"] = say(label or f"{key}_of", name=name)


async def create(desk: Desk) -> None:
    """Ask for name and role, let the person in, and show their first code."""
    with dialogs.dialog(desk, say("system.new_user"), say("system.roles")) as dialog:
        name = ui.input(say("system.user")).props("autofocus outlined maxlength=63").classes("full")
        role = ui.radio([each.value for each in Role], value=Role.OPERATOR.value).props("inline")
        role.props["aria-label"] = say("system.role")

        def answer() -> None:
            if name.value.strip():
                dialog.submit((name.value.strip(), role.value))
            else:
                name.props(f'error error-message="{say("system.name_missing")}"')

        name.on("keydown.enter", answer)
        dialogs.buttons(dialog, say("system.create"), answer)
    answered = await dialog
    dialog.delete()
    if answered is None:
        return
    done = say("system.created", name=answered[0])
    if await desk.do(actions.create_user, done, name=answered[0], role=answered[1]) is not None:
        await show_code(desk, answered[0])


async def show_code(desk: Desk, name: str) -> None:
    """Make a sign-in code and show it once."""
    code = await desk.do(actions.make_code, name=name)
    if code is not None:
        await once.show_once(desk, say("system.code_title", name=name), code, say("system.code_note"))


async def _disable(desk: Desk, name: str) -> None:
    question, note = say("system.why_disable", name=name), say("system.disable_note")
    why = await dialogs.ask_why(desk, question, say("system.disable"), note=note, color="negative")
    if why:
        await desk.do(actions.disable_user, say("system.was_disabled", name=name), name=name, why=why)


async def _enable(desk: Desk, name: str) -> None:
    why = await dialogs.ask_why(desk, say("system.why_enable", name=name), say("system.enable"))
    if why:
        await desk.do(actions.enable_user, say("system.was_enabled", name=name), name=name, why=why)
