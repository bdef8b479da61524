"""Instruments: how each is, what it does, what waits for it, what went wrong, and what people may do with it."""

from datetime import datetime
from typing import Any

from nicegui import Client, ui
from sqlmodel import Session
from starlette.requests import Request

from controller.access.actors import Role
from controller.console import actions, dialogs
from controller.console.capabilities import describe
from controller.console.desk import Desk
from controller.console.frame import READS_WITHIN_S, attention, opened, stop
from controller.console.looks import shared
from controller.console.shown import event_kind, facts, heading, length, moment, more, quantity, roughly, table
from controller.console.standing import last_heard, standing
from controller.console.texts import say
from controller.loop.instrument import STOPPED
from controller.report.instruments import at_work, descriptions

Plain = dict[str, Any]

HOURS = ("1", "4", "8", "24")
SOON_S = 60.0  # what takes less is over before a bar has said anything


@ui.page("/instruments", response_timeout=READS_WITHIN_S)
async def page(request: Request, client: Client) -> None:
    """All of them."""
    async with opened(request, client, say("instruments.title")) as desk:
        desk.section(lambda session: attention(session)["counts"]["doubts"], _doubts)
        with ui.element("div").classes("row"):
            ui.link(say("instruments.doubts"), "/doubts")
            ui.link(say("instruments.samples"), "/samples")
            ui.link(say("instruments.files"), "/files")
        bench = Bench(desk)
        desk.items(bench.read, bench.draw, say("instruments.none"), "cards wide")
        ui.label(say("instruments.software_stop")).classes("note")
        heading(say("instruments.described"))
        desk.items(
            lambda session: shared(
                session, "descriptions", lambda: descriptions(session, desk.house.services.store.clock())
            ),
            lambda row: _description(row),
            say("instruments.none"),
        )


def _doubts(count: int) -> None:
    if count:
        with ui.element("div").classes("banner"):
            ui.label(say("instruments.in_doubt", count=count)).classes("grow")
            ui.link(say("instruments.decide"), "/doubts")


def _description(row: Plain) -> None:
    with ui.expansion(row["name"]).classes("fold"):
        if row["description_digest"] is None:
            ui.label(say("instruments.no_description")).classes("nothing")
        else:
            describe(row["description"])


def _words(row: Plain, now: datetime, heard: float | None) -> Plain:
    """Ages in words, so that a card is drawn anew only when they change."""
    work = [working(each, (now - datetime.fromisoformat(each["made_at"])).total_seconds()) for each in row["work"]]
    return {**row, "work": work, "heard": last_heard(heard)}


def working(row: Plain, elapsed_s: float) -> Plain:
    """Work with how far it is, in `words`, in tenths for a bar (`done`, None without one) and whether it is `long`."""
    expected = row["expected_s"]
    told = {"elapsed": roughly(elapsed_s), "limit": roughly(row["limit_s"])}
    if expected is None:
        words, done = say("instruments.elapsed", **told), None
    elif expected < SOON_S:
        words, done = say("instruments.soon", **told, expected=length(max(1.0, expected))), None
    else:
        words = say("instruments.expected", **told, expected=length(expected))
        done = min(10, int(10 * elapsed_s / expected))
    return {**row, "words": words, "done": done, "long": expected is not None and elapsed_s > row["long_s"]}


