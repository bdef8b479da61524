"""What an instrument says that it can do, as a person reads it."""

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from controller.console.shown import facts, number, plain, quantity, table, unit_sign
from controller.console.texts import say

Plain = Mapping[str, Any]


def describe(description: Plain) -> None:
    """Draw a description, here."""
    facts(
        [
            (say("capabilities.model"), str(description.get("model", "-"))),
            (say("capabilities.software"), str(description.get("software", "-"))),
            (say("capabilities.at_once"), str(description.get("concurrency", 1))),
            (say("capabilities.heartbeat"), quantity(description.get("heartbeat_s", 5.0), "s")),
            (say("capabilities.on_host_lost"), str(description.get("on_host_lost", "-"))),
        ]
    )
    for name, capability in description.get("capabilities", {}).items():
        ui.label(say("capabilities.can", name=name)).classes("subject")
        _capability(capability)
    calibration = description.get("calibration", {})
    ui.label(say("capabilities.calibration")).classes("subject")
    if calibration:
        facts((name, str(text)) for name, text in calibration.items())
    else:
        ui.label(say("capabilities.no_calibration")).classes("soft")


def _capability(capability: Plain) -> None:
    if parameters := capability.get("parameters", {}):
        keys = ("candidate.parameter", "capabilities.from", "capabilities.to", "capabilities.unit")
        table(map(say, keys), (_limits(name, each) for name, each in parameters.items()))
    if channels := capability.get("channels", {}):
        names = ("capabilities.channel", "approvals.property", "capabilities.unit")
        table(map(say, names), (_channel(name, each) for name, each in channels.items()))
    if capability.get("makes_sample"):
        ui.label(say("capabilities.makes_sample")).classes("soft")


def _limits(name: str, limits: Plain) -> tuple[str, str, str, str]:
    if limits.get("choices") is not None:
        return plain(name), ", ".join(map(str, limits["choices"])), "", unit_sign(limits.get("unit"))
    return plain(name), number(limits.get("low")), number(limits.get("high")), unit_sign(limits.get("unit"))


def _channel(name: str, channel: Plain) -> tuple[str, str, str]:
    return name, plain(str(channel["property"])), unit_sign(channel["unit"])
