"""Tables of earlier measurements: a CSV whose columns are named as the parameters and the properties."""

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from controller.spec.model import Campaign
    from strategies.spaces import Parameter

MOST_ROWS = 100_000
LARGEST = 1e100  # as of a measurement that an instrument sends


class TableError(ValueError):
    """The table cannot be used; the text says what is wrong, and on which line."""


@dataclass(frozen=True)
class DataRow:
    """One line: the inputs as they stand there, and the values in the objectives' units; None: the run failed.

    Inputs are in the units of the space.
    """

    line: int
    inputs: Mapping[str, str]
    values: Mapping[str, float] | None


def properties_of(campaign: "Campaign") -> list[str]:
    """The properties that a table must have: those of objectives and outcome constraints."""
    named = [*(each.property for each in campaign.objectives), *(each.property for each in campaign.constraints)]
    return list(dict.fromkeys(named))


def read_rows(content: bytes, campaign: "Campaign") -> list[DataRow]:
    """The rows of a CSV file in UTF-8 with a header line; further columns are left out. Raises `TableError`.

    A row with an empty cell among the properties tells of a failed synthesis.
    """
    inputs, properties = campaign.space.names(), properties_of(campaign)
    rows = [_row(line, row, inputs, properties) for line, row in _lines(content, [*inputs, *properties])]
    if not rows:
        raise TableError("the table has a header and no rows")
    return rows


def _lines(content: bytes, wanted: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        header = list(reader.fieldnames or [])
        for name in wanted:
            if header.count(name) != 1:
                problem = "is missing" if name not in header else "stands there twice"
                raise TableError(f"column {name!r} {problem}; columns: {', '.join(header) or 'none'}")
        for row in reader:
            if reader.line_num > MOST_ROWS:
                raise TableError(f"the table has more than {MOST_ROWS} lines")
            if None in row or None in row.values():
                raise TableError(f"line {reader.line_num}: the row and the header differ in their number of cells")
            yield reader.line_num, {name: row[name].strip() for name in wanted}
    except (UnicodeDecodeError, csv.Error) as error:
        raise TableError(f"not a CSV file in UTF-8 ({error})") from error


def _row(line: int, row: Mapping[str, str], inputs: Sequence[str], properties: Sequence[str]) -> DataRow:
    for name in inputs:
        if not row[name]:
            raise TableError(f"line {line}: column {name!r} is empty")
    cells = {name: row[name] for name in properties}
    values = {name: _number(line, name, text) for name, text in cells.items()} if all(cells.values()) else None
    return DataRow(line, {name: row[name] for name in inputs}, values)


def _number(line: int, name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not abs(value) <= LARGEST:
        raise TableError(f"line {line}: {text!r} in column {name!r} is no finite number of a sensible size")
    return value


def candidate_of(campaign: "Campaign", row: DataRow, files: Mapping[str, Path] | None = None) -> dict[str, Any]:
    """The row as a candidate of the space; `files` holds a pool's file by digest. Raises `TableError`."""
    from strategies.spaces import conditions, space_contains

    values = {name: _setting(row, name, campaign.space.parameters.get(name)) for name in row.inputs}
    try:
        candidate = conditions(campaign.space, values)
        faults = space_contains(campaign.space, candidate, files)
    except ValueError as error:
        faults = [str(error)]
    if faults:
        raise TableError(f"line {row.line}: {'; '.join(faults)}")
    return candidate


def _setting(row: DataRow, name: str, declared: "Parameter | None") -> float | str:
    """A label where the space has labels, a number where it has numbers, and in an undeclared column what it is."""
    from strategies.spaces import Categorical

    text = row.inputs[name]
    if isinstance(declared, Categorical):
        return text
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isfinite(value):
        return value
    if declared is not None:
        raise TableError(f"line {row.line}: {text!r} in column {name!r} is no finite number")
    return text
