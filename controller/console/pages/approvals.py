"""Approvals: what waits for people, the most urgent first."""

import math
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nicegui import Client, ui
from nicegui.events import KeyEventArguments
from starlette.requests import Request

from controller.access.actors import Role
from controller.console import actions, candidates, dialogs
from controller.console.desk import REFUSALS, Desk, said
from controller.console.editing import edit
from controller.console.frame import READS_WITHIN_S, attention, opened
from controller.console.looks import shared
from controller.console.shown import heading, moment, named, number, plain, predictions, roughly, table
from controller.console.texts import say
from controller.report import approvals as report
from strategies.spaces import settings_of

Plain = dict[str, Any]
SETTLES_S = 0.8  # a second press of who meant the card before


@ui.page("/approvals", response_timeout=READS_WITHIN_S)
async def page(request: Request, client: Client) -> None:
    """The queue."""
    async with opened(request, client, say("approvals.title")) as desk:
        queue = Queue(desk)
        if desk.may(Role.OPERATOR):
            desk.section(lambda session: attention(session)["counts"]["approvals"] > 0, queue.tools)
            ui.keyboard(queue.key, ignore=["input", "select", "textarea"])
        desk.items(queue.read, queue.draw, say("approvals.none"), told=queue.arrange)
        desk.section(report.waiting, _more)
        heading(say("approvals.lately"))
        desk.section(report.decided_lately, _lately)


