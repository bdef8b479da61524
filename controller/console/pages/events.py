"""Events: the audit trail, the latest first; found, opened, and verified."""

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import Client, ui
from sqlmodel import Session
from starlette.requests import Request

from controller.console import actions, dialogs
from controller.console.desk import Desk
from controller.console.frame import READS_WITHIN_S, opened
from controller.console.paging import Paged
from controller.console.shown import as_json, event_kind, facts, moment, table
from controller.console.texts import say
from controller.report import trail as report
from controller.report.trail import Wanted

Plain = dict[str, Any]
Filters = dict[str, str]
FILTERS = ("campaign", "kind", "actor", "subject")
SHOWN_FAULTS = 20


@ui.page("/events", response_timeout=READS_WITHIN_S)
async def page(request: Request, client: Client) -> None:
    """The trail; the filters may stand in the address, such as `/events?campaign=reactor`."""
    async with opened(request, client, say("events.title")) as desk:
        ui.label(say("events.note")).classes("note")
        desk.section(report.newest, _newest)
        _verifying(desk)
        wanted = _cut({name: request.query_params.get(name, "") for name in FILTERS})
        kinds = await desk.house.services.store.read(report.kinds)
        _form(wanted, kinds, lambda other: trail.want(other))
        trail = Paged(desk, wanted, _read, lambda row: _row(desk, row), "number", say("events.none"), "trail")


def _cut(given: Mapping[str, str]) -> Filters:
    return {name: given[name].strip()[:200] for name in FILTERS}


def _newest(found: tuple[int, str]) -> None:
    number, digest = found
    with ui.element("div").classes("row"):
        ui.label(say("events.newest", number=number)).classes("mark")
        ui.label(say("events.hash", hash=digest)).classes("grow digest")
    ui.label(say("events.keep_hash")).classes("soft")


def _verifying(desk: Desk) -> None:
    """A button, and beside it what came of it."""

    async def verify() -> None:
        button.disable()
        place.clear()
        with place, ui.element("div").classes("row"):
            ui.spinner().props('aria-hidden="true"')
            ui.label(say("events.verifying")).classes("grow")
        found = await desk.do(actions.verify)
        if place.is_deleted:
            return
        button.enable()
        place.clear()
        if found is not None:
            with place:
                _verified(found)

    with ui.element("div").classes("row"):
        button = ui.button(say("events.verify"), icon="verified", on_click=verify).props("outline")
    place = ui.element("div").classes("section").props("role=status")


def _verified(found: Plain) -> None:
    counts = {"events": found["events"], "rows": found["rows"]}
    if found["ok"]:
        with ui.element("div").classes("banner whole"):
            ui.label(say("events.whole", **counts)).classes("grow")
        return
    with ui.element("div").classes("banner stopped"):
        ui.label(say("events.broken", count=found["fault_count"], **counts)).classes("grow")
    header = [say(f"events.{name}") for name in ("fault", "where", "says")]
    table(header, ((each["kind"], each["where"], each["message"]) for each in found["faults"][:SHOWN_FAULTS]))


def _read(session: Session, wanted: Filters, before: int | None) -> Plain:
    text = wanted["kind"]
    kinds = [kind for kind in report.kinds(session) if fits(kind, text)] if text else None
    return report.page(session, Wanted(wanted["campaign"], kinds, wanted["actor"], wanted["subject"], before))


def fits(kind: str, text: str) -> bool:
    """Whether a kind is meant by a text: part of its words as they are shown, or of its own name."""
    return any(text.casefold() in each.casefold() for each in (event_kind(kind), kind))


def _form(wanted: Filters, kinds: list[str], find: Callable[[Filters], None]) -> None:
    """What narrows the list; it stays as it is while the list changes."""
    with ui.element("form").props('role="search"').classes("row filters") as form:
        fields = {
            name: ui.input(
                say(f"events.{name}"),
                value=wanted[name],
                autocomplete=sorted({*map(event_kind, kinds)}) if name == "kind" else None,
            ).props("outlined dense maxlength=200")
            for name in FILTERS
        }
        ui.button(say("events.find"), icon="search").props("outline type=submit")
    form.on("submit.prevent", lambda: find(_cut({name: each.value or "" for name, each in fields.items()})))


class _Entry(ui.element, component="../trail_entry.js"):
    """One event in one line, as one element: a page has a hundred, and new ones at each commit."""

    def __init__(self, row: Plain) -> None:
        super().__init__()
        self._props |= {
            "number": str(row["number"]),
            "show": say("events.show", number=row["number"]),
            "at": moment(row["at"]),
            "kind": row["kind"],
            "what": event_kind(row["kind"]),
            "subject": row["subject"] or "",
            "where": " · ".join(each for each in (row["campaign"], _about(row)) if each),
            "actor": row["actor"] or "",
        }


def _row(desk: Desk, row: Plain) -> None:
    _Entry(row).on("open", lambda: _open(desk, row["number"]), [])


async def _open(desk: Desk, number: int) -> None:
    found = await desk.look_up(lambda session: report.event(session, number))
    if found is None:
        return
    title = say("events.event", number=number, kind=found["kind"])
    with dialogs.dialog(desk, title, classes="wide") as dialog:
        facts(
            [
                (say("events.own_kind"), event_kind(found["kind"])),
                (say("events.when"), moment(found["at"])),
                (say("events.actor"), found["actor"] or "-"),
                (say("events.campaign"), found["campaign_id"] or "-"),
                (say("events.about"), found["subject"] or "-"),
                (say("events.previous"), found["previous"]),
                (say("events.own_hash"), found["hash"]),
            ]
        )
        for name in ("data", "rows"):
            ui.label(say(f"events.{name}")).classes("soft")
            ui.label(as_json(found[name])).classes("log").props("tabindex=0")
        with ui.element("div").classes("buttons"):
            ui.button(say("frame.close"), on_click=lambda: dialog.submit(None)).props("flat autofocus")
    await dialog
    dialog.delete()


def _about(row: Plain) -> str:
    """What it is about, in numbers that people know; its id where there are none."""
    about = row["about"]
    if "iteration" in about:
        return say("events.iteration", number=about["iteration"])
    if "experiment" not in about:
        hidden = row["subject"] == row["campaign_id"] or row["kind"].startswith("estop")
        return "" if hidden else row["subject"] or ""
    number, parts = about["experiment"], about["parts"]
    if not parts:
        return say("events.experiment", number=number)
    if len(parts) == 1 or parts[1] == "1":  # most need one try only
        return say("events.experiment_step", number=number, step=parts[0])
    return say("events.experiment_try", number=number, step=parts[0], attempt=parts[1])
