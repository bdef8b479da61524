"""The dialogs in which a candidate's values are given: first what would be predicted, then it is put forward."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from controller.console import actions, dialogs
from controller.console.desk import Desk
from controller.console.entry import complete, decimal, given, read
from controller.console.shown import named, number, predictions
from controller.console.texts import say
from controller.report.campaign import injectable

Plain = dict[str, Any]


@dataclass
class Form:
    """What stands in the fields, by parameter, and in the one of the `stage` where it can be chosen.

    `guessed`: parameters of which nothing is declared; what looks like a number is one.
    """

    fields: dict[str, Any]
    stage: Any = None
    guessed: frozenset[str] = frozenset()

    def values(self) -> Plain:
        """What was given."""
        return {name: _guess(each.value) if name in self.guessed else given(each) for name, each in self.fields.items()}

    def complete(self) -> bool:
        """Whether there is something in each field; those without say so."""
        told = [complete(each) for each in self.fields.values()]  # each says for itself
        return all(told)


async def edit(desk: Desk, row: Plain, name: str) -> None:
    """Change a proposal; `row` is as it is shown, and the change is refused if it is not so any more."""
    values: Mapping[str, Any] = row["candidate"].get("values", {})
    units = row["candidate"].get("units", {})
    if row["candidate"].get("kind") != "conditions":
        desk.complain(say("approvals.not_editable"))
        return

    store, campaign = desk.house.services.store, row["campaign"]
    space = await store.read(lambda session: injectable(session, campaign)["parameters"])
    limits = {each["name"]: each for each in space}
    shown = {key: _rounded(value) for key, value in values.items()}

    def fields() -> Form:
        return Form({key: _field(key, value, units.get(key), limits.get(key, {})) for key, value in shown.items()})

    def changed(form: Form) -> Plain:
        return {key: value for key, value in form.values().items() if value != shown[key]}

    await _ask(
        desk,
        say("approvals.edit_title", name=name),
        say("approvals.edit_note"),
        say("approvals.replace"),
        fields,
        lambda form: desk.do(actions.foresee, proposal=row["id"], values=changed(form)),
        lambda form, shown, why: desk.do(
            actions.edit,
            say("approvals.replaced"),
            proposal=row["id"],
            digest=row["digest"],
            values=changed(form),
            shown=shown,
            why=why,
        ),
        row["units"],
    )


async def inject(desk: Desk, campaign: str, wanted: Plain) -> None:
    """Put a candidate of one's own forward; `wanted` says which parameters and stages there are."""

    def fields() -> Form:
        stage = ui.select(wanted["stages"], value=wanted["stages"][0], label=say("campaign.stage"))
        stage.props("outlined dense").classes("full").set_visibility(len(wanted["stages"]) > 1)
        guessed = frozenset(
            each["name"] for each in wanted["parameters"] if not each.keys() & {"choices", "values", "low"}
        )
        return Form({each["name"]: _new_field(each) for each in wanted["parameters"]}, stage, guessed)

    await _ask(
        desk,
        say("campaign.inject_title", campaign=campaign),
        say("campaign.inject_note"),
        say("campaign.inject_do"),
        fields,
        lambda form: desk.do(actions.foresee_point, campaign=campaign, values=form.values(), stage=form.stage.value),
        lambda form, shown, why: desk.do(
            actions.inject,
            say("campaign.injected"),
            campaign=campaign,
            values=form.values(),
            shown=shown,
            why=why,
            stage=form.stage.value,
        ),
        wanted["units"],
    )


async def _ask(
    desk: Desk,
    title: str,
    note: str,
    yes: str,
    fields: Callable[[], Form],
    foresee: Callable[[Form], Awaitable[Any]],
    put_forward: Callable[[Form, str, str], Awaitable[Any]],
    units: Mapping[str, str],
) -> None:
    """Values and a reason; they can be put forward once the prediction for them has been shown, and as it was shown."""
    shown = ""

    with dialogs.dialog(desk, title, note) as dialog:
        form = fields()
        why = dialogs.reason()
        foreseen = ui.element("div").props("role=status")

        async def look() -> None:
            nonlocal shown
            if not form.complete():
                return
            assessed = await foresee(form)
            foreseen.clear()
            if assessed is not None:
                shown = assessed.digest
                with foreseen:
                    ui.label(say("approvals.foreseen")).classes("note")
                    predictions(assessed.prediction, units, say("approvals.nothing_foreseen"))
            go.set_enabled(assessed is not None)

        async def put() -> None:
            if not (said := dialogs.reason_of(why)):
                return
            go.disable()  # not twice
            if await put_forward(form, shown, said) is not None:
                dialog.submit(True)
            else:
                await look()  # what stands now

        with ui.element("div").classes("buttons"):
            ui.button(say("dialog.no"), on_click=lambda: dialog.submit(None)).props("flat")
            ui.button(say("approvals.foresee"), on_click=look).props("outline")
            go = ui.button(yes, on_click=put).props("unelevated")
        go.disable()

        def changed(event: Any) -> None:
            go.disable()  # what was foreseen was for other values
            event.sender.props["error"] = False

        for each in [*form.fields.values(), *([form.stage] if form.stage else [])]:
            each.on_value_change(changed)
    await dialog
    dialog.delete()


def _guess(text: str) -> float | str:
    number = read(text)
    return text if number is None else number


def _rounded(value: Any) -> Any:
    """What a person can read; a field that is left as it is changes nothing."""
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _field(name: str, value: Any, unit: str | None, limits: Plain) -> Any:
    """A field for a value that is there already, with what it may be."""
    if isinstance(value, str):
        return ui.input(named(name, unit), value=value).props("outlined dense").classes("full")
    field = decimal(named(name, unit), value, limits.get("low")).classes("full")
    if "low" in limits:
        field.props["hint"] = _range(limits)
    return field


def _range(limits: Plain) -> str:
    return say("campaign.range", low=number(limits["low"]), high=number(limits["high"]))


def _new_field(parameter: Plain) -> Any:
    """A field for a parameter of the space, with what it may be."""
    label = named(parameter["name"], parameter["unit"])
    if options := parameter.get("choices") or parameter.get("values"):
        return ui.select(options, label=label).props("outlined dense").classes("full")
    if "low" not in parameter:  # a column of a pool: a number or a text, as its rows have it
        return ui.input(label).props("outlined dense").classes("full")
    field = decimal(label, low=parameter["low"]).classes("full")
    field.props["hint"] = _range(parameter)
    return field
