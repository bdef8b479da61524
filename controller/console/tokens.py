"""Tokens on a page: those of everybody for admins, one's own for everybody."""

from functools import partial
from typing import Any

from nicegui import ui

from controller.console import actions, dialogs, once
from controller.console.desk import Desk
from controller.console.shown import moment, table
from controller.console.texts import say

Plain = dict[str, Any]


def draw(desk: Desk, rows: list[Plain]) -> None:
    """A table of tokens; what is good can be revoked."""
    if not rows:
        ui.label(say("tokens.none")).classes("nothing")
        return
    names = ("user", "label", "digest", "made", "state")
    header = [*(say(f"tokens.{each}") for each in names), say("system.do")]
    table(header, ((*_cells(row), partial(_button, desk, row)) for row in rows), stacks=True)


def _cells(row: Plain) -> tuple[str, ...]:
    revoked = row["revoked_at"]
    state = say("tokens.revoked", when=moment(revoked)) if revoked else say("tokens.good")
    return row["user"], row["label"], row["sha256"][:12], moment(row["made_at"]), state


def _button(desk: Desk, row: Plain) -> None:
    if row["revoked_at"]:
        return
    button = ui.button(say("tokens.revoke"), on_click=lambda: _revoke(desk, row)).props("flat dense")
    button.props["aria-label"] = say("tokens.revoke_of", label=row["label"])


async def _revoke(desk: Desk, row: Plain) -> None:
    question = say("tokens.why_revoke", label=row["label"], name=row["user"])
    why = await dialogs.ask_why(desk, question, say("tokens.revoke"), color="negative")
    if why:
        await desk.do(actions.revoke_token, say("tokens.was_revoked"), token=row["sha256"], why=why)


async def make(desk: Desk, name: str) -> None:
    """Ask what it is for, make it, and show it once."""
    question = say("tokens.new_for", name=name)
    label = await once.ask_what_for(
        desk, question, say("tokens.label"), say("tokens.make"), say("tokens.label_missing")
    )
    if label is None:
        return
    secret = await desk.do(actions.make_token, name=name, label=label)
    if secret is not None:
        await once.show_once(desk, say("tokens.show_title", name=name), secret, say("tokens.show_note"))
