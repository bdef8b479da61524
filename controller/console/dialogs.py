"""Questions before something is done. They stand beside the page's parts: no redrawing takes one away."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from nicegui import ui

from controller.console.desk import Desk
from controller.console.shown import heading
from controller.console.texts import say


@contextmanager
def dialog(
    desk: Desk, question: str, note: str = "", classes: str = "", *, persistent: bool = False
) -> Iterator[ui.dialog]:
    """A dialog, to be filled within; `await` it for what it was closed with, then `delete` it.

    `persistent`: a stray click does not throw away what was typed.
    """
    with desk.client, ui.dialog() as opened, ui.card().classes(f"dialog {classes}"):
        opened.props["aria-label"] = question
        if persistent:
            opened.props("persistent")
        heading(question, "question")
        if note:
            ui.label(note).classes("note said")
        yield opened


async def ask_why(
    desk: Desk, question: str, yes: str, *, note: str = "", color: str = "primary", back: str = ""
) -> str | None:
    """Ask for a reason; None if the person thought better of it. `back`: what that is called."""
    with dialog(desk, question, note) as asking:
        why = reason()
        why.props("autofocus")

        def answer() -> None:
            if said := reason_of(why):
                asking.submit(said)

        why.on("keydown.enter", answer)
        buttons(asking, yes, answer, back=back, color=color)
    answered: str | None = await asking
    asking.delete()
    return answered


def reason() -> ui.input:
    """The field for a reason."""
    return ui.input(say("dialog.reason")).props("outlined maxlength=1000").classes("full")


def reason_of(field: ui.input) -> str | None:
    """What was said there; None, with a word beside the field, if nothing was."""
    said = str(field.value or "").strip()
    if not said:
        field.props(f'error error-message="{say("dialog.reason_missing")}"')
    return said or None


def buttons(
    asking: ui.dialog, yes: str, answer: Callable[[], Any], *, back: str = "", color: str = "primary"
) -> ui.button:
    """The way back, which closes the dialog with None, and the button that does it, which is returned."""
    with ui.element("div").classes("buttons"):
        ui.button(back or say("dialog.no"), on_click=lambda: asking.submit(None)).props("flat")
        return ui.button(yes, on_click=answer).props(f"unelevated color={color}")


async def choose(desk: Desk, question: str, options: Mapping[str, str], yes: str, *, note: str = "") -> str | None:
    """Ask for one of some things, given by key with their texts; the first one is chosen already."""
    with dialog(desk, question, note) as asking:
        chosen = ui.radio(dict(options), value=next(iter(options)))
        buttons(asking, yes, lambda: asking.submit(chosen.value))
    answered: str | None = await asking
    asking.delete()
    return answered
