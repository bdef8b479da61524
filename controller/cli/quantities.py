"""Values with units as people type them."""

import re
from typing import Any

from controller.cli.connection import USAGE, Refused

_VALUE = re.compile(r"(?P<name>[^=]+)=\s*(?P<number>[-+0-9.eE]+)\s*(?P<unit>.*)")


_TIME = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>s|min|h|d)")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


def seconds(text: str) -> float:
    """A length of time such as 45min, 8h or 2d; raises `Refused`."""
    if (found := _TIME.fullmatch(text.strip())) is None:
        raise Refused(USAGE, f"{text!r} should be a number with s, min, h or d, such as 8h")
    return float(found["number"]) * _SECONDS[found["unit"]]


def measured(text: str) -> tuple[str, dict[str, Any]]:
    """NAME=VALUE[UNIT] as property, value and unit (None: that of the campaign file); raises `Refused`."""
    found = _VALUE.fullmatch(text.strip())
    try:
        number = float(found["number"]) if found else float("nan")
    except ValueError:
        number = float("nan")
    if found is None or number - number != 0:
        raise Refused(USAGE, f"{text!r} should be NAME=VALUE[UNIT], such as yield=71.2% or 'mass=3.1 g'")
    return found["name"].strip(), {"value": number, "unit": found["unit"].strip() or None}
