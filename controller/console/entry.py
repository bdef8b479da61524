"""Fields for numbers as people write them: a browser's own ones drop a comma, and 1,5 becomes 15."""

import math
import re
from typing import Any

from nicegui import ui

from controller.console.texts import say

WRITTEN = re.compile(r"[+-]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)([eE][+-]?[0-9]+)?")


class Decimal(ui.input):
    """A field for a number; what cannot be read as one is told under it, and is none."""

    @property
    def number(self) -> float | None:
        """What stands there."""
        return read(self.value or "")

    @property
    def readable(self) -> bool:
        """Whether there is a number, or nothing."""
        return _fault(self.value) is None


def decimal(label: str, value: float | None = None, low: float | None = None) -> Decimal:
    """A field for a number, here; `value` stands there already, and `low` is the least that makes sense."""
    field = Decimal(label, value="" if value is None else written(value), validation=_fault)
    keys = "decimal" if low is not None and low >= 0 else "text"  # some telephones' keys for numbers have no minus
    field.props(f"outlined dense inputmode={keys} autocomplete=off maxlength=60")
    return field


def given(field: Any) -> Any:
    """What stands in a field of any kind; None or an empty text if that is nothing that can be taken."""
    return field.number if isinstance(field, Decimal) else field.value


def complete(field: Any) -> bool:
    """Whether something that can be taken stands in a field of any kind; one without says so."""
    if given(field) not in (None, ""):
        return True
    field.props["error"] = True
    field.props["error-message"] = (_fault(field.value) if isinstance(field, Decimal) else None) or say("entry.missing")
    return False


def read(text: str) -> float | None:
    """The number of a text, with a point or one comma as its decimal sign and nothing between thousands."""
    text = text.strip()
    number = float(text.replace(",", ".")) if WRITTEN.fullmatch(text) else math.nan
    return number if math.isfinite(number) else None


def written(value: float) -> str:
    """A number so that it is read as the same."""
    return repr(value).removesuffix(".0")


def _fault(text: str | None) -> str | None:
    empty = not (text or "").strip()
    return None if empty or read(text or "") is not None else say("entry.unreadable")
