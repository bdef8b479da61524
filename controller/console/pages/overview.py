"""Overview: in ten seconds, what runs, what waits, what is best, what broke, what it cost."""

from typing import Any

from nicegui import Client, ui
from starlette.requests import Request

from controller.console.frame import READS_WITHIN_S, opened
from controller.console.shown import moment, number, quantity, table, with_error
from controller.console.texts import say
from controller.report import overview as report
from controller.report.alerts import causes

Plain = dict[str, Any]

GOOD = ("running", "completed")
MOST = 8  # alerts


@ui.page("/", response_timeout=READS_WITHIN_S)
async def page(request: Request, client: Client) -> None:
    """The first page."""
    async with opened(request, client, say("overview.title")) as desk:
        services = desk.house.services
        clock, rules = services.store.clock, services.alerts.rules
        desk.section(lambda session: [each.text for each in causes(session, rules, clock())[0]], _alerts)
        _heading("overview.campaigns")
        desk.section(lambda session: report.campaigns(session, clock()), _campaigns)
        _heading("overview.instruments")
        desk.section(lambda session: report.instruments(session, clock()), _instruments)
        _heading("overview.broke")
        desk.section(lambda session: report.broke(session, clock()), _broke)


def _heading(key: str) -> None:
    ui.label(say(key)).classes("heading").props('role="heading" aria-level="2"')


def _alerts(texts: list[str]) -> None:
    """What people are told of also when they do not look."""
    for text in texts[:MOST]:
        with ui.element("div").classes("banner"):
            ui.label(text).classes("grow")
    if len(texts) > MOST:
        ui.label(say("overview.more_alerts", count=len(texts) - MOST)).classes("note")


def _campaigns(rows: list[Plain]) -> None:
    if not rows:
        ui.label(say("overview.none")).classes("nothing")
    with ui.element("div").classes("cards"):
        for row in rows:
            with ui.element("article").classes("card"):
                _campaign(row)


def _campaign(row: Plain) -> None:
    with ui.element("div").classes("head"):
        ui.link(row["name"], f"/campaigns/{row['name']}").classes("name grow")
        ui.label(row["state"]).classes("mark " + ("good" if row["state"] in GOOD else "warn"))
        if row["simulated"]:
            ui.label(say("overview.simulated")).classes("mark")
    _progress(row)
    _best(row)
    if row["waiting"]:
        ui.link(say("overview.waits", count=row["waiting"]), "/approvals")


def _progress(row: Plain) -> None:
    wanted = row["budget"].get("experiments")
    if wanted:
        with ui.element("div").classes("bar").props('aria-hidden="true"'):
            ui.element("div").style(f"width: {min(100.0, 100 * row['experiments'] / wanted):.1f}%")
        ui.label(say("overview.experiments", done=row["experiments"], wanted=wanted)).classes("soft")
    else:
        ui.label(say("overview.experiments_open", done=row["experiments"])).classes("soft")
    if (budget := row["budget"].get("cost")) is not None:
        ui.label(say("overview.spend", spent=number(row["cost"]), budget=number(budget))).classes("soft")


def _best(row: Plain) -> None:
    if not row["best"]:
        ui.label(say("overview.nothing_measured")).classes("soft")
    for each in row["best"]:
        ui.label(each["property"].replace("_", " ")).classes("soft")
        ui.label(with_error(each["value"], each["standard_error"], each["unit"])).classes("big")
    if row["front"] is not None:
        text = say("overview.front", size=row["front"])
        if row["hypervolume"] is not None:
            text += ", " + say("overview.hypervolume", value=number(float(row["hypervolume"])))
        ui.label(text).classes("soft")


def _instruments(rows: list[Plain]) -> None:
    if not rows:
        ui.label(say("overview.no_instruments")).classes("nothing")
        return
    with ui.element("div").classes("cards"):
        for row in rows:
            with ui.element("article").classes("card"), ui.element("div").classes("head"):
                ui.link(row["name"], "/instruments").classes("name grow")
                text, kind = _standing(row)
                ui.label(text).classes(f"mark {kind}")


def _standing(row: Plain) -> tuple[str, str]:
    if row["obstacle"]:
        return row["obstacle"], "bad" if not row["present"] else "warn"
    if row["busy"]:
        return say("overview.works", busy=row["busy"], concurrency=quantity(row["concurrency"], None)), "good"
    return say("overview.ready"), "good"


def _broke(rows: list[Plain]) -> None:
    if not rows:
        ui.label(say("overview.nothing_broke")).classes("nothing")
        return
    header = (say("overview.when"), say("overview.what"), say("overview.why"))
    table(header, ((moment(row["at"]), _what(row), row["why"]) for row in rows))


def _what(row: Plain) -> str:
    return ", ".join(each for each in (row["kind"], row["campaign"], row["where"]) if each)
