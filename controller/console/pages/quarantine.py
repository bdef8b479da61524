"""Quarantine: what was refused and why; an operator corrects it, or says that nothing comes of it."""

from typing import Any

from nicegui import Client, ui
from sqlmodel import Session
from starlette.requests import Request

from controller.access.actors import Role
from controller.console import actions, dialogs
from controller.console.desk import Desk
from controller.console.frame import READS_WITHIN_S, opened
from controller.console.paging import Paged
from controller.console.shown import as_json, facts, heading, moment
from controller.console.texts import say
from controller.report import refused as report

Plain = dict[str, Any]
SHOWN = 64 * 1024  # bytes of a message


@ui.page("/quarantine", response_timeout=READS_WITHIN_S)
async def page(request: Request, client: Client) -> None:
    """Refused messages, and below them the orphans."""
    async with opened(request, client, say("quarantine.title")) as desk:
        ui.label(say("quarantine.note")).classes("note")
        only_open = ui.checkbox(say("quarantine.only_open"), value=True)
        refused = Paged(desk, True, _read, lambda row: _refused(desk, row), "id", say("quarantine.none"))
        only_open.on_value_change(lambda event: refused.want(bool(event.value)))
        heading(say("quarantine.orphans"))
        ui.label(say("quarantine.orphans_note")).classes("note")
        desk.items(_orphans, lambda row: _orphan(desk, row), say("quarantine.no_orphans"))


def _read(session: Session, only_open: bool, before: str | None) -> Plain:
    return report.page(session, before, only_open=only_open)


def _refused(desk: Desk, row: Plain) -> None:
    """One refused message."""
    with ui.element("article").classes("card"):
        with ui.element("div").classes("head"):
            name = " · ".join(each for each in (row["instrument"], row["topic"].rpartition("/")[2]) if each)
            heading(name, "name grow")
            ui.label(moment(row["at"])).classes("soft")
        facts(
            [
                (say("quarantine.why"), row["reason"]),
                (say("quarantine.attempt"), row["attempt_id"] or "-"),
                (say("quarantine.topic"), row["topic"]),
                (say("quarantine.size"), say("quarantine.bytes", count=row["size"])),
            ]
        )
        _standing(row)
        place = ui.element("div")
        with ui.element("div").classes("buttons"):
            ui.button(say("quarantine.show"), icon="data_object", on_click=lambda: _show(desk, row, place)).props(
                "flat"
            )
            if row["settled_at"] is None:
                _buttons(desk, row)


def _standing(row: Plain) -> None:
    if row["settled_at"] is not None:
        how = say(f"quarantine.how_{row['settled_how']}")
        when, why = moment(row["settled_at"]), row["settled_why"] or "-"
        text = say("quarantine.settled", how=how, by=row["settled_by"], when=when, why=why)
        ui.label(text).classes("grow settled")
    elif not row["is_result"]:
        ui.label(say("quarantine.only_discard")).classes("soft")


def _buttons(desk: Desk, row: Plain) -> None:
    operator = desk.may(Role.OPERATOR)
    if row["is_result"]:
        correct = ui.button(say("quarantine.accept"), icon="edit_note", on_click=lambda: _correct(desk, row))
        correct.props("outline").set_enabled(operator)
    discard = ui.button(say("quarantine.discard"), icon="delete_sweep", on_click=lambda: _discard(desk, row))
    discard.props("outline color=negative").set_enabled(operator)


async def _show(desk: Desk, row: Plain, place: ui.element) -> None:
    payload = await desk.look_up(lambda session: report.message(session, row["id"]))
    if payload is None:
        return
    place.clear()
    with place:
        ui.label(say("quarantine.raw")).classes("soft")
        ui.label(report.readable(payload, SHOWN)).classes("log").props("tabindex=0")
        if len(payload) > SHOWN:
            ui.label(say("quarantine.cut", count=SHOWN)).classes("soft")


async def _discard(desk: Desk, row: Plain) -> None:
    why = await dialogs.ask_why(desk, say("quarantine.why_discard"), say("quarantine.discard"), color="negative")
    if why:
        await desk.do(actions.discard, say("quarantine.discarded"), message=row["id"], why=why)


async def _correct(desk: Desk, row: Plain) -> None:
    payload = await desk.look_up(lambda session: report.message(session, row["id"]))
    if payload is None:
        return
    title, note = say("quarantine.correct_title"), say("quarantine.correct_note")
    with dialogs.dialog(desk, title, note, "wide") as dialog:
        ui.label(row["reason"]).classes("banner grow")
        # The whole of it is sent with every change: not with every key.
        text = ui.textarea(say("quarantine.payload"), value=report.editable(payload))
        text.props("outlined debounce=300 spellcheck=false").classes("full payload")
        why = dialogs.reason()

        async def take() -> None:
            if not (said := dialogs.reason_of(why)):
                return
            values = {"message": row["id"], "payload": text.value, "why": said}
            how = await desk.do(actions.accept_corrected, **values)
            if how is not None:
                desk.tell(say(f"quarantine.taken_{how}"))
                dialog.submit(True)

        dialogs.buttons(dialog, say("quarantine.take"), take)
    await dialog
    dialog.delete()


def _orphans(session: Session) -> dict[str, Plain]:
    return {row["id"]: row for row in report.orphans(session)}


def _orphan(desk: Desk, row: Plain) -> None:
    with ui.element("div").classes("entry orphan"):
        ui.label(moment(row["at"])).classes("soft")
        ui.label(row["instrument"]).classes("name")
        ui.label(row["attempt_id"]).classes("grow")

        async def show() -> None:
            found = await desk.look_up(lambda session: report.orphan(session, row["id"]))
            if found is None:
                return
            place.clear()
            with place:
                ui.label(as_json(found["payload"])).classes("log").props("tabindex=0")

        button = ui.button(say("quarantine.show"), icon="data_object", on_click=show).props("flat dense")
        button.props["aria-label"] = f"{say('quarantine.show')}: {row['attempt_id']}"
    place = ui.element("div")
