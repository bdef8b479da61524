"""Instructions in words: a text of the campaign file with the candidate's values in their places."""

import re
from collections.abc import Mapping
from typing import Any

PARTS = ("values", "amounts", "elements")  # what is to be set, as the kinds of candidates name it
_PLACEHOLDER = re.compile(r"\{([A-Za-z][A-Za-z0-9_]*)\}")


def placeholders(text: str) -> list[str]:
    """The names that stand in braces, in their order."""
    return _PLACEHOLDER.findall(text)


def instructions_for(text: str, candidate: Mapping[str, Any]) -> str:
    """Put the candidate's values, with their units, in the places of the names in braces.

    A name that the candidate does not have stays as it is, so that whoever reads it sees what is missing.
    """
    values = {name: value for part in PARTS for name, value in candidate.get(part, {}).items()}
    units = candidate.get("units", {})

    def said(found: re.Match[str]) -> str:
        name = found[1]
        if name not in values:
            return found[0]
        value = values[name]
        number = f"{value:.6g}" if isinstance(value, float) else str(value)
        unit = units.get(name, "dimensionless")
        return number if unit == "dimensionless" else f"{number} {unit}"

    return _PLACEHOLDER.sub(said, text)
