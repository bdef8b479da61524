"""Overview: in ten seconds, what runs, what waits, what is best, what broke, what it cost."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from nicegui import Client, ui
from sqlmodel import Session
from starlette.requests import Request

from controller.console.alerting import said
from controller.console.frame import READS_WITHIN_S, attention, opened
from controller.console.looks import shared
from controller.console.shown import event_kind, heading, moment, more, number, plain, table, with_error
from controller.console.standing import experiments, experiments_ended, last_heard, standing
from controller.console.texts import say
from controller.loop.alerting import Cause
from controller.report import overview as report
from controller.report.alerts import causes
from controller.serving import Services

Plain = dict[str, Any]

GOOD = ("running", "completed")
MOST = 8  # alerts
PLACES = (
    ("approvals", "/approvals"),
    ("tasks", "/tasks"),
    ("doubts", "/doubts"),
    ("quarantine", "/quarantine"),
    ("estops", "/instruments"),
)


@ui.page("/", response_timeout=READS_WITHIN_S)
async def page(request: Request, client: Client) -> None:
    """The first page."""
    async with opened(request, client, say("overview.title")) as desk:
        services = desk.house.services
        clock, rules = services.store.clock, services.alerts.rules

        def read(what: str, report: Callable[[Session, datetime], Any]) -> Callable[[Session], Any]:
            return lambda session: shared(session, f"overview {what}", lambda: report(session, clock()))

        desk.section(read("alerts", lambda session, now: _told(causes(session, rules, now).causes)), _alerts)
        heading(say("overview.waiting"))
        desk.section(lambda session: _counts(attention(session)), _waiting)
        heading(say("overview.campaigns"))
        desk.section(read("campaigns", report.campaigns), _campaigns)
        heading(say("overview.instruments"))
        desk.section(read("instruments", lambda session, now: instruments(session, services)), _instruments)
        heading(say("overview.broke"))
        desk.section(read("broke", report.broke), _broke)
        desk.section(read("earlier", report.earlier), _earlier)


def _told(found: Sequence[Cause]) -> list[str]:
    return [said(each.what, each.facts) for each in found]


def _alerts(texts: list[str]) -> None:
    """What people are told of also when they do not look."""
    for text in texts[:MOST]:
        with ui.element("div").classes("banner"):
            ui.label(text).classes("grow")
    if len(texts) > MOST:
        ui.label(say("overview.more_alerts", count=len(texts) - MOST)).classes("note")


def _counts(found: Plain) -> dict[str, int]:
    return {**found["counts"], "estops": len(found["estops"])}


def _waiting(counts: dict[str, int]) -> None:
    """What only people can do, each a way to where it is done."""
    if not any(counts.values()):
        ui.label(say("overview.waiting_nothing")).classes("nothing")
        return
    with ui.element("div").classes("row"):
        for name, path in PLACES:
            if counts[name]:
                ui.link(say(f"overview.waiting_{name}", count=counts[name]), path).classes("todo")


def _campaigns(rows: list[Plain]) -> None:
    if not rows:
        ui.label(say("overview.none")).classes("nothing")
    with ui.element("div").classes("cards broad"):
        for row in rows:
            with ui.element("article").classes("card"):
                _campaign(row)


def _campaign(row: Plain) -> None:
    with ui.element("div").classes("head"):
        ui.link(row["name"], f"/campaigns/{row['name']}").classes("name grow")
        ui.label(row["state"]).classes("mark " + ("good" if row["state"] in GOOD else "warn"))
        if row["simulated"]:
            ui.label(say("overview.simulated")).classes("mark")
    for name, why in row["obstacles"].items():
        ui.label(say("overview.gets_no_work", name=name, why=why)).classes("soft")
    _progress(row)
    _best(row)
    if row["waiting"]:
        ui.link(say("overview.waits", count=row["waiting"]), "/approvals")


def _progress(row: Plain) -> None:
    wanted, ended = row["budget"].get("experiments"), experiments_ended(row)
    if wanted:
        with ui.element("div").classes("bar").props('aria-hidden="true"'):
            ui.element("div").style(f"width: {min(100.0, 100 * ended / wanted):.1f}%")
    ui.label(f"{say('overview.experiments', count=experiments(row))} · {cost(row)}").classes("soft")


def cost(row: Plain) -> str:
    """What was spent, of what may be."""
    spent, budget = number(row["cost"]), row["budget"].get("cost")
    if budget is None:
        return say("overview.spend_open", spent=spent)
    return say("overview.spend", spent=spent, budget=number(budget))


def _best(row: Plain) -> None:
    if not row["best"]:
        ui.label(say("overview.nothing_measured")).classes("soft")
    with ui.element("div").classes("figures"):
        for each in row["best"]:
            with ui.element("div"):
                ui.label(say(f"overview.best_{each['goal']}", name=plain(each["property"]))).classes("soft")
                ui.label(with_error(each["value"], each["standard_error"], each["unit"])).classes("big")
    if row["front"]:
        text = say("overview.front", size=row["front"])
        if row["hypervolume"] is not None:
            text += ", " + say("overview.hypervolume", value=number(float(row["hypervolume"])))
        ui.label(text).classes("soft")


def instruments(session: Session, services: Services) -> list[Plain]:
    """How each stands, with the age of its last sign of life in words."""
    ages, rows = services.heard(), report.instruments(session, services.store.clock())
    return [{**row, "heard": last_heard(ages.get(row["name"]))} for row in rows]


def _instruments(rows: list[Plain]) -> None:
    if not rows:
        ui.label(say("overview.no_instruments")).classes("nothing")
        return
    with ui.element("div").classes("cards"):
        for row in rows:
            with ui.element("article").classes("card"):
                with ui.element("div").classes("head"):
                    ui.link(row["name"], "/instruments").classes("name grow")
                    text, kind = standing(row)
                    ui.label(text).classes(f"mark {kind}")
                ui.label(say("overview.heard", age=row["heard"])).classes("soft")
                for each in row["work"]:
                    ui.label(say("instruments.named", **each)).classes("soft")
                more(row["busy"], len(row["work"]))


def _broke(rows: list[Plain]) -> None:
    if not rows:
        ui.label(say("overview.nothing_broke")).classes("nothing")
        return
    header = (say("overview.when"), say("overview.what"), say("overview.why"))
    table(header, ((moment(row["at"]), _what(row), row["why"]) for row in rows))


def _earlier(rows: list[Plain]) -> None:
    """The way to campaigns that are over."""
    if rows:
        heading(say("overview.earlier"))
        header = (say("overview.campaign"), say("campaign.state"), say("campaign.ended"))
        table(header, ((partial(_to, row["name"]), row["state"], moment(row["ended_at"])) for row in rows))


def _to(campaign: str) -> None:
    ui.link(campaign, f"/campaigns/{campaign}")


def _what(row: Plain) -> str:
    where = row["where"] or (say("frame.everything") if row["kind"] == "estop" else "")
    return ", ".join(each for each in (event_kind(row["kind"]), row["campaign"], where) if each)
