"""Stored files: pictures and curves are shown, texts are read, the rest is to be kept."""

from typing import Any

from nicegui import Client, ui
from sqlmodel import Session
from starlette.requests import Request

from controller.console import charts
from controller.console.desk import Desk
from controller.console.frame import READS_WITHIN_S, opened
from controller.console.shown import facts, moment, more, number, plain, size, table, with_error
from controller.console.texts import say
from controller.report import files as report
from controller.report.contents import Curves, Seen

Plain = dict[str, Any]

MOST = 100


@ui.page("/files", response_timeout=READS_WITHIN_S)
async def latest(request: Request, client: Client) -> None:
    """Those that came last."""
    async with opened(request, client, say("files.title")) as desk:
        desk.section(lambda session: report.latest(session, limit=MOST), _list)
        desk.section(report.count, lambda total: more(total, MOST))


def _list(rows: list[Plain]) -> None:
    if not rows:
        ui.label(say("files.none")).classes("nothing")
    for row in rows:
        with ui.element("div").classes("row"):
            ui.link(row["name"], f"/files/{row['sha256']}").classes("grow")
            ui.label(size(row["size"])).classes("soft")
            ui.label(row["media_type"]).classes("soft")
            ui.label(say("files.came", by=row["actor"] or "-", when=moment(row["at"]))).classes("soft")


@ui.page("/files/{sha256}", response_timeout=READS_WITHIN_S)
async def one(request: Request, client: Client, sha256: str) -> None:
    """One of them."""
    async with opened(request, client, say("files.one")) as desk:

        def read(session: Session) -> Plain:
            return report.stored(session, sha256)

        about = desk.section(read, _about)
        place = ui.element("div").classes("section")
        ui.timer(0, lambda: _show(desk, about.shown, place), once=True)  # a big one takes longer than a page may


def _about(row: Plain) -> None:
    ui.label(row["name"]).classes("subject grow")
    told = [("size", size(row["size"])), ("media_type", row["media_type"]), ("sha256", row["sha256"])]
    facts((say(f"files.{key}"), text) for key, text in told)
    ui.link(say("files.download"), f"/raw/{row['sha256']}").props["download"] = row["name"]
    if row["origins"]:
        header = [say(f"files.{key}") for key in ("campaign", "attempt", "resource", "ended")]
        table(header, map(_origin, row["origins"]), caption=say("files.origins"))
    else:
        ui.label(say("files.no_origin")).classes("soft")
    if row["values"]:
        header = [say("approvals.property"), say("files.value"), say("files.function")]
        table(header, map(_value, row["values"]), caption=say("files.values"))


def _origin(each: Plain) -> tuple[str, str, str, str]:
    made_in = say("samples.proposal", campaign=each["campaign"], number=each["number"]) if each["campaign"] else "-"
    return made_in, each["attempt_id"] or "-", each["resource"] or "-", moment(each["ended_at"])


def _value(each: Plain) -> tuple[str, str, str]:
    value = with_error(each["value"], each["standard_error"], each["unit"])
    return plain(each["property"]), value, str((each["made_from"] or {}).get("function", "-"))


async def _show(desk: Desk, row: Plain | None, place: ui.element) -> None:
    """What it holds; nothing where there is no such file."""
    if row is None:
        return
    path = desk.house.services.files.path(row["sha256"])
    seen = await desk.tried(lambda actor: desk.house.pictures.file(path, row["media_type"]))
    if seen is not None:
        with place:
            _draw(row, seen)


def _draw(row: Plain, seen: Seen) -> None:
    if seen.picture:
        picture = ui.element("img").classes("picture")
        picture.props["src"] = f"/raw/{row['sha256']}"
        picture.props["alt"] = row["name"]
    if seen.curves is not None:
        _curves(row, seen.curves)
    if seen.text is not None:
        ui.label(say("files.beginning" if seen.cut else "files.text")).classes("subject")
        with ui.element("div").classes("pane").props("tabindex=0 role=region") as pane:
            pane.props["aria-label"] = row["name"]
            ui.label(seen.text).classes("log")
    if not seen.picture and seen.text is None:
        ui.label(say("files.not_shown")).classes("nothing")


def _curves(row: Plain, curves: Curves) -> None:
    plot = ui.echart(charts.columns(curves.headings, curves.points)).classes("plot").props("role=img")
    plot.props["aria-label"] = say("files.curve", name=row["name"], count=curves.count)
    header = [say(f"files.{key}") for key in ("column", "lowest", "at", "highest", "at")]
    names = curves.headings[1:]
    rows = (
        (name, *map(number, (low, where_low, high, where_high)))
        for name, each in zip(names, curves.extremes, strict=True)
        for where_low, low, where_high, high in [each or 4 * (None,)]
    )
    table(header, rows, caption=say("files.over", name=curves.headings[0], count=curves.count))
