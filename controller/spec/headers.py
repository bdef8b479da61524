"""From a spreadsheet's headers to names and units that a campaign file can hold: `T (°C)` is T, in degC."""

import re
import unicodedata
from collections.abc import Sequence

from strategies.units import UnitError, check_unit, plain_unit

_BRACKETS = re.compile(r"(?P<name>[^\[(]+)[\[(](?P<unit>[^\])]+)[\])]\s*")
_SPELLED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})
_AMBIGUOUS = ("C", "F")  # coulomb and farad to pint; in a header more likely a temperature
LONGEST = 64


def names_and_units(headers: Sequence[str]) -> list[tuple[str, str | None]]:
    """For each header a name that no other one has, and the unit in its brackets if there is one that is known."""
    found: list[tuple[str, str | None]] = []
    for place, header in enumerate(headers, start=1):
        text, unit = _split(header)
        name = _name(text) or f"column_{place}"
        taken = {each for each, _ in found}
        number = 2
        fresh = name
        while fresh in taken:
            fresh = f"{name[: LONGEST - 4]}_{number}"
            number += 1
        found.append((fresh, unit))
    return found


def _split(header: str) -> tuple[str, str | None]:
    match = _BRACKETS.fullmatch(header.strip())
    if match is None:
        return header, None
    unit = plain_unit(match["unit"].strip())
    try:
        return (match["name"], check_unit(unit)) if unit not in _AMBIGUOUS else (header, None)
    except UnitError:
        return header, None


def _name(text: str) -> str:
    latin = unicodedata.normalize("NFKD", text.translate(_SPELLED)).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9]+", "_", latin).strip("_")[:LONGEST]
    return f"x_{name}"[:LONGEST] if name[:1].isdigit() else name
