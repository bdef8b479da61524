"""System: the software, what it stands on, who is told of alerts, and who may come in."""

from typing import Any

from nicegui import Client, ui
from sqlmodel import Session
from starlette.requests import Request

from adapters.compute import Workers
from controller.access.actors import Role
from controller.console import alerting, people, tokens
from controller.console.desk import Desk
from controller.console.frame import READS_WITHIN_S, opened
from controller.console.shown import facts, heading, moment, size
from controller.console.texts import say
from controller.report import alerts as alerts_report
from controller.report import people as people_report
from controller.report import system as report
from controller.serving import Services

Plain = dict[str, Any]
LONGEST = 300  # characters of a failure


@ui.page("/system", response_timeout=READS_WITHIN_S)
async def page(request: Request, client: Client) -> None:
    """What who looks after the daemon wants to know."""
    async with opened(request, client, say("system.title")) as desk:
        services = desk.house.services
        with ui.element("div").classes("cards packed"):
            with _card("system.software"):
                facts(report.versions().items())
            with _card("system.database"):
                desk.section(lambda session: database(session, services), facts_of)
            with _card("system.executor"):
                desk.section(lambda session: executor(services.workers), facts_of)
            with _card("system.surroundings"):
                desk.section(lambda session: surroundings(services), facts_of)
        heading(say("alerts.title"))
        alerting.draw_settings(desk, services.alerts)
        desk.section(lambda session: _alerts(session, services), alerting.draw_standing)
        if desk.may(Role.ADMIN):
            _people(desk)


def _card(key: str) -> ui.element:
    card = ui.element("section").classes("card")
    with card:
        heading(say(key), "name")
    return card


def facts_of(found: list[tuple[str, str]]) -> None:
    """What was read, as names and what they are."""
    facts(found)


def database(session: Session, services: Services) -> list[tuple[str, str]]:
    """The database as a person reads it."""
    found, machine = report.database(session), services.machine()
    backup = moment(machine["backup"]) if machine.get("backup") else say("system.no_backup")
    return [
        (say("system.kind"), found["kind"]),
        (say("system.place"), found["place"]),
        (say("system.schema"), found["schema"]),
        (say("system.size"), size(found["bytes"])),
        (say("system.events"), str(found["events"])),
        (say("system.backup"), backup if "backup" in machine else say("system.backup_elsewhere")),
    ]


def surroundings(services: Services) -> list[tuple[str, str]]:
    """Broker, disk and the process as a person reads them; what is not known is left out."""
    health, machine = services.health(), services.machine()
    address = services.broker if services.external_broker else say("system.embedded", address=services.broker)
    found = []
    if services.broker:
        found.append((say("system.broker"), address))
    if "tls" in machine:
        found.append((say("system.tls"), say("system.with_tls" if machine["tls"] else "system.without_tls")))
    if "broker" in health:
        why = f": {health['broker_error']}" if health.get("broker_error") else ""
        found.append((say("system.state"), f"{health['broker']}{why}"))
    if machine.get("connected_since"):
        found.append((say("system.connected_since"), moment(machine["connected_since"])))
    count, refused = report.messages()
    found.append((say("system.messages"), say("system.messages_of", count=f"{count:,}", refused=f"{refused:,}")))
    if "disk_free" in machine:
        free = say("system.free", free=size(machine["disk_free"]), total=size(machine["disk_total"]))
        full = f", {say('system.disk_full')}" if health.get("disk") == "full" else ""
        found.append((say("system.disk"), f"{free}{full}"))
    if "lag_s" in machine:
        found.append((say("system.lag"), lag_text(machine["lag_s"])))
    return found


def executor(workers: Workers) -> list[tuple[str, str]]:
    """The processes in which strategies and analyses run."""
    failure = workers.last_failure
    failed = say("system.no_failure")
    if failure is not None:
        failed = say("system.failure_of", when=moment(failure.at.isoformat()), why=_cut(failure.why))
    return [
        (say("system.workers"), say("system.workers_of", size=workers.size, busy=workers.busy)),
        (say("system.replaced"), str(workers.replaced)),
        (say("system.failure"), failed),
    ]


def _cut(text: str) -> str:
    """A failure may bring a whole trace along; the last line says most."""
    last = text.strip().rpartition("\n")[2]
    return last if len(last) <= LONGEST else f"{last[:LONGEST]} …"


def lag_text(seconds: float) -> str:
    """To two digits, so that the page is not drawn anew for nothing."""
    if seconds < 0.01:
        return say("system.lag_small")
    value = f"{seconds * 1000:.2g} ms" if seconds < 0.0995 else f"{seconds:.2g} s"
    return say("system.lag_value", value=value)


def _alerts(session: Session, services: Services) -> Plain:
    return alerts_report.shown(session, services.alerts.rules, services.store.clock())


def _people(desk: Desk) -> None:
    """Read as the person is at that moment: who is no admin any longer sees nobody."""
    heading(say("system.users"))
    with ui.element("div").classes("row"):
        ui.button(say("system.new_user"), icon="person_add", on_click=lambda: people.create(desk)).props("outline")

    def users(session: Session) -> list[Plain]:
        return people_report.users(session) if desk.may(Role.ADMIN) else []

    desk.section(users, lambda found: people.draw(desk, found))
    heading(say("tokens.title"))
    desk.section(
        lambda session: people_report.tokens(session, desk.actor, None), lambda found: tokens.draw(desk, found)
    )