@dataclass
class Queue:
    """The queue on one page: what is shown and in which order, what is selected, where the keys are."""

    desk: Desk
    order: list[str] = field(default_factory=list)
    rows: dict[str, Plain] = field(default_factory=dict)
    selected: set[str] = field(default_factory=set)
    current: str | None = None
    cards: dict[str, ui.element] = field(default_factory=dict)
    many: list[ui.button] = field(default_factory=list)
    moved: set[str] = field(default_factory=set)
    moved_s: float = -math.inf

    def read(self, session: Any) -> dict[str, Plain]:
        """What waits; the time that is left stands in words, so that it is drawn anew when they change."""
        now = self.desk.house.services.store.clock()
        found = shared(session, "queue", lambda: report.queue(session))
        return {key: {**row, "left": _left(row["deadline"], now)} for key, row in found.items()}

    def arrange(self, order: list[str]) -> None:
        """What waits, in its order; what others decided meanwhile is forgotten, selected or not."""
        gone = [place for place, key in enumerate(self.order) if key not in order]
        if gone:
            self.moved, self.moved_s = set(self.order[gone[0] :]), time.monotonic()
        self.order = order
        for key in self.rows.keys() - set(order):
            del self.rows[key], self.cards[key]
        self.selected.intersection_update(order)
        self._count()

    # Drawing

    def tools(self, there: bool) -> None:
        """What is done to many at once, where there is something to be done."""
        self.many = []
        if not there:
            return
        ui.label(say("approvals.hint")).classes("note keys")
        with ui.element("div").classes("row"):
            yes = ui.button("", icon="done_all", on_click=self.approve_many).props("unelevated color=positive")
            no = ui.button("", icon="block", on_click=self.reject_many).props("outline color=negative")
            ui.button(say("approvals.select_all"), icon="select_all", on_click=self.select_all).props("flat")
        self.many = [yes, no]
        self._count()

    def draw(self, row: Plain) -> None:
        """One proposal."""
        self.rows[row["id"]] = row
        operator = self.desk.may(Role.OPERATOR)
        with ui.element("article").classes("card").props("tabindex=-1") as card:
            card.props["aria-label"] = name_of(row)
            self.cards[row["id"]] = card
            self._head(row, operator)
            with ui.element("div").classes("columns"):
                with ui.element("div"):
                    candidates.draw(row["candidate"], self.desk.house.pictures)
                with ui.element("div"):
                    predictions(row["prediction"], row["units"], say("approvals.nothing_predicted"))
            ui.label(say("approvals.reason", reason=row["reason"])).classes("grow")
            ui.label(_small_print(row)).classes("soft")
            with ui.element("div").classes("buttons"):
                self._buttons(row, operator)
                near = ui.button(say("approvals.details")).props("flat")
            place = ui.element("div")
            near.on_click(lambda: self._nearest(row, place))
        self._mark()

    def _head(self, row: Plain, operator: bool) -> None:
        with ui.element("div").classes("head"):
            if operator:
                box = ui.checkbox(value=row["id"] in self.selected, on_change=lambda e: self.select(row["id"], e.value))
                text = say("approvals.select", campaign=row["campaign"], number=row["number"])
                box.props["aria-label"] = text
            heading(name_of(row), "name grow")
            ui.label(say("approvals.stage_of", stage=row["stage"])).classes("mark")
            if row["replicate"] > 1:
                ui.label(say("approvals.replicate", number=row["replicate"])).classes("mark")
            if (row["people_needed"] or 1) > 1:
                count = len(row["approved_by"])
                ui.label(say("approvals.two_people", count=count, needed=row["people_needed"])).classes("mark warn")
            if row["left"]:
                ui.label(row["left"]).classes("mark warn")
        if row["approved_by"]:
            ui.label(say("approvals.approved_by", names=", ".join(row["approved_by"]))).classes("soft")

    def _buttons(self, row: Plain, operator: bool) -> None:
        for key, icon, props, handler in (
            ("approve", "check", "unelevated color=positive", self.press_approve),
            ("reject", "close", "outline color=negative", self.reject),
            ("edit", "edit", "outline", self.edit),
        ):
            button = ui.button(
                say(f"approvals.{key}"), icon=icon, on_click=lambda handler=handler: handler(row["id"])
            ).props(props)
            button.set_enabled(operator)

    async def _nearest(self, row: Plain, place: ui.element) -> None:
        found = await self.desk.look_up(lambda session: report.nearest(session, row["id"]))
        if found is None:
            return
        place.clear()
        with place:
            _near(row, found)

    # Doing

    async def press_approve(self, key: str) -> None:
        """Approve what is shown on the card, unless that has just come under the mouse in the place of another."""
        if key in self.moved and time.monotonic() < self.moved_s + SETTLES_S:
            self.desk.complain(say("approvals.moved"))
            return
        await self.approve(key)

    async def approve(self, key: str) -> None:
        """Approve what is shown on the card."""
        row = self.rows[key]
        done = await self.desk.do(actions.approve, proposal=key, digest=row["digest"])
        if done is not None:
            first = done.state == "awaiting-approval"
            self.desk.tell(say(f"approvals.{'first_approval' if first else 'approved'}", name=name_of(row)))

    async def reject(self, key: str) -> None:
        """Reject it, with a reason."""
        row = self.rows[key]
        why = await dialogs.ask_why(
            self.desk, say("approvals.why_reject", name=name_of(row)), say("approvals.reject"), color="negative"
        )
        if why:
            text = say("approvals.rejected", name=name_of(row))
            await self.desk.do(actions.reject, text, proposal=key, digest=row["digest"], why=why)

    async def edit(self, key: str) -> None:
        """Put other values forward."""
        await edit(self.desk, self.rows[key], name_of(self.rows[key]))

    async def approve_many(self) -> None:
        """Approve all that is selected, each as it is shown."""
        await self._each(lambda actor, row: actions.approve(self.desk.house, actor, row["id"], row["digest"]))

    async def reject_many(self) -> None:
        """Reject all that is selected, with one reason."""
        text = say("approvals.selected_reject", count=len(self.selected))
        if why := await dialogs.ask_why(self.desk, text, say("approvals.reject"), color="negative"):
            await self._each(lambda actor, row: actions.reject(self.desk.house, actor, row["id"], row["digest"], why))

    async def _each(self, doing: Any) -> None:
        """Each for itself: one that somebody else decided costs the others nothing."""
        refused: list[str] = []
        wanted = [self.rows[key] for key in self._there() if key in self.selected]

        async def all_of_them(actor: Any) -> int:
            for row in wanted:
                try:
                    await doing(actor, row)
                    self.selected.discard(row["id"])
                except REFUSALS as error:
                    refused.append(said(error))
            return len(wanted) - len(refused)

        done = await self.desk.tried(all_of_them)
        if done:
            self.desk.tell(say("approvals.many_done", count=done))
        if refused:
            self.desk.complain(say("approvals.many_refused", count=len(refused), why="; ".join(refused)))
        self._count()

    # Selecting, and the keys

    def select(self, key: str, wanted: bool) -> None:
        """Take a proposal into the selection, or out of it."""
        (self.selected.add if wanted else self.selected.discard)(key)
        self._count()

    def select_all(self) -> None:
        """Take all that is shown into the selection."""
        for key in self._there():
            self.selected.add(key)
            self._redraw(key)
        self._count()

    def _count(self) -> None:
        for button, name in zip(self.many, ("selected_approve", "selected_reject"), strict=False):
            button.text = say(f"approvals.{name}", count=len(self.selected))
            button.set_enabled(bool(self.selected))

    async def key(self, event: KeyEventArguments) -> None:
        """One key for each thing."""
        if not event.action.keydown or event.modifiers.ctrl or event.modifiers.alt or event.modifiers.meta:
            return
        pressed = str(event.key)
        there = self._there()
        if pressed in ("j", "k") and there:
            self._go(there, 1 if pressed == "j" else -1)
        elif self.current in there and pressed in ("a", "r", "e", "x"):
            key = str(self.current)
            if pressed == "x":
                self.select(key, key not in self.selected)
                self._redraw(key)
            else:
                await {"a": self.approve, "r": self.reject, "e": self.edit}[pressed](key)

    def _there(self) -> list[str]:
        """The cards as they stand on the page; some may be about to be drawn."""
        return [key for key in self.order if key in self.cards and not self.cards[key].is_deleted]

    def _go(self, there: list[str], step: int) -> None:
        place = there.index(self.current) + step if self.current in there else 0
        self.current = there[max(0, min(place, len(there) - 1))]
        self._mark()
        ui.run_javascript(f"getElement({self.cards[self.current].id}).focus()")

    def _mark(self) -> None:
        for key, card in self.cards.items():
            if not card.is_deleted:
                card.classes(
                    add="current" if key == self.current else "", remove="" if key == self.current else "current"
                )

    def _redraw(self, key: str) -> None:
        card = self.cards[key]
        slot = card.parent_slot
        if slot is not None:
            slot.parent.clear()
            with slot.parent:
                self.draw(self.rows[key])


