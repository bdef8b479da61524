"""Secrets that are made on a page: shown once, and kept nowhere."""

from nicegui import ui

from controller.console import dialogs
from controller.console.desk import Desk
from controller.console.texts import say


async def show_once(desk: Desk, title: str, secret: str, note: str) -> None:
    """Show it until the person has taken it along; what the page draws anew meanwhile does not take it away."""
    with dialogs.dialog(desk, title, persistent=True) as dialog:
        ui.label(secret).classes("secret")
        ui.label(note).classes("note")
        with ui.element("div").classes("buttons"):
            ui.button(say("secrets.copy"), icon="content_copy", on_click=lambda: ui.clipboard.write(secret)).props(
                "flat"
            )
            ui.button(say("secrets.have_it"), on_click=lambda: dialog.submit(True)).props("unelevated autofocus")
    await dialog
    dialog.delete()


async def ask_what_for(desk: Desk, question: str, label: str, yes: str, missing: str) -> str | None:
    """Ask for one line; None if the person thought better of it."""
    with dialogs.dialog(desk, question) as dialog:
        line = ui.input(label).props("autofocus outlined maxlength=200").classes("full")

        def answer() -> None:
            if said := str(line.value or "").strip():
                dialog.submit(said)
            else:
                line.props(f'error error-message="{missing}"')

        line.on("keydown.enter", answer)
        dialogs.buttons(dialog, yes, answer)
    answered: str | None = await dialog
    dialog.delete()
    return answered
