"""How an instrument or a campaign stands, in a few words."""

from collections.abc import Mapping
from typing import Any

from controller.console.shown import quantity, roughly
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


def last_heard(seconds: float | None) -> str:
    """The age of its last sign of life, so that it is not written anew each second; None: not since we started."""
    return say("instruments.unheard") if seconds is None else say("instruments.ago", age=roughly(seconds))


def experiments(row: Mapping[str, Any]) -> str:
    """How many of a campaign's experiments have ended, of how many, and how many are under way."""
    done, wanted = experiments_ended(row), row["budget"].get("experiments")
    text = say("standing.ended_of", done=done, wanted=wanted) if wanted else say("standing.ended", done=done)
    return say("standing.open", text=text, count=row["open"]) if row["open"] else text


def experiments_ended(row: Mapping[str, Any]) -> int:
    """How many of those that were begun or wait have ended."""
    return max(0, int(row["experiments"]) - int(row["open"]))
