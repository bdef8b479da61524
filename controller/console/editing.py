"""The dialog in which a proposal's values are changed: first what would be predicted, then the change."""

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from controller.console import actions, dialogs
from controller.console.desk import Desk
from controller.console.shown import table, unit_sign, with_error
from controller.console.texts import say

Plain = dict[str, Any]


async def edit(desk: Desk, row: Plain, name: str) -> None:
    """Change a proposal; `row` is as it is shown, and the change is refused if it is not so any more."""
    values: Mapping[str, Any] = row["candidate"].get("values", {})
    if row["candidate"].get("kind") != "conditions":
        desk.complain(say("approvals.not_editable"))
        return
    with dialogs.dialog(say("approvals.edit_title", name=name), say("approvals.edit_note")) as dialog:
        fields = {key: _field(key, value, row["candidate"].get("units", {}).get(key)) for key, value in values.items()}
        why = dialogs.reason()
        foreseen = ui.element("div").props("role=status")

        def changed() -> dict[str, Any]:
            return {key: each.value for key, each in fields.items() if each.value != values[key]}

        async def foresee() -> None:
            assessed = await desk.do(actions.foresee, proposal=row["id"], values=changed())
            foreseen.clear()
            if assessed is not None:
                with foreseen:
                    _prediction(assessed.prediction, row["units"])
            replace.set_enabled(assessed is not None)

        async def put_forward() -> None:
            if not (said := dialogs.reason_of(why)):
                return
            done = await desk.do(
                actions.edit,
                say("approvals.replaced"),
                proposal=row["id"],
                digest=row["digest"],
                values=changed(),
                why=said,
            )
            if done is not None:
                dialog.submit(True)

        with ui.element("div").classes("buttons"):
            ui.button(say("dialog.no"), on_click=lambda: dialog.submit(None)).props("flat")
            ui.button(say("approvals.foresee"), on_click=foresee).props("outline")
            replace = ui.button(say("approvals.replace"), on_click=put_forward).props("unelevated")
        replace.disable()
        for each in fields.values():
            each.on_value_change(replace.disable)  # what was foreseen was for other values
    await dialog
    dialog.delete()


def _field(name: str, value: Any, unit: str | None) -> Any:
    sign = unit_sign(unit)
    text = f"{name} ({sign})" if sign else name
    if isinstance(value, str):
        return ui.input(text, value=value).props("outlined dense").classes("full")
    return ui.number(text, value=value).props("outlined dense step=any").classes("full")


def _prediction(prediction: Mapping[str, Any], units: Mapping[str, str]) -> None:
    ui.label(say("approvals.foreseen")).classes("note")
    if not prediction:
        ui.label(say("approvals.nothing_predicted")).classes("soft")
        return
    table(
        (say("approvals.property"), say("approvals.predicted")),
        (
            (name.replace("_", " "), with_error(each["mean"], each["standard_deviation"], units.get(name)))
            for name, each in prediction.items()
        ),
    )
