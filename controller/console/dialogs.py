"""Questions before something is done."""

from nicegui import ui

from controller.console.texts import say


async def ask_why(question: str, yes: str, *, note: str = "", color: str = "primary") -> str | None:
    """Ask for a reason; None if the person thought better of it."""
    with ui.dialog() as dialog, ui.card().classes("dialog"):
        ui.label(question).classes("question").props('role="heading" aria-level="2"')
        if note:
            ui.label(note).classes("note")
        why = ui.input(say("dialog.reason")).props("autofocus outlined maxlength=1000").classes("full")

        def answer() -> None:
            if why.value.strip():
                dialog.submit(why.value.strip())
            else:
                why.props(f'error error-message="{say("dialog.reason_missing")}"')

        why.on("keydown.enter", answer)
        with ui.element("div").classes("buttons"):
            ui.button(say("dialog.no"), on_click=lambda: dialog.submit(None)).props("flat")
            ui.button(yes, on_click=answer).props(f"unelevated color={color}")
    answered: str | None = await dialog
    dialog.delete()
    return answered


async def confirm(question: str, yes: str, *, note: str = "", color: str = "primary") -> bool:
    """Ask before something is done that takes no reason."""
    with ui.dialog() as dialog, ui.card().classes("dialog"):
        ui.label(question).classes("question").props('role="heading" aria-level="2"')
        if note:
            ui.label(note).classes("note")
        with ui.element("div").classes("buttons"):
            ui.button(say("dialog.no"), on_click=lambda: dialog.submit(False)).props("flat")
            ui.button(yes, on_click=lambda: dialog.submit(True)).props(f"unelevated autofocus color={color}")
    answered = bool(await dialog)
    dialog.delete()
    return answered
