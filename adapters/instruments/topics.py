"""The topics of MQTT protocol v1, made and taken apart in one place."""

import re
from dataclasses import dataclass

ROOT = "tatara/v1"
HOST = "host"  # stands where instruments have their names
_ID = r"[a-z0-9][a-z0-9-]{0,79}"
_FROM_INSTRUMENT = re.compile(
    rf"{ROOT}/(?P<site>{_ID})/(?P<instrument>{_ID})/"
    rf"(?:(?P<plain>state|description|heartbeat)|attempt/(?P<attempt>{_ID})/(?P<answer>status|result))"
)
_OF_INSTRUMENT = re.compile(rf"{ROOT}/{_ID}/(?P<instrument>{_ID})/")


@dataclass(frozen=True)
class Topic:
    """Where a message from an instrument came from: `kind` is state, description, heartbeat, status or result."""

    site: str
    instrument: str
    kind: str
    attempt_id: str | None = None


def parse_topic(topic: str) -> Topic | None:
    """Take a topic apart that an instrument writes to; None if it is none."""
    if (found := _FROM_INSTRUMENT.fullmatch(topic)) is None:
        return None
    kind = found["plain"] or found["answer"]
    return Topic(found["site"], found["instrument"], kind, found["attempt"])


def speaker(topic: str) -> str | None:
    """The instrument on whose topic this is, also where the rest of it makes no sense."""
    found = _OF_INSTRUMENT.match(topic)
    return found["instrument"] if found else None


def own(site: str, instrument: str, kind: str) -> str:
    """Topic of an instrument's state, description, heartbeat or command."""
    return f"{ROOT}/{site}/{instrument}/{kind}"


def attempt(site: str, instrument: str, attempt_id: str, kind: str) -> str:
    """Topic of an attempt's request, status, result or receipt."""
    return f"{ROOT}/{site}/{instrument}/attempt/{attempt_id}/{kind}"


def host_state(site: str, daemon: str) -> str:
    """Topic on which the daemon says that it is there."""
    return f"{ROOT}/{site}/{HOST}/{daemon}/state"
