"""CSV as spreadsheets write it: comma, semicolon or tab; decimal comma; UTF-8, or Windows-1252 as Excel's own."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_QUOTED = re.compile(r'"[^"]*"')
_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_POINT = re.compile(r"[+-]?(\d+\.\d*|\.\d+)([eE][+-]?\d+)?")

Line = tuple[int, list[str]]


class SheetError(ValueError):
    """The content is no table, or can be read in two ways; the text says what to do."""


@dataclass(frozen=True)
class Sheet:
    """A header and rows of stripped cells with the line on which each ends; numbers have a decimal point."""

    header: Sequence[str]
    rows: Sequence[Line]

    def uneven(self) -> Iterator[str]:
        """What is wrong with rows that have more or fewer cells than the header."""
        for line, row in self.rows:
            if len(row) != len(self.header):
                yield (
                    f"line {line}: the row and the header differ in their number of cells ({len(row)} and "
                    f"{len(self.header)}); numbers with a decimal comma need semicolons or tabs between the cells"
                )


def read_sheet(content: bytes) -> Sheet:
    """The cells of a CSV with a header line, rows without any text left out; raises `SheetError`.

    A decimal comma is taken for one where semicolons or tabs separate the cells.
    """
    text = _decoded(content)
    separator, lines = _separated(text)
    if not lines:
        return Sheet([], [])
    header, rows = lines[0][1], lines[1:]
    return Sheet(header, rows if separator == "," else _with_points(rows))


def _decoded(content: bytes) -> str:
    utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in () if utf16 else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise SheetError("not a CSV file in UTF-8 or Windows-1252; save it as 'CSV UTF-8'")


def _separated(text: str) -> tuple[str, list[Line]]:
    """The separator with which every row has as many cells as the header; where none has, the header's commonest."""
    header = _QUOTED.sub("", text.lstrip("\r\n").split("\n", 1)[0])
    present = sorted((each for each in _SEPARATORS if each in header), key=header.count, reverse=True) or [","]
    if len(present) == 1:
        return present[0], _cells(text, present[0])
    fitting = {}
    for separator in present:
        try:
            lines = _cells(text, separator)
        except SheetError:
            continue
        if all(len(row) == len(lines[0][1]) for _, row in lines):
            fitting[separator] = lines
    if len(fitting) > 1:
        ways = " or by ".join(_SEPARATORS[each] for each in fitting)
        raise SheetError(f"the cells may be separated by {ways}: put names that hold one of these in quotes")
    return next(iter(fitting.items()), None) or (present[0], _cells(text, present[0]))


def _cells(text: str, separator: str) -> list[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        lines = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        raise SheetError(f"not a CSV file: line {reader.line_num}: {error}") from error
    return [(line, row) for line, row in lines if any(row)]


def _with_points(rows: Sequence[Line]) -> list[Line]:
    """The rows with decimal points. In one file both signs cannot be decimal: 1.234 may be 1234 there."""
    commas = _first(rows, _COMMA)
    points = _first(rows, _POINT)
    if commas and points:
        raise SheetError(
            f"line {commas[0]} has {commas[1]!r} and line {points[0]} has {points[1]!r}: write all numbers with a "
            "decimal comma, or all with a decimal point, and none with a sign between thousands"
        )
    if not commas:
        return list(rows)
    return [(line, [cell.replace(",", ".") if _COMMA.fullmatch(cell) else cell for cell in row]) for line, row in rows]


def _first(rows: Sequence[Line], pattern: re.Pattern[str]) -> tuple[int, str] | None:
    return next(((line, cell) for line, row in rows for cell in row if pattern.fullmatch(cell)), None)
