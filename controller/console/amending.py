"""The dialog in which a campaign gets a new version of its file, with the files beside it."""

import asyncio
from typing import Any

from nicegui import ui
from nicegui.events import UploadEventArguments

from controller.access.actors import Actor
from controller.console import actions, dialogs
from controller.console.desk import Desk
from controller.console.picking import picker
from controller.console.shown import quantity
from controller.console.texts import say
from controller.report.campaign import head
from controller.spec import Budget, SpecError, budget_of

Plain = dict[str, Any]

LARGEST = 20 * 1024 * 1024  # bytes of all files together, as the command line has it


class Amendment:
    """What a person changes. A dialog of the page, which no refresh touches."""

    def __init__(self, desk: Desk, name: str, file: Plain) -> None:
        self.desk, self.name, self.file = desk, name, file
        self.files: dict[str, bytes] = {}
        self._sizes: dict[str, int] = {}  # also of those that are read now
        self._under_way = 0
        self._warned_of = ""  # the text of which it was said what it ends

    async def ask(self, note: str) -> None:
        """Show it until the campaign is amended or left as it is; `note` says what becomes of what is in flight."""
        title = say("campaign.amend_title", campaign=self.name)
        with dialogs.dialog(self.desk, title, classes="wide", persistent=True) as dialog:
            ui.label(note).classes("note said")
            label = say("campaign.amend_text", version=self.file["version"])
            self._text = ui.textarea(label, value=self.file["text"])
            self._text.props("outlined spellcheck=false").classes("full file")
            self._place = ui.element("div").classes("section").props("role=status")
            self._show_files()
            picker(say("campaign.amend_files"), self._keep, self._refuse, self._busy, largest=LARGEST)
            self._faults = ui.element("div").props("role=alert")
            self._button = dialogs.buttons(dialog, say("campaign.amend_do"), self._go)
        self._dialog = dialog
        await dialog
        dialog.delete()

    def _busy(self, more: int) -> None:
        """It goes out only with all of its files."""
        self._under_way += more
        self._button.set_enabled(self._under_way <= 0)

    async def _keep(self, event: UploadEventArguments) -> None:
        name = event.file.name
        others = sum(size for each, size in self._sizes.items() if each != name)
        if others + event.file.size() > LARGEST:  # before it is read: a browser may send more than it was told to
            self._refuse()
            return
        self._sizes[name] = event.file.size()
        self._busy(1)
        try:
            self.files[name] = await event.file.read()
        finally:
            self._busy(-1)
        self._show_files()

    def _refuse(self) -> None:
        self.desk.complain(say("campaign.amend_too_big", most=LARGEST // 2**20))

    def _show_files(self) -> None:
        """Which stand beside it, and which of them are new."""
        self._place.clear()
        with self._place:
            for name in dict.fromkeys([*self.file["files"], *self.files]):
                key = "campaign.amend_fresh" if name in self.files else "campaign.amend_stays"
                ui.label(say(key, name=name)).classes("grow")

    async def _go(self) -> None:
        text = self._text.value
        if text != self._warned_of and (ends := await self._ends(text)):
            self._warned_of = text
            self._warn(ends)
            return
        answer = await self.desk.tried(self._amended)
        self._faults.clear()
        if isinstance(answer, SpecError):
            with self._faults:
                _show_faults(answer)
        elif answer is not None:
            self.desk.tell(say("campaign.amended", campaign=self.name))
            self._dialog.submit(True)

    async def _ends(self, text: str) -> list[str]:
        """What the campaign has used already of the budget that it would get; of a faulty file it is said later."""
        if (budget := await asyncio.to_thread(budget_of, text)) is None:
            return []
        now = await self.desk.look_up(lambda session: head(session, self.name))
        return used_up(budget, now) if now is not None else []

    def _warn(self, ends: list[str]) -> None:
        self._faults.clear()
        with self._faults:
            for each in [*ends, say("campaign.amend_again")]:
                ui.label(each)

    async def _amended(self, actor: Actor) -> Any:
        """The campaign, or what is wrong with the file, which is shown beside it."""
        try:
            return await actions.amend_campaign(
                self.desk.house, actor, self.name, self._text.value, self.files, self.file["version"]
            )
        except SpecError as error:
            return error


def used_up(budget: Budget, now: Plain) -> list[str]:
    """Of which part of a budget a campaign, as `head` tells it, would have nothing left."""
    told = []
    if budget.experiments is not None and now["experiments"] >= budget.experiments:
        told.append(say("campaign.amend_experiments", used=now["experiments"], budget=budget.experiments))
    if budget.cost is not None and now["cost"] >= budget.cost:
        told.append(say("campaign.amend_cost", used=quantity(now["cost"], None), budget=quantity(budget.cost, None)))
    return told


def _show_faults(error: SpecError) -> None:
    ui.label(say("campaign.faults")).classes("name")
    with ui.element("ul").classes("faults"):
        for each in error.problems:
            with ui.element("li"):
                field = each.field or say("campaign.whole_file")
                ui.label(say("campaign.fault", line=each.line, field=field, message=each.message))
