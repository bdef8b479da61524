"""How an instrument stands, in a few words."""

from typing import Any

from controller.console.shown import quantity
from controller.console.texts import say
from controller.loop.instrument import PRESENT, STOPPED


def standing(row: dict[str, Any]) -> tuple[str, str]:
    """Whether it may be given work, and what keeps it from that; with the class of the mark."""
    if row["obstacle"] == STOPPED:
        return say("overview.stopped"), "bad"
    if row["obstacle"]:
        return row["obstacle"], "warn" if row["state"] in PRESENT else "bad"
    if row["busy"]:
        return say("overview.works", busy=row["busy"], concurrency=quantity(row["concurrency"], None)), "good"
    return say("overview.ready"), "good"
