"""Alerts on a page: who is told of what, what stands now, and what became of the last messages."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from nicegui import ui

from controller.access.actors import Role
from controller.access.alerts import RULES, AlertsSection, Mail, RuleName, Rules, Webhook
from controller.console import actions
from controller.console.desk import Desk
from controller.console.shown import heading, length, moment, table
from controller.console.texts import say

Plain = dict[str, Any]


def draw_settings(desk: Desk, section: AlertsSection) -> None:
    """Receivers, without their secrets, and rules; both stand in the site file and change with a restart only."""
    if not section.receivers:
        ui.label(say("alerts.none")).classes("note")
    else:
        header = [say("alerts.name"), say("alerts.to"), say("alerts.told_of"), say("system.do")]
        rows: list[list[str | Callable[[], None]]] = [
            [*_receiver(each), partial(_test_button, desk, each.name)] for each in section.receivers
        ]
        table(header, rows, say("alerts.receivers"), stacks=True)
    header = [say("alerts.rule"), say("alerts.when")]
    rules = ((say(f"alerts.rule_{each}"), rule_text(section.rules, each)) for each in RULES)
    table(header, rules, say("alerts.rules"))
    repeat = ", ".join(length(each) for each in section.repeat)
    ui.label(say("alerts.rhythm", group=length(section.group), repeat=repeat)).classes("note")


def _receiver(receiver: Webhook | Mail) -> tuple[str, ...]:
    if isinstance(receiver, Webhook):  # the rest of its address may be a secret
        to = say("alerts.webhook", host=urlsplit(receiver.url).hostname)
    else:
        to = say("alerts.mail", to=", ".join(receiver.to), host=receiver.host)
    everything = set(receiver.rules) == set(RULES)
    rules = say("alerts.all") if everything else ", ".join(say(f"alerts.rule_{each}") for each in receiver.rules)
    return receiver.name, to, rules


def rule_text(rules: Rules, name: RuleName) -> str:
    """When a rule applies, as a person reads it."""
    setting = getattr(rules, name.replace("-", "_"))
    if setting is None or setting is False:
        return say("alerts.off")
    value = length(setting) if name == "approval-waiting" else f"{float(setting):.0%}"
    return say(f"alerts.when_{name}", value=value)


def _test_button(desk: Desk, name: str) -> None:
    button = ui.button(say("alerts.test"), on_click=lambda: _test(desk, name)).props("flat dense no-wrap")
    button.props["aria-label"] = say("alerts.test_of", name=name)
    button.set_enabled(desk.may(Role.ADMIN))


async def _test(desk: Desk, name: str) -> None:
    await desk.do(actions.test_alert, say("alerts.tested", name=name), receiver=name)


def draw_standing(found: Plain) -> None:
    """What stands now, and the last sendings."""
    heading(say("alerts.standing"), "subheading", 3)
    if not found["standing"]:
        ui.label(say("alerts.nothing_stands")).classes("nothing")
    else:
        header = [say("alerts.rule"), say("alerts.what"), say("alerts.since"), say("alerts.told")]
        table(header, (_standing(row) for row in found["standing"]), stacks=True)
    if found["cut"]:
        ui.label(say("alerts.cut")).classes("note")
    heading(say("alerts.sendings"), "subheading", 3)
    if not found["sendings"]:
        ui.label(say("alerts.nothing_sent")).classes("nothing")
        return
    header = [say("overview.when"), say("alerts.receiver"), say("alerts.became")]
    rows = ((moment(row["at"]), row["subject"], became(row)) for row in found["sendings"])
    table(header, rows, stacks=True)


def _standing(row: Plain) -> tuple[str, ...]:
    told = say("alerts.times", count=row["times_sent"], when=moment(row["sent_at"])) if row["times_sent"] else None
    what = said(row["what"], row["facts"])
    return say(f"alerts.rule_{row['rule']}"), what, moment(row["since"]), told or say("alerts.not_told")


def said(what: str, facts: Mapping[str, Any]) -> str:
    """What stands, as a person reads it."""
    return say(f"alerts.say_{what}", **facts)


def became(row: Plain) -> str:
    """What became of a message."""
    data = row["data"]
    if row["kind"] == "alert.sent":
        return say("alerts.sent_test" if data["test"] else "alerts.sent")
    if data["test"]:
        return say("alerts.failed_test", why=data["why"])
    return say("alerts.failed_for_good" if data["given_up"] else "alerts.failed", why=data["why"])
