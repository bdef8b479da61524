"""Numbers, units and moments as people read them, and the small parts of which pages are made."""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from nicegui import ui

from controller.console.texts import known, say

LARGE, LARGER, SMALL = 1e5, 1e9, 1e-3  # between them digits are easier to read than a power of ten
DIGITS = 10  # of a value with an uncertainty
THIN = "\u202f"
LONGEST = 200_000  # characters of plain data
POWER = re.compile(r"\*\*(-?\d+)")
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
UNITS = {"dimensionless": "", "degC": "°C", "percent": "%", "delta_degC": "K"}


def number(value: Any) -> str:
    """Five digits that say something, large numbers whole; texts and whole numbers as they are."""
    if isinstance(value, bool) or not isinstance(value, float):
        return "-" if value is None else str(value)
    return _grouped(value) if LARGE <= abs(value) < LARGER else f"{value:.5g}"


def _grouped(value: float, places: int = 0) -> str:
    """With narrow spaces between thousands: who wrote a comma into a field would mean a decimal sign."""
    return f"{value:,.{places}f}".replace(",", THIN)


def quantity(value: Any, unit: str | None) -> str:
    """A number with its unit."""
    sign = unit_sign(unit)
    return f"{number(value)} {sign}" if sign else number(value)


def unit_sign(unit: str | None) -> str:
    """A unit as it is written behind a number; nothing for a plain number."""
    sign = UNITS.get(unit or "", unit or "")
    return POWER.sub(lambda found: found.group(1).translate(RAISED), sign).replace("*", "·")


def with_error(mean: float, deviation: float | None, unit: str | None = None) -> str:
    """A value with its uncertainty, both to the second digit of that; by a power of ten where digits are many."""
    sign = unit_sign(unit)
    after = f" {sign}" if sign else ""
    if not deviation or not math.isfinite(deviation) or not math.isfinite(mean):
        return f"{number(mean)}{after}" if not deviation else f"{number(mean)} ± {number(deviation)}{after}"
    last = _power(deviation) - 1
    first = max(_power(mean), last + 1)
    if first - last > DIGITS:  # all but certain
        return f"{mean:.{DIGITS}g} ± {deviation:.2g}{after}"
    if SMALL <= 10.0**first < LARGER:
        return f"{_rounded(mean, last)} ± {_rounded(deviation, last)}{after}"
    values = (f"{Decimal(each).scaleb(-first):.{first - last}f}" for each in (mean, deviation))
    return f"({' ± '.join(values)})·10{str(first).translate(RAISED)}{after}"


def _power(value: float) -> int:
    """Of ten, in a number that is written with two digits."""
    return int(f"{value:.1e}".partition("e")[2])


def _rounded(value: float, last: int) -> str:
    """To a power of ten, without a sign before nothing."""
    exact = round(value, -last) + 0.0
    places = max(0, -last)
    return _grouped(exact, places) if abs(exact) >= LARGE else f"{exact:.{places}f}"


def plain(name: str) -> str:
    """A parameter or property as people write it."""
    return name.replace("_", " ")


def named(name: str, unit: str | None) -> str:
    """A parameter or property with its unit, as it stands beside a field, at an axis or above a column."""
    sign = unit_sign(unit)
    return f"{plain(name)} ({sign})" if sign else plain(name)


def event_kind(kind: str) -> str:
    """What kind of event it was, in words; the kind itself where there are none."""
    key = kind.replace(".", "-")
    return say(f"kinds.{key}") if known(f"kinds.{key}") else kind


def moment(text: str | None) -> str:
    """A moment of the database, to the second, in UTC."""
    return "-" if text is None else f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def ago(text: str | None, now: datetime) -> str:
    """How long ago, in one unit."""
    return "-" if text is None else span(now - datetime.fromisoformat(text))


def span(length: timedelta) -> str:
    """A length of time in one unit; what lies ahead has a minus sign."""
    seconds = length.total_seconds()
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size or (unit == "min" and seconds >= size):
            return f"{sign}{seconds / size:.0f} {unit}"
    return f"{sign}{seconds:.0f} s"


def roughly(seconds: float) -> str:
    """A length of time so that it need not be written anew each second."""
    return say("shown.moments") if seconds < 60 else span(timedelta(seconds=seconds))


def length(seconds: float) -> str:
    """A length of time that somebody has chosen."""
    return span(timedelta(seconds=seconds))


def size(count: float) -> str:
    """So many bytes, to three digits."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"


def as_json(data: Any) -> str:
    """Plain data as JSON in which every character can be seen."""
    text = json.dumps(data, indent=2, sort_keys=True, ensure_ascii=True)
    return text if len(text) <= LONGEST else text[:LONGEST] + " ..."


def heading(text: str, classes: str = "heading", level: int = 2) -> ui.label:
    """A heading, here; `classes` say how it looks."""
    return ui.label(text).classes(classes).props(f'role="heading" aria-level="{level}"')


class Facts(ui.element, component="fact_list.js"):
    """One element: one for each word would hold up the daemon's event loop."""

    def __init__(self, rows: list[tuple[str, str]]) -> None:
        super().__init__()
        self._props["rows"] = tuple(rows)  # of a list, each change would be observed


def facts(rows: Iterable[tuple[str, str]], classes: str = "") -> None:
    """Names and what they are, in two columns."""
    Facts(list(rows)).classes(classes)


def more(total: int, shown: int) -> None:
    """How many of a list are not shown, if there are such."""
    if total > shown:
        ui.label(say("shown.more", count=total - shown)).classes("note")


Cell = str | Callable[[], None]


class Texts(ui.element, component="text_table.js"):
    """A table of texts only, as one element as well."""

    def __init__(self, header: list[str], rows: list[list[Cell]], caption: str) -> None:
        super().__init__()
        self._props |= {"header": tuple(header), "rows": tuple(map(tuple, rows)), "caption": caption}


def table(header: Iterable[str], rows: Iterable[Iterable[Cell]], caption: str = "", *, stacks: bool = False) -> None:
    """A small table; a cell is a text, or a function that draws it.

    `stacks`: on a telephone the cells of a row stand below each other, each behind the name of its column.
    """
    lines, names = [list(row) for row in rows], list(header)
    place = ui.element("div").classes("scroll stacks" if stacks else "scroll")
    with place.props("tabindex=0"):  # who has no mouse scrolls it with the keys
        if any(callable(cell) for row in lines for cell in row):
            _drawn(names, lines, caption)
        else:
            Texts(names, lines, caption)


def _drawn(header: list[str], rows: list[list[Cell]], caption: str) -> None:
    """Element by element, for what is drawn in it."""
    with ui.element("table").classes("table"):
        if caption:
            with ui.element("caption"):
                ui.label(caption)
        with ui.element("thead"), ui.element("tr"):
            for each in header:
                with ui.element("th").props("scope=col"):
                    ui.label(each)
        with ui.element("tbody"):
            for row in rows:
                with ui.element("tr"):
                    for name, cell in zip(header, row, strict=True):
                        with ui.element("td") as place:
                            place.props["data-label"] = name
                            if callable(cell):
                                cell()
                            else:
                                ui.label(cell)


def predictions(prediction: Mapping[str, Any], units: Mapping[str, str], nothing: str) -> None:
    """What is predicted, by property; or that nothing is, in the words for that."""
    if not prediction:
        ui.label(nothing).classes("soft")
        return
    rows = (
        (plain(name), with_error(each["mean"], each["standard_deviation"], units.get(name)))
        for name, each in prediction.items()
    )
    table((say("approvals.property"), say("approvals.predicted")), rows)
