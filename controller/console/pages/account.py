"""The account of who is signed in: password, sessions, tokens."""

from typing import Any

from nicegui import Client, ui
from sqlmodel import Session
from starlette.requests import Request

from controller.access.passwords import SHORTEST
from controller.console import actions, tokens
from controller.console.desk import Desk
from controller.console.frame import READS_WITHIN_S, opened
from controller.console.shown import heading, moment, table
from controller.console.texts import say
from controller.report import people as report

Plain = dict[str, Any]


@ui.page("/account", response_timeout=READS_WITHIN_S)
async def page(request: Request, client: Client) -> None:
    """One's own."""
    async with opened(request, client, say("account.title")) as desk:
        name = desk.actor.name
        ui.label(say("account.you", name=name, role=desk.actor.role.value)).classes("note")
        heading(say("account.password"))
        form = Form(desk)
        desk.section(lambda session: report.account(session, desk.secret), form.show)
        form.draw()
        heading(say("account.sessions"))
        desk.section(lambda session: _sessions(session, desk), lambda rows: _draw_sessions(desk, rows))
        heading(say("account.tokens"))
        with ui.element("div").classes("row"):
            ui.button(say("tokens.new"), icon="add", on_click=lambda: tokens.make(desk, name)).props("outline")
        desk.section(lambda session: report.tokens(session, desk.actor, name), lambda found: tokens.draw(desk, found))


class Form:
    """Choosing a password; what is typed stays while the rest of the page follows the database."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.asks = False
        self.present: ui.input | None = None

    def show(self, found: Plain) -> None:
        """Whether there is one, and whether it is asked for."""
        ui.label(say("account.has_password" if found["has_password"] else "account.no_password"))
        if found["has_password"] and not found["asks_password"]:
            ui.label(say("account.by_code")).classes("note")
        self.asks = found["asks_password"]
        if self.present is not None:
            self.present.set_visibility(self.asks)

    def draw(self) -> None:
        """The fields."""
        with ui.element("form").classes("form").on("submit.prevent", self.send):
            _username(self.desk.actor.name)
            self.present = _field("present", "current-password")
            self.present.set_visibility(self.asks)
            self.wanted = _field("wanted", "new-password")
            self.again = _field("again", "new-password")
            ui.label(say("account.hint", shortest=SHORTEST)).classes("note")
            with ui.element("div").classes("row"):
                ui.button(say("account.change")).props("unelevated type=submit")

    async def send(self) -> None:
        """Set it, unless the two differ."""
        if self.present is None:
            return
        if self.wanted.value != self.again.value:
            self.desk.complain(say("account.differ"))
            return
        values = {"present": self.present.value or "", "wanted": self.wanted.value or ""}
        done = say("account.changed")
        if await self.desk.do(actions.change_password, done, secret=self.desk.secret, **values) is not None:
            for each in (self.present, self.wanted, self.again):
                each.set_value("")


def _username(name: str) -> None:
    """Unseen, for who keeps the passwords in the browser."""
    field = ui.element("input").props("type=text autocomplete=username hidden readonly")
    field.props["value"] = name


def _field(key: str, autocomplete: str) -> ui.input:
    field = ui.input(say(f"account.{key}"), password=True).classes("full")
    return field.props(f"outlined autocomplete={autocomplete} maxlength=200")


def _sessions(session: Session, desk: Desk) -> list[Plain]:
    return report.sign_ins(session, desk.secret, desk.house.services.store.clock())


def _draw_sessions(desk: Desk, rows: list[Plain]) -> None:
    header = [say(f"account.{each}") for each in ("where", "how", "began", "ends")]
    table(header, (_session(row) for row in rows), stacks=True)
    if len(rows) > 1:
        with ui.element("div").classes("row"):
            ui.button(say("account.end_others"), icon="logout", on_click=lambda: _end_others(desk)).props("outline")


def _session(row: Plain) -> tuple[str, ...]:
    where = say("account.this" if row["this"] else "account.other")
    return where, say(f"account.how_{row['how']}"), moment(row["made_at"]), moment(row["expires_at"])


async def _end_others(desk: Desk) -> None:
    count = await desk.do(actions.end_other_sessions, secret=desk.secret)
    if count is not None:
        desk.tell(say("account.ended", count=count))
