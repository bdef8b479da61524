"""What a page hands on comes from a browser, and may be anything: here it is looked at before a command sees it."""

from collections.abc import Mapping
from typing import Any

from adapters.instruments.messages import MAX_BYTES
from controller.commands.errors import Invalid
from controller.console.texts import say

LONGEST = 1000  # characters, as the API has it
LONGER = {"text": 1_000_000, "payload": MAX_BYTES}  # a campaign file, and a message of an instrument
LARGEST = 1e100


def check(given: Mapping[str, Any]) -> None:
    """Raise `Invalid` for texts that no database keeps, and for numbers that are none."""
    for name, value in given.items():
        _check(value, LONGER.get(name, LONGEST))


def texts(given: Mapping[str, Any]) -> None:
    """Raise `Invalid` for what should be a text and is none: a database would keep another value than the trail."""
    if any(each is not None and not isinstance(each, str) for each in given.values()):
        raise Invalid(say("given.no_text"))


def number(value: Any) -> float:
    """A number that can be kept; raises `Invalid`."""
    if (
        isinstance(value, bool) or not isinstance(value, float | int) or not abs(value) <= LARGEST
    ):  # so that nan is none
        raise Invalid(say("given.no_number"))
    return float(value)


def _check(value: Any, longest: int) -> None:
    if isinstance(value, str):
        _check_text(value, longest)
    elif isinstance(value, float):
        number(value)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            _check(name, longest)
            _check_value(each, longest)


def _check_value(value: Any, longest: int) -> None:
    """One of a candidate, or one that was measured, with its unit."""
    if isinstance(value, tuple):
        amount, unit = value
        number(amount)
        _check(unit, longest)
    elif isinstance(value, str):
        _check_text(value, longest)
    elif not isinstance(value, bytes):  # a file
        number(value)


def _check_text(text: str, longest: int) -> None:
    if len(text) > longest:
        raise Invalid(say("given.too_long", most=longest))
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Invalid(say("given.not_storable")) from None
    if "\0" in text:
        raise Invalid(say("given.not_storable"))