def name_of(row: Plain) -> str:
    """What a proposal is called."""
    return say("approvals.number", campaign=row["campaign"], number=row["number"])


def _left(deadline: str | None, now: datetime) -> str:
    if deadline is None:
        return ""
    left = datetime.fromisoformat(deadline) - now
    if left.total_seconds() <= 0:
        return say("approvals.overdue")
    return say("approvals.decide_by", left=roughly(left.total_seconds()))


def _small_print(row: Plain) -> str:
    facts = row["facts"]
    parts = [say("approvals.proposed_by", name=row["made_by"])]
    if "feasibility" in facts:
        parts.append(say("approvals.feasible", value=f"{facts['feasibility']:.0%}"))
    if row["acquisition"] is not None:
        parts.append(say("approvals.acquisition", value=number(float(row["acquisition"]))))
    if facts.get("cost"):
        parts.append(say("approvals.cost", value=number(float(facts["cost"]))))
    if facts.get("hazard"):
        parts.append(say("approvals.hazard", value=f"{facts['hazard']:g}"))
    return " · ".join(parts)


def _near(row: Plain, found: list[Plain]) -> None:
    if not found:
        ui.label(say("approvals.no_nearest")).classes("nothing")
        return
    names = list(settings_of(found[0]["candidate"]))[:8]
    properties = [name for name in row["units"] if any(name in each["values"] for each in found)]
    header = [*map(plain, names), *(named(name, row["units"][name]) for name in properties)]
    table(
        [*header, say("approvals.distance")],
        (
            [
                *(number(settings_of(each["candidate"]).get(name)) for name in names),
                *(number(each["values"].get(name)) for name in properties),
                f"{each['distance']:.2f}",
            ]
            for each in found
        ),
        say("approvals.nearest"),
    )


def _more(waiting: int) -> None:
    if waiting > report.SHOWN:
        ui.label(say("approvals.more", count=waiting - report.SHOWN)).classes("note")


def _lately(rows: list[Plain]) -> None:
    if not rows:
        ui.label(say("approvals.nothing_decided")).classes("nothing")
        return
    table(
        (say("overview.when"), say("approvals.decided"), say("approvals.who"), say("approvals.why")),
        (
            (
                moment(row["at"]),
                f"{say('approvals.number', **{name: row[name] for name in ('campaign', 'number')})}: "
                f"{say('approvals.verdict_' + row['verdict'])}",
                row["user"],
                row["why"] or "",
            )
            for row in rows
        ),
    )
