"""Tasks: steps done by hand. What is to be done, and a form for what came of it."""

from datetime import datetime
from typing import Any

from nicegui import Client, ui
from nicegui.events import UploadEventArguments
from sqlmodel import Session
from starlette.requests import Request

from adapters.instruments.messages import File
from controller.access.actors import Role
from controller.console import actions, candidates, dialogs
from controller.console.answers import Fields, ask_failure
from controller.console.desk import Desk
from controller.console.frame import READS_WITHIN_S, opened
from controller.console.picking import picker
from controller.console.shown import facts, heading, moment, more, roughly
from controller.console.texts import say
from controller.report import lists

Plain = dict[str, Any]

MOST = 50
LARGEST = 500 * 1000 * 1000  # bytes of one file


@ui.page("/tasks", response_timeout=READS_WITHIN_S)
async def page(request: Request, client: Client) -> None:
    """Those that wait, oldest first."""
    async with opened(request, client, say("tasks.title")) as desk:

        def read(session: Session) -> dict[str, Plain]:
            now = desk.house.services.store.clock()
            return {row["id"]: _words(row, now) for row in lists.tasks(session, limit=MOST)}

        desk.items(read, lambda row: draw(desk, row), say("tasks.none"))
        desk.section(lists.count_tasks, lambda total: more(total, MOST))


def _words(row: Plain, now: datetime) -> Plain:
    left = (datetime.fromisoformat(row["deadline"]) - now).total_seconds()
    return {
        **row,
        "overdue": left <= 0,
        "left": say("tasks.left", left=roughly(left)) if left > 0 else say("tasks.overdue"),
    }


def draw(desk: Desk, row: Plain) -> None:
    """One task."""
    name = name_of(row)
    with ui.element("article").classes("card") as card:
        card.props["aria-label"] = name
        with ui.element("div").classes("head"):
            heading(name, "name grow")
            ui.label(row["left"]).classes("mark bad" if row["overdue"] else "mark")
        if row["why"]:
            ui.label(say("tasks.in_doubt", why=row["why"])).classes("said")
        ui.label(row["instructions"]).classes("said")
        candidates.draw(row["proposal"]["candidate"], desk.house.pictures)
        facts(_facts(row))
        with ui.element("div").classes("buttons"):
            operator = desk.may(Role.OPERATOR)
            done = ui.button(say("tasks.done"), icon="check", on_click=lambda: Form(desk, row).ask())
            done.props("unelevated").set_enabled(operator)
            failed = ui.button(say("tasks.failed"), icon="close", on_click=lambda: _fail(desk, row))
            failed.props("outline color=negative").set_enabled(operator)


def name_of(row: Plain) -> str:
    """Which task."""
    return say("instruments.named", campaign=row["campaign"], number=row["proposal"]["number"], step=row["step"])


def _facts(row: Plain) -> list[tuple[str, str]]:
    rows = [(say("tasks.since"), moment(row["made_at"])), (say("doubts.deadline"), moment(row["deadline"]))]
    if row["request"].get("sample_id"):
        rows.append((say("tasks.sample"), row["request"]["sample_id"]))
    return rows


async def _fail(desk: Desk, row: Plain) -> None:
    if answer := await ask_failure(desk, say("tasks.how_failed", name=name_of(row)), say("answers.fail_note")):
        kind, why = answer
        await desk.do(actions.fail_task, say("tasks.told"), attempt=row["id"], kind=kind, why=why)


class Form:
    """What a task gave: values, a sample, files. A dialog of the page, which no refresh touches."""

    def __init__(self, desk: Desk, row: Plain) -> None:
        self.desk, self.row = desk, row
        self.files: list[File] = []
        self._sending = self._keeping = 0

    async def ask(self) -> None:
        """Show the form until it is sent or put away."""
        with dialogs.dialog(self.desk, name_of(self.row), self.row["instructions"], persistent=True) as dialog:
            self._fields = Fields(self.row["yields"], self.row["units"])
            self._file_field()
            self._why = ui.input(say("tasks.remark")).props("outlined dense maxlength=1000").classes("full")
            with ui.element("div").classes("buttons"):
                ui.button(say("dialog.no"), on_click=lambda: dialog.submit(None)).props("flat")
                self._button = ui.button(say("tasks.send"), on_click=self._send).props("unelevated")
        self._dialog = dialog
        await dialog
        dialog.delete()

    def _file_field(self) -> None:
        for each in self.row["analysis"]:
            ui.label(say("tasks.read_from", gives=each["gives"], file=each["file"])).classes("note")
        picker(
            say("tasks.files"),
            self._keep,
            lambda: self.desk.complain(say("tasks.too_big")),
            lambda more: self._busy(sending=more),
            largest=LARGEST,
        )
        with ui.element("div").props("role=status"):
            self._under_way = ui.label(say("tasks.sending")).classes("note")
        self._under_way.visible = False
        self._kept = ui.element("div").classes("section")

    def _busy(self, sending: int = 0, keeping: int = 0) -> None:
        """The form goes out only with all of its files."""
        self._sending, self._keeping = self._sending + sending, self._keeping + keeping
        quiet = self._sending <= 0 and self._keeping <= 0
        self._button.set_enabled(quiet)
        self._under_way.visible = not quiet

    async def _keep(self, event: UploadEventArguments) -> None:
        self._busy(keeping=1)
        try:
            told: dict[str, Any] = {
                "name": event.file.name,
                "media_type": event.file.content_type,
                "parts": event.file.iterate(),
            }
            kept = await self.desk.do(actions.keep_file, **told)
        finally:
            self._busy(keeping=-1)
        if kept is not None:
            self.files.append(kept)
            self._show_files()

    def _show_files(self) -> None:
        self._kept.clear()
        with self._kept:
            for file in self.files:
                with ui.element("div").classes("row"):
                    ui.label(file.name).classes("grow")
                    button = ui.button(icon="delete", on_click=lambda file=file: self._leave_out(file)).props(
                        "flat dense"
                    )
                    button.props["aria-label"] = say("tasks.leave_out", name=file.name)

    def _leave_out(self, file: File) -> None:
        self.files.remove(file)
        self._show_files()

    async def _send(self) -> None:
        if not self._fields.readable:
            return
        done = await self.desk.do(
            actions.measure,
            say("tasks.told"),
            attempt=self.row["id"],
            values=self._fields.values,
            files=tuple(self.files),
            sample=self._fields.sample,
            why=self._why.value.strip() or None,
        )
        if done is not None:
            self._dialog.submit(True)
