"""Tables as CSV files for spreadsheets, in which no text is taken for a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

_BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cell(value: Any) -> Any:
    """The value as it stands in a CSV: text that a spreadsheet would take for a formula gets an apostrophe in front."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_BEGINS_FORMULA) else value


def as_number(text: str) -> Decimal | str | None:
    """A cell of somebody's table as it is written again: a number with the digits that it had; None where it is empty.

    What is no number stays text, in which a spreadsheet must see no formula.
    """
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text or None
    return number if number.is_finite() else text


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write the file, whole or not at all. Numbers keep every digit; None is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([cell(each) for each in columns])
    writer.writerows([cell(value) for value in row] for row in rows)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text.getvalue(), encoding="utf-8")
    fresh.replace(path)
