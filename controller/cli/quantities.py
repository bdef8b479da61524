"""Values with units as people type them."""

import re
from typing import Any

from controller.cli.connection import USAGE, Refused

_VALUE = re.compile(r"(?P<name>[^=]+)=\s*(?P<number>[-+0-9.eE]+)\s*(?P<unit>.*)")


def measured(text: str) -> tuple[str, dict[str, Any]]:
    """NAME=VALUE[UNIT] as property, value and unit; raises `Refused`."""
    found = _VALUE.fullmatch(text.strip())
    try:
        number = float(found["number"]) if found else float("nan")
    except ValueError:
        number = float("nan")
    if found is None or number - number != 0:
        raise Refused(USAGE, f"{text!r} should be NAME=VALUE[UNIT], such as yield=71.2% or 'mass=3.1 g'")
    return found["name"].strip(), {"value": number, "unit": found["unit"].strip() or "dimensionless"}
