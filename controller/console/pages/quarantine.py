"""Quarantine: what was refused and why; an operator corrects it, or says that nothing comes of it."""

from dataclasses import dataclass, field
from typing import Any

from nicegui import Client, ui
from sqlmodel import Session
from starlette.requests import Request

from controller.access.actors import Role
from controller.console import actions, dialogs
from controller.console.desk import Desk
from controller.console.frame import READS_WITHIN_S, opened
from controller.console.pages.events import as_text
from controller.console.shown import facts, moment
from controller.console.texts import say
from controller.report import refused as report

Plain = dict[str, Any]
SHOWN = 64 * 1024  # bytes of a message


@ui.page("/quarantine", response_timeout=READS_WITHIN_S)
async def page(request: Request, client: Client) -> None:
    """Refused messages, and below them the orphans."""
    async with opened(request, client, say("quarantine.title")) as desk:
        ui.label(say("quarantine.note")).classes("note")
        shelf = Shelf(desk)
        ui.checkbox(say("quarantine.only_open"), value=True, on_change=lambda event: shelf.narrow(event.value))
        desk.section(shelf.read, shelf.draw_around)
        desk.items(shelf.rows, shelf.draw, say("quarantine.none"))
        ui.label(say("quarantine.orphans")).classes("heading").props('role="heading" aria-level="2"')
        ui.label(say("quarantine.orphans_note")).classes("note")
        desk.items(_orphans, lambda row: _orphan(desk, row), say("quarantine.no_orphans"))


@dataclass
class Shelf:
    """Which part of the refused messages one page shows."""

    desk: Desk
    only_open: bool = True
    before: str | None = None
    found: Plain = field(default_factory=dict)

    def read(self, session: Session) -> Plain:
        """Read the page; what stands around its rows."""
        self.found = report.page(session, self.before, only_open=self.only_open)
        return {"before": self.before, "older": self.found["older"]}

    def rows(self, _session: Session) -> dict[str, Plain]:
        """The rows of the page that was read."""
        return {row["id"]: row for row in self.found["rows"]}

    def narrow(self, only_open: bool) -> None:
        """Show all, or only what waits for somebody."""
        self.only_open, self.before = only_open, None
        self.desk.look_again()

    def _go(self, before: str | None) -> None:
        self.before = before
        self.desk.look_again()

    def draw_around(self, around: Plain) -> None:
        """Ways on and back, where there are any."""
        if around["before"] is None and around["older"] is None:
            return
        with ui.element("div").classes("row"):
            latest = ui.button(say("quarantine.latest"), icon="first_page", on_click=lambda: self._go(None))
            latest.props("flat dense").set_enabled(around["before"] is not None)
            older = ui.button(say("quarantine.older"), icon="chevron_right", on_click=lambda: self._go(around["older"]))
            older.props("flat dense").set_enabled(around["older"] is not None)

    def draw(self, row: Plain) -> None:
        """One refused message."""
        with ui.element("article").classes("card"):
            with ui.element("div").classes("head"):
                name = " · ".join(each for each in (row["instrument"], row["topic"].rpartition("/")[2]) if each)
                ui.label(name).classes("name grow").props('role="heading" aria-level="2"')
                ui.label(moment(row["at"])).classes("soft")
            facts(
                [
                    (say("quarantine.why"), row["reason"]),
                    (say("quarantine.attempt"), row["attempt_id"] or "-"),
                    (say("quarantine.topic"), row["topic"]),
                    (say("quarantine.size"), say("quarantine.bytes", count=row["size"])),
                ]
            )
            self._standing(row)
            place = ui.element("div")
            with ui.element("div").classes("buttons"):
                ui.button(say("quarantine.show"), icon="data_object", on_click=lambda: self._show(row, place)).props(
                    "flat"
                )
                if row["settled_at"] is None:
                    self._buttons(row)

    def _standing(self, row: Plain) -> None:
        if row["settled_at"] is not None:
            how = say(f"quarantine.how_{row['settled_how']}")
            when, why = moment(row["settled_at"]), row["settled_why"] or "-"
            text = say("quarantine.settled", how=how, by=row["settled_by"], when=when, why=why)
            ui.label(text).classes("grow settled")
        elif not row["is_result"]:
            ui.label(say("quarantine.only_discard")).classes("soft")

    def _buttons(self, row: Plain) -> None:
        operator = self.desk.may(Role.OPERATOR)
        if row["is_result"]:
            correct = ui.button(say("quarantine.accept"), icon="edit_note", on_click=lambda: self._correct(row))
            correct.props("outline").set_enabled(operator)
        discard = ui.button(say("quarantine.discard"), icon="delete_sweep", on_click=lambda: self._discard(row))
        discard.props("outline color=negative").set_enabled(operator)

    async def _show(self, row: Plain, place: ui.element) -> None:
        payload = await self.desk.look_up(lambda session: report.message(session, row["id"]))
        if payload is None:
            return
        place.clear()
        with place:
            ui.label(say("quarantine.raw")).classes("soft")
            ui.label(report.readable(payload, SHOWN)).classes("log").props("tabindex=0")
            if len(payload) > SHOWN:
                ui.label(say("quarantine.cut", count=SHOWN)).classes("soft")

    async def _discard(self, row: Plain) -> None:
        why = await dialogs.ask_why(
            self.desk, say("quarantine.why_discard"), say("quarantine.discard"), color="negative"
        )
        if why:
            await self.desk.do(actions.discard, say("quarantine.discarded"), message=row["id"], why=why)

    async def _correct(self, row: Plain) -> None:
        payload = await self.desk.look_up(lambda session: report.message(session, row["id"]))
        if payload is None:
            return
        title, note = say("quarantine.correct_title"), say("quarantine.correct_note")
        with dialogs.dialog(self.desk, title, note, "wide") as dialog:
            ui.label(row["reason"]).classes("banner grow")
            # The whole of it is sent with every change: not with every key.
            text = ui.textarea(say("quarantine.payload"), value=report.editable(payload))
            text.props("outlined debounce=300 spellcheck=false").classes("full payload")
            why = dialogs.reason()

            async def take() -> None:
                if not (said := dialogs.reason_of(why)):
                    return
                values = {"message": row["id"], "payload": text.value, "why": said}
                how = await self.desk.do(actions.accept_corrected, **values)
                if how is not None:
                    self.desk.tell(say(f"quarantine.taken_{how}"))
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
                ui.label(as_text(found["payload"])).classes("log").props("tabindex=0")

        button = ui.button(say("quarantine.show"), icon="data_object", on_click=show).props("flat dense")
        button.props["aria-label"] = f"{say('quarantine.show')}: {row['attempt_id']}"
    place = ui.element("div")
