"""Attempts in doubt: what is known of each, and what an operator may make of it."""

from collections.abc import Callable
from typing import Any

from nicegui import Client, ui
from sqlmodel import Session
from starlette.requests import Request

from controller.access.actors import Role
from controller.console import actions, candidates, dialogs
from controller.console.answers import Fields, ask_failure
from controller.console.desk import Desk
from controller.console.frame import READS_WITHIN_S, opened
from controller.console.shown import event_kind, facts, heading, moment, more, table
from controller.console.texts import say
from controller.report import lists

Plain = dict[str, Any]

MOST = 50


@ui.page("/doubts", response_timeout=READS_WITHIN_S)
async def page(request: Request, client: Client) -> None:
    """Those that wait, oldest first."""
    async with opened(request, client, say("doubts.title")) as desk:
        ui.label(say("doubts.note")).classes("note")

        def read(session: Session) -> dict[str, Plain]:
            now = desk.house.services.store.clock()
            return {row["id"]: row for row in lists.doubtful(session, now, limit=MOST)}

        desk.items(read, lambda row: draw(desk, row), say("doubts.none"))
        desk.section(lists.count_doubts, lambda total: more(total, MOST))
        ui.link(say("doubts.back"), "/instruments")


def draw(desk: Desk, row: Plain) -> None:
    """One attempt with its evidence and the choices."""
    name = _name(row)
    with ui.element("article").classes("card") as card:
        card.props["aria-label"] = name
        with ui.element("div").classes("head"):
            heading(name, "name grow")
            ui.label(row["resource"]).classes("mark")
        ui.label(say("doubts.why", why=row["why"] or "-")).classes("said")
        with ui.element("div").classes("columns"):
            with ui.element("div"):
                candidates.draw(row["proposal"]["candidate"], desk.house.pictures)
            with ui.element("div"):
                facts(_facts(row))
                ui.label(journal(row["instrument_now"])).classes("note")
        buttons = ui.element("div").classes("buttons")
        place = ui.element("div").classes("section")
        with buttons:
            _buttons(desk, row, name)
            seen = ui.button(say("doubts.evidence"), icon="history")
            seen.on_click(lambda: _show_evidence(desk, row["id"], place)).props("flat")


def _name(row: Plain) -> str:
    return say("instruments.named", campaign=row["campaign"], number=row["proposal"]["number"], step=row["step"])


def _facts(row: Plain) -> list[tuple[str, str]]:
    now = row["instrument_now"]
    rows = [
        (say("doubts.attempt"), row["id"]),
        (say("doubts.made"), moment(row["made_at"])),
        (say("doubts.deadline"), moment(row["deadline"])),
        (say("doubts.asked"), moment(row["asked_at"])),
        (say("doubts.missing"), ", ".join(row["yields"]) or "-"),
    ]
    if now is not None:
        state = f"{now['state']} ({now['obstacle']})" if now["obstacle"] else now["state"]
        rows.append((say("doubts.now"), state))
        rows.append((say("doubts.said"), moment(now["said_at"])))
    return rows


def journal(now: Plain | None) -> str:
    """What the instrument's word is worth."""
    if now is None:
        return say("doubts.by_hand")
    return say("doubts.same_journal" if now["has_the_same_journal"] else "doubts.other_journal")


def _buttons(desk: Desk, row: Plain, name: str) -> None:
    choices: list[tuple[str, str, Callable[..., Any]]] = [
        ("repeat", "replay", _repeat),
        ("fail", "block", _fail),
        ("value", "edit", _enter),
    ]
    if row["adapter"] == "instrument":
        choices.insert(0, ("ask", "contact_support", _ask_again))
    for key, icon, handler in choices:
        button = ui.button(
            say(f"doubts.{key}"), icon=icon, on_click=lambda handler=handler: handler(desk, row, name)
        ).props("outline")
        button.set_enabled(desk.may(Role.OPERATOR))


async def _ask_again(desk: Desk, row: Plain, name: str) -> None:
    question, note = say("doubts.why_ask", name=name), say("doubts.ask_note")
    if why := await dialogs.ask_why(desk, question, say("doubts.ask"), note=note):
        await desk.do(actions.ask_again, say("doubts.was_asked"), attempt=row["id"], why=why)


async def _repeat(desk: Desk, row: Plain, name: str) -> None:
    question, note = say("doubts.why_repeat", name=name), say("doubts.repeat_note")
    if why := await dialogs.ask_why(desk, question, say("doubts.repeat"), note=note):
        await desk.do(actions.repeat, say("doubts.was_repeated"), attempt=row["id"], why=why)


async def _fail(desk: Desk, row: Plain, name: str) -> None:
    if answer := await ask_failure(desk, say("doubts.how_failed", name=name), say("answers.fail_note")):
        kind, why = answer
        await desk.do(actions.fail, say("doubts.was_failed"), attempt=row["id"], kind=kind, why=why)


async def _enter(desk: Desk, row: Plain, name: str) -> None:
    with dialogs.dialog(desk, say("doubts.what_gave", name=name), persistent=True) as dialog:
        fields = Fields(row["yields"], row["units"])
        why = dialogs.reason()

        async def send() -> None:
            if (text := dialogs.reason_of(why)) is None or not fields.readable:
                return
            told = {"values": fields.values, "sample": fields.sample, "why": text}
            if await desk.do(actions.enter, say("doubts.was_entered"), attempt=row["id"], **told) is not None:
                dialog.submit(True)

        dialogs.buttons(dialog, say("doubts.value"), send)
    await dialog
    dialog.delete()


async def _show_evidence(desk: Desk, attempt: str, place: ui.element) -> None:
    found = await desk.look_up(lambda session: lists.evidence(session, [attempt])[attempt])
    if found is None:
        return
    place.clear()
    with place:
        header = (say("overview.when"), say("overview.what"), say("doubts.who"), say("overview.why"))
        table(header, map(_event, found["events"]), caption=say("doubts.events"))
        if found["refused"]:
            refused = ((moment(each["at"]), each["reason"]) for each in found["refused"])
            table((say("overview.when"), say("overview.why")), refused, caption=say("doubts.refused"))
        else:
            ui.label(say("doubts.nothing_refused")).classes("soft")


def _event(event: Plain) -> tuple[str, str, str, str]:
    said = event["data"].get("why") or event["data"].get("reason") or ""
    return moment(event["at"]), event_kind(event["kind"]), event["actor"] or "-", str(said)
