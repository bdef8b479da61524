"""Curves: spectra and chromatograms as text, their integral and their highest peak."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adapters.analysis.options import Column, CurveOptions, PeakOptions
from adapters.analysis.registry import NothingThere, UnreadableFile

Array = NDArray[np.float64]
_Run = tuple[int, int]  # the first line of a table, and the one after its last

LARGEST_FILE = 64 * 1024 * 1024  # bytes
SMALLEST_CURVE = 3  # rows
_SEPARATORS = ("\t", ";", ",", None)  # None: any white space


def integral(path: Path, options: CurveOptions) -> dict[str, float]:
    """Area below the curve by the trapezoidal rule, interpolated at `low` and `high`."""
    x, y = _window(*read_curve(path, options.x, options.y), options)
    return {"integral": float(np.trapezoid(y, x))}


def peak(path: Path, options: PeakOptions) -> dict[str, float]:
    """Area, position and height above the baseline of the part that is looked at, which should hold one peak.

    Position and height are those of the parabola through the highest point and its neighbours; the area is the
    integral above the baseline, by the trapezoidal rule. Raises `NothingThere` where nothing rises above it.
    """
    x, y = _window(*read_curve(path, options.x, options.y), options)
    if options.baseline == "linear":
        y = y - np.interp(x, [x[0], x[-1]], [y[0], y[-1]])
    top = int(np.argmax(y))
    if not y[top] > options.smallest:
        raise NothingThere(
            f"no peak from {x[0]:g} to {x[-1]:g} {options.x_unit}: nothing is more than {options.smallest:g} "
            f"{options.y_unit} above the baseline"
        )
    position, height = _vertex(x, y, top)
    return {"area": float(np.trapezoid(y, x)), "position": position, "height": height}


def _vertex(x: Array, y: Array, top: int) -> tuple[float, float]:
    """The vertex of the parabola through a highest point and its neighbours; at an end the point itself."""
    if top in (0, len(x) - 1):
        return float(x[top]), float(y[top])
    left, right = x[top - 1] - x[top], x[top + 1] - x[top]
    fall, rise = (y[top - 1] - y[top]) / left, (y[top + 1] - y[top]) / right
    curvature = (rise - fall) / (right - left)
    if curvature >= 0:  # three points at one height
        return float(x[top]), float(y[top])
    slope = fall - curvature * left
    away = -slope / (2 * curvature)
    return float(x[top] + away), float(y[top] + slope * away + curvature * away**2)


def _window(x: Array, y: Array, options: CurveOptions) -> tuple[Array, Array]:
    """The part from `low` to `high`, with points at just these two."""
    low = x[0] if options.low is None else options.low
    high = x[-1] if options.high is None else options.high
    if not x[0] <= low < high <= x[-1]:
        raise UnreadableFile(
            f"the curve goes from {x[0]:g} to {x[-1]:g} {options.x_unit}, not from {low:g} to {high:g}"
        )
    inside = (x > low) & (x < high)
    part = np.concatenate([[low], x[inside], [high]])
    return part, np.interp(part, x, y)


def read_curve(path: Path, x: Column, y: Column) -> tuple[Array, Array]:
    """Two columns of a text file, in rising order of x: CSV, tabs, semicolons or white space, with any head.

    The rows of numbers are the longest run of lines that hold only numbers; the line before them may be their headings.
    Raises `UnreadableFile`, also where two such runs have as many columns.
    """
    if path.stat().st_size > LARGEST_FILE:
        raise UnreadableFile(f"the file has {path.stat().st_size} bytes; a curve has at most {LARGEST_FILE}")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"the file is no text in UTF-8, save it as such ({error})") from error
    headings, rows = table_in(lines)
    places = [_place(column, headings, rows.shape[1]) for column in (x, y)]
    return _rising(rows[:, places[0]], rows[:, places[1]])


def table_in(lines: list[str]) -> tuple[list[str], Array]:
    """The headings (none, where nothing stands above) and the n x columns numbers of the one table in a text.

    Raises `UnreadableFile` where there is none, or another one as wide.
    """
    found: list[tuple[list[_Run], list[list[float]], str | None]] = []
    for separator in _SEPARATORS:
        numbers = [_numbers(line, separator) for line in lines]
        runs = _longest_first(numbers)
        start, end = runs[0] if runs else (0, 0)
        found.append((runs, [row for row in numbers[start:end] if row is not None], separator))
    runs, rows, separator = max(found, key=lambda each: len(each[1]))
    if len(rows) < SMALLEST_CURVE:
        raise UnreadableFile("no three lines that follow each other hold two or more numbers (with a decimal point)")
    start = runs[0][0]
    for other, end in runs[1:]:
        # Most often one curve with a point that is no number: its half would pass for the whole.
        if end - other >= SMALLEST_CURVE and len(_cells(lines[other], separator)) == len(rows[0]):
            first, second = sorted((start, other))
            raise UnreadableFile(
                f"there are two tables of {len(rows[0])} columns, from line {first + 1} and from {second + 1}"
            )
    return _cells(lines[start - 1], separator) if start else [], np.array(rows)


def _longest_first(rows: list[list[float] | None]) -> list[_Run]:
    """Where the runs of rows of one width begin and end."""
    widths = [None if row is None else len(row) for row in rows]
    edges = [0, *(place for place, (a, b) in enumerate(pairwise(widths), 1) if a != b), len(widths)]
    runs = [(start, end) for start, end in pairwise(edges) if widths[start:end] and widths[start] is not None]
    return sorted(runs, key=lambda run: run[0] - run[1])


def _cells(line: str, separator: str | None) -> list[str]:
    return [cell.strip().strip('"') for cell in line.split(separator)]


_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")


def _numbers(line: str, separator: str | None) -> list[float] | None:
    cells = _cells(line, separator)
    if len(cells) < 2 or not all(map(_NUMBER.fullmatch, cells)):
        return None
    return list(map(float, cells))


def _place(column: Column, headings: list[str], width: int) -> int:
    if isinstance(column, str):
        if column not in headings:
            raise UnreadableFile(f"there is no column {column!r}; the headings are {', '.join(headings) or 'missing'}")
        column = headings.index(column)
    if column >= width:
        raise UnreadableFile(f"there is no column {column}, counted from 0; there are {width}")
    return column


def _rising(x: Array, y: Array) -> tuple[Array, Array]:
    """In rising order; many spectra are written from high to low."""
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise UnreadableFile("a number in it is beyond what a float holds")
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    if (np.diff(x) <= 0).any():
        raise UnreadableFile(f"x = {x[:-1][np.diff(x) <= 0][0]:g} stands there twice")
    return x, y
