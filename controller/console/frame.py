"""What stands around every page: where one is, where one can go, what holds everything up, and the e-stop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from nicegui import Client, ui
from sqlmodel import Session
from starlette.requests import Request

from controller.access.actors import Role
from controller.commands.errors import NotFound
from controller.console import actions, dialogs
from controller.console.desk import Desk
from controller.console.looks import shared
from controller.console.shown import heading, moment
from controller.console.texts import say
from controller.report import attention as report

READS_WITHIN_S = 50.0  # what is not read by then is an error; on a busy machine a long campaign takes some seconds

# Path, key of the text, icon, which count of `attention` stands beside it.
PLACES = (
    ("/", "overview", "dashboard", ""),
    ("/approvals", "approvals", "how_to_reg", "approvals"),
    ("/tasks", "tasks", "back_hand", "tasks"),
    ("/instruments", "instruments", "precision_manufacturing", "doubts"),
    ("/events", "events", "history", ""),
    ("/quarantine", "quarantine", "report", "quarantine"),
    ("/system", "system", "settings", ""),
)


HEAD = '<link rel="stylesheet" href="/static/console.css"><script src="/static/console.js" defer></script>'


@asynccontextmanager
async def opened(request: Request, client: Client, title: str, *, reads_long: bool = False) -> AsyncIterator[Desk]:
    """Draw the frame; what is drawn within stands in it, and then follows the database.

    `reads_long`: a first look may take seconds, for which no other page is to wait.
    """
    desk = Desk(request, client, reads_long=reads_long)
    client.title = f"{title} · Tatara"
    ui.add_head_html(HEAD)
    ui.add_body_html(f'<a class="skip" href="#content">{say("frame.skip")}</a>')
    _colors()
    _header(desk, request.url.path)
    with ui.element("div").classes("page").props("id=content tabindex=-1"):
        desk.section(attention, lambda found: _banners(desk, found), "banners").place.props("role=status")
        heading(title, "title", 1)
        yield desk
        try:
            await desk.refresh()
        except NotFound as error:
            ui.label(str(error)).classes("nothing")
            return
    desk.begin()


def _colors() -> None:
    ui.colors(primary="#1d4f91", secondary="#4a5c73", positive="#1b6b34", negative="#b3261e", warning="#8a5a00")


def attention(session: Session) -> dict[str, Any]:
    """What waits for people and which e-stops hold, of which most pages show something."""
    return shared(session, "attention", lambda: report.attention(session))


def _header(desk: Desk, path: str) -> None:
    # Closed unless the screen is wide enough: left to itself, the library would ask each browser.
    drawer = ui.left_drawer(value=False, bordered=True).classes("menu")
    drawer.props('show-if-above breakpoint=900 width=210 role="none"')
    with drawer, ui.element("nav").props(f'aria-label="{say("frame.places")}"'):
        desk.section(attention, lambda found: _places(path, found["counts"]))
    with ui.header().classes("header").props('role="banner"'):
        ui.button(icon="menu", on_click=drawer.toggle).props(f'flat round color=white aria-label="{say("frame.menu")}"')
        ui.link("Tatara", "/").classes("name")
        ui.label(desk.house.services.site).classes("site")
        ui.space()
        ui.button(icon="contrast", on_click=_turn).props(f'flat round color=white aria-label="{say("frame.dark")}"')
        _person(desk)
        stopping = ui.button(say("frame.stop"), icon="dangerous", on_click=lambda: stop(desk, None)).classes("estop")
        stopping.props(f'color=negative unelevated no-wrap title="{say("frame.stop_title")}"')
        stopping.props["aria-label"] = say("frame.stop_all")


def _person(desk: Desk) -> None:
    button = ui.button(icon="person").props(f'flat round color=white aria-label="{say("frame.person")}"')
    with button, ui.menu():
        ui.label(say("frame.signed_in", name=desk.actor.name, role=desk.actor.role.value)).classes("who")
        ui.menu_item(say("frame.account"), lambda: ui.navigate.to("/account"))
        ui.menu_item(say("frame.sign_out"), _sign_out)


def _turn() -> None:
    ui.run_javascript("tatara_turn()")


def _sign_out() -> None:
    ui.run_javascript(
        "const f = document.createElement('form'); f.method = 'post'; f.action = '/sign-out';"
        "document.body.append(f); f.submit();"
    )


def _places(path: str, counts: dict[str, int]) -> None:
    for target, name, icon, count in PLACES:
        here = path == target or (target != "/" and path.startswith(target))
        with ui.link(target=target).classes("place here" if here else "place") as link:
            ui.icon(icon).props('aria-hidden="true"')
            ui.label(say(f"places.{name}"))
            if counts.get(count):
                ui.badge(str(counts[count])).props("color=negative").classes("count")
        if here:
            link.props('aria-current="page"')


def _banners(desk: Desk, found: dict[str, Any]) -> None:
    """E-stops that hold, on every page."""
    for held in found["estops"]:
        where = held["instrument"] or say("frame.everything")
        with ui.element("div").classes("banner stopped"):
            ui.icon("dangerous").props('aria-hidden="true"')
            reason = held["reason"]
            why = say("frame.stopped_why", why=reason) if reason else say("frame.stopped_unexplained")
            text = say("frame.stopped", where=where, by=held["by"], when=moment(held["at"]), why=why)
            ui.label(text).classes("grow")
            if not held["reason"]:
                ui.button(say("frame.say_why"), on_click=lambda held=held: _explain(desk, held["id"])).props("outline")
            ui.button(say("frame.reset"), on_click=lambda held=held: _reset(desk, held)).props("outline").set_enabled(
                desk.may(Role.OPERATOR)
            )


async def stop(desk: Desk, instrument: str | None) -> None:
    """The e-stop: done first; why is asked for when it is done."""
    told = await desk.stop(instrument)
    if told is None:
        return
    if told["published"] and told["recorded"]:
        desk.tell(say("frame.was_stopped", where=instrument or say("frame.everything")))
    else:
        published = say("frame.published" if told["published"] else "frame.not_published")
        recorded = say("frame.recorded" if told["recorded"] else "frame.not_recorded")
        desk.complain(f"{published} {recorded}")
    await _explain(desk, told["id"])


async def _explain(desk: Desk, estop: str) -> None:
    note, later = say("frame.software_stop"), say("frame.later")
    why = await dialogs.ask_why(desk, say("frame.why_stopped"), say("frame.say_why"), note=note, back=later)
    if why:
        await desk.do(actions.explain_estop, estop=estop, why=why)


async def _reset(desk: Desk, held: dict[str, Any]) -> None:
    where = held["instrument"] or say("frame.everything")
    why = await dialogs.ask_why(
        desk, say("frame.why_reset", where=where), say("frame.reset"), note=say("frame.reset_note")
    )
    if why:
        await desk.do(actions.reset, say("frame.was_reset"), estop=held["id"], why=why)