class Bench:
    """The cards of one page."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def read(self, session: Session) -> dict[str, Plain]:
        """All instruments by name."""
        services = self.desk.house.services
        now, heard = services.store.clock(), services.heard()
        found = shared(session, "instruments", lambda: at_work(session, now))
        return {name: _words(row, now, heard.get(name)) for name, row in found.items()}

    def draw(self, row: Plain) -> None:
        """One instrument."""
        with ui.element("article").classes("card") as card:
            card.props["aria-label"] = row["name"]
            _head(row)
            facts(_facts(row))
            self._work(row["work"])
            more(row["busy"], len(row["work"]))
            _waiting(row["waiting"])
            _faults(row["faults"])
            with ui.element("div").classes("buttons"):
                self._buttons(row)

    def _work(self, work: list[Plain]) -> None:
        if work:
            ui.label(say("instruments.work")).classes("subject")
        for each in work:
            with ui.element("div").classes("work"):
                ui.label(_named(each)).classes("grow")
                ui.label(say("instruments.cancelling") if each["cancel_asked"] else each["state"]).classes("mark")
                ui.label(each["words"]).classes("soft")
                if each["long"]:
                    ui.label(say("instruments.long")).classes("mark warn")
                ui.label(say("instruments.by", deadline=moment(each["deadline"]))).classes("soft")
                button = ui.button(
                    say("instruments.cancel"), icon="cancel", on_click=lambda each=each: self.cancel(each)
                ).props("flat dense color=negative")
                button.set_enabled(self.desk.may(Role.OPERATOR) and not each["cancel_asked"])
                _bar(each["done"])

    def _buttons(self, row: Plain) -> None:
        name, operator = row["name"], self.desk.may(Role.OPERATOR)
        stopping = ui.button(say("instruments.stop"), icon="dangerous", on_click=lambda: stop(self.desk, name))
        stopping.props("unelevated color=negative").props["aria-label"] = say("instruments.stop_one", name=name)
        if row["wanted_paused"]:
            again = ui.button(say("instruments.resume"), icon="play_arrow", on_click=lambda: self.resume(row))
            again.props("unelevated").set_enabled(operator)
        else:
            ui.button(say("instruments.pause"), icon="pause", on_click=lambda: self.pause(name)).props("outline")
        if not row["simulated"]:
            arming = ui.button(say("instruments.arm"), icon="lock_open", on_click=lambda: self.arm(name))
            arming.props("outline").set_enabled(operator)
            if row["armed"]:
                ui.button(say("instruments.disarm"), icon="lock", on_click=lambda: self.disarm(name)).props("outline")
        if row["description_digest"] is not None and not row["accepted"]:
            accepting = ui.button(say("instruments.accept"), icon="rule", on_click=lambda: self.accept(name))
            accepting.props("outline").set_enabled(self.desk.may(Role.ADMIN))

    async def pause(self, name: str) -> None:
        """Give it nothing new."""
        note = say("instruments.pause_note")
        if why := await dialogs.ask_why(
            self.desk, say("instruments.why_pause", name=name), say("instruments.pause"), note=note
        ):
            await self.desk.do(actions.pause_instrument, say("instruments.paused", name=name), instrument=name, why=why)

    async def resume(self, row: Plain) -> None:
        """Give it work again."""
        name, stopped = row["name"], row["obstacle"] == STOPPED
        if why := await dialogs.ask_why(self.desk, say("instruments.why_resume", name=name), say("instruments.resume")):
            done = say("instruments.resumed_stopped" if stopped else "instruments.resumed", name=name)
            await self.desk.do(actions.resume_instrument, done, instrument=name, why=why)

    async def arm(self, name: str) -> None:
        """Let it take work for some hours."""
        options = {hours: say("instruments.hours", hours=hours) for hours in HOURS}
        note = say("instruments.arm_note")
        hours = await dialogs.choose(
            self.desk, say("instruments.how_long", name=name), options, say("instruments.arm"), note=note
        )
        if hours:
            done = say("instruments.was_armed", name=name)
            await self.desk.do(actions.arm, done, instrument=name, hours=float(hours))

    async def disarm(self, name: str) -> None:
        """Let it take no further work."""
        await self.desk.do(actions.disarm, say("instruments.disarmed", name=name), instrument=name)

    async def cancel(self, each: Plain) -> None:
        """Call one attempt off."""
        question, note = say("instruments.why_cancel", name=_named(each)), say("instruments.cancel_note")
        yes = say("instruments.cancel")
        if why := await dialogs.ask_why(self.desk, question, yes, note=note, color="negative"):
            await self.desk.do(actions.cancel_attempt, say("instruments.cancelled"), attempt=each["id"], why=why)

    async def accept(self, name: str) -> None:
        """Show what it says of itself now, and accept just that."""
        clock = self.desk.house.services.store.clock
        known = await self.desk.look_up(lambda session: descriptions(session, clock()))
        if known is None or (found := known.get(name)) is None:
            return
        with dialogs.dialog(
            self.desk, say("instruments.accept_title", name=name), say("instruments.accept_note")
        ) as dialog:
            describe(found["description"])
            ui.label(say("instruments.digest", digest=found["description_digest"])).classes("soft grow")
            dialogs.buttons(dialog, say("instruments.accept"), lambda: dialog.submit(True))
        if await dialog:
            done, digest = say("instruments.was_accepted", name=name), found["description_digest"]
            await self.desk.do(actions.accept_description, done, instrument=name, digest=digest)
        dialog.delete()


def _head(row: Plain) -> None:
    with ui.element("div").classes("head"):
        heading(row["name"], "name grow")
        text, kind = standing(row)
        ui.label(text).classes(f"mark {kind}")
        ui.label(say("instruments.simulated" if row["simulated"] else "instruments.real")).classes("mark")


def _facts(row: Plain) -> list[tuple[str, str]]:
    rows = [
        (say("instruments.state"), say(f"states.{row['state']}")),
        (say("instruments.heartbeat"), row["heard"]),
        (say("instruments.load"), say("instruments.of", busy=row["busy"], most=quantity(row["concurrency"], None))),
    ]
    if pause := row["pause"]:
        told = {"by": pause["actor"] or say("instruments.daemon"), "at": moment(pause["at"]), "why": pause["why"]}
        rows.append((say("instruments.is_paused"), say("instruments.paused_by", **told)))
    if not row["simulated"]:
        by, until = row["armed_by"] or "-", moment(row["armed_until"])
        armed = say("instruments.armed_by", by=by, until=until) if row["armed"] else say("instruments.not_armed")
        rows.append((say("instruments.armed"), armed))
    return rows


def _bar(tenths: int | None) -> None:
    if tenths is not None:
        with ui.element("div").classes("bar").props('aria-hidden="true"'):
            ui.element("div").style(f"width: {10 * tenths}%")


def _named(each: Plain) -> str:
    return say("instruments.named", campaign=each["campaign"], number=each["number"], step=each["step"])


def _waiting(waiting: Plain) -> None:
    if waiting["count"]:
        ui.label(say("instruments.waiting", count=waiting["count"])).classes("subject")
        for each in waiting["first"]:
            ui.label(_named(each)).classes("soft grow")
        more(waiting["count"], len(waiting["first"]))


def _faults(faults: list[Plain]) -> None:
    if faults:
        header = (say("overview.when"), say("overview.what"), say("overview.why"))
        rows = ((moment(each["at"]), event_kind(each["kind"]), each["why"]) for each in faults)
        table(header, rows, caption=say("instruments.faults"))
