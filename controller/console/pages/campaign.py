"""Campaign: how it stands, what it found, what is under way; and what people do about it."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from nicegui import Client, ui
from sqlmodel import Session
from starlette.requests import Request

from controller.access.actors import Role
from controller.console import campaign_dialogs as dialogs
from controller.console.campaign_model import Model
from controller.console.campaign_plots import Progress
from controller.console.campaign_tables import Measurements, iterations, work
from controller.console.desk import Desk
from controller.console.frame import READS_WITHIN_S, opened
from controller.console.looks import shared
from controller.console.shown import facts, heading, moment, number, plain, with_error
from controller.console.standing import experiments
from controller.console.texts import say
from controller.report import campaign as report
from controller.report.curves import curves
from controller.report.iterations import latest_iterations, model_health

Plain = dict[str, Any]

GOOD = ("running", "completed")
PLOTS_REST_S = 3.0  # in a browser they cost more than all the rest of the page
CHANGES = (
    ("pause", "pause", "outline", Role.VIEWER),
    ("resume", "play_arrow", "unelevated color=positive", Role.OPERATOR),
    ("stop", "stop", "outline color=negative", Role.OPERATOR),
    ("abort", "cancel", "outline color=negative", Role.OPERATOR),
)


@ui.page("/campaigns/{name}", response_timeout=READS_WITHIN_S)
async def page(request: Request, client: Client, name: str) -> None:
    """One campaign."""
    async with opened(request, client, name, reads_long=True) as desk:

        def read(what: str, report: Callable[[Session, str], Any]) -> Callable[[Session], Any]:
            return lambda session: shared(session, f"{what} of {name}", lambda: report(session, name))

        with ui.element("div").classes("card"):
            desk.section(read("head", _head), _show_head)
            desk.section(read("changes", report.changes), lambda found: _buttons(desk, name, found))
        heading(say("campaign.progress"))
        progress = Progress()
        desk.section(read("curves", curves), progress.show, rest_s=PLOTS_REST_S)
        heading(say("campaign.work"))
        desk.section(read("work", report.at_work), work)
        heading(say("campaign.model"))
        model = Model()
        desk.section(read("model", model_health), model.show, rest_s=PLOTS_REST_S)
        heading(say("campaign.iterations"))
        desk.section(read("iterations", latest_iterations), iterations, "long")
        heading(say("campaign.measurements"))
        measurements = Measurements(desk, name)
        desk.section(measurements.read, measurements.show)


def _head(session: Session, name: str) -> Plain:
    drawn = curves(session, name)
    wanted = ("objectives", "tops", "front")
    return {**report.head(session, name), **{each: drawn[each] for each in wanted}}


def _show_head(row: Plain) -> None:
    with ui.element("div").classes("head"):
        ui.label(row["state"]).classes("mark " + ("good" if row["state"] in GOOD else "warn"))
        if row["simulated"]:
            ui.label(say("campaign.simulated")).classes("mark")
        ui.label(row["description"] or "").classes("grow")
    for step in row["paused_steps"]:
        with ui.element("div").classes("banner"):
            ui.label(say("campaign.paused_step", step=step)).classes("grow")
    with ui.element("div").classes("columns"):
        with ui.element("div"):
            facts(_facts(row))
        with ui.element("div"):
            _best(row)


def _facts(row: Plain) -> list[tuple[str, str]]:
    budget = row["budget"]
    spent = number(row["cost"])
    if budget.get("cost") is not None:
        spent = say("campaign.spent_of", spent=spent, budget=number(budget["cost"]))
    started = say("campaign.by", when=moment(row["started_at"]), who=row["made_by"])
    return [
        *([(say("campaign.why"), row["reason"])] if row["reason"] and row["state"] != "running" else []),
        (say("campaign.experiments"), experiments(row)),
        (say("campaign.spent"), spent),
        (say("campaign.strategy"), row["strategy"]),
        (say("campaign.version"), say("campaign.version_of", version=row["version"])),
        (say("campaign.started"), started),
        *([(say("campaign.ended"), moment(row["ended_at"]))] if row["ended_at"] else []),
    ]


def _best(row: Plain) -> None:
    for objective, top in zip(row["objectives"], row["tops"], strict=True):
        name = objective["property"]
        ui.label(say(f"overview.best_{objective['goal']}", name=plain(name))).classes("soft")
        if top is None:
            ui.label(say("campaign.nothing_measured"))
            continue
        ui.label(with_error(top["values"][name], top["errors"].get(name), objective["unit"])).classes("big")
        ui.label(say("campaign.best_at", number=top["number"])).classes("soft")
    if row["front"]:
        text = say("overview.front", size=row["front"])
        if row["hypervolume"] is not None:
            text += ", " + say("overview.hypervolume", value=number(float(row["hypervolume"])))
        ui.label(text).classes("soft")


def _buttons(desk: Desk, name: str, row: Plain) -> None:
    with ui.element("div").classes("tools"):
        for change, icon, props, role in CHANGES:
            if change in row["allowed"]:
                button = ui.button(
                    say(f"campaign.{change}"),
                    icon=icon,
                    on_click=lambda change=change: dialogs.change(desk, name, change),
                )
                button.props(props).set_enabled(desk.may(role))
                button.props["title"] = say(f"campaign.{change}_does")
        operator = desk.may(Role.OPERATOR)
        if row["open"]:
            amend = ui.button(say("campaign.amend"), icon="edit_document", on_click=lambda: dialogs.amend(desk, name))
            amend.props("outline").set_enabled(operator)
            amend.props["title"] = say("campaign.amend_does")
        if row["may_inject"]:
            inject = ui.button(say("campaign.inject"), icon="add", on_click=lambda: dialogs.put_forward(desk, name))
            inject.props("outline").set_enabled(operator)
            inject.props["title"] = say("campaign.inject_does")
        ui.link(say("campaign.export"), f"/export/{quote(name)}.csv")
