"""Tables of earlier measurements: a CSV whose columns are named as the parameters and the properties."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from controller.spec.model import Campaign
    from strategies.spaces import Rows, Sheet, Space

MOST_ROWS = 100_000
MOST_FAULTS = 10  # shown of one table; the rest is counted
LARGEST = 1e100  # as of a measurement that an instrument sends


class TableError(ValueError):
    """The table cannot be used; `faults` say what is wrong, and on which line."""

    def __init__(self, *faults: str) -> None:
        more = len(faults) - MOST_FAULTS
        self.faults = [*faults[:MOST_FAULTS], *([f"and {more} more"] if more > 0 else [])]
        super().__init__("\n".join(self.faults))


@dataclass(frozen=True)
class DataRow:
    """One line: the inputs as they stand there, and the values in the objectives' units; None: the run failed.

    Inputs are in the units of the space. `label` tells rows of a pool apart.
    """

    line: int
    inputs: Mapping[str, str]
    values: Mapping[str, float] | None
    label: str | None = None


@dataclass(frozen=True)
class MeasuredCandidate:
    """A row with its candidate; `outside` says what keeps that out of the space, so that it would not be proposed."""

    row: DataRow
    candidate: dict[str, Any]
    outside: Sequence[str] = ()


def properties_of(campaign: "Campaign") -> list[str]:
    """The properties that a table must have: those of objectives and outcome constraints."""
    named = [*(each.property for each in campaign.objectives), *(each.property for each in campaign.constraints)]
    return list(dict.fromkeys(named))


def read_rows(content: bytes, campaign: "Campaign") -> list[DataRow]:
    """The rows of a CSV file with a header line; further columns are left out. Raises `TableError` with every fault.

    A row with an empty cell among the properties tells of a failed synthesis.
    """
    rows, faults = _rows(content, campaign)
    if faults:
        raise TableError(*faults)
    return rows


def read_candidates(
    content: bytes,
    campaign: "Campaign",
    files: Mapping[str, Path] | None = None,
    rows: "Rows | None" = None,
) -> list[MeasuredCandidate]:
    """The rows as candidates; raises `TableError` with every row that cannot be used.

    A candidate outside of the space is taken as data, with a note that says so. A pool's are looked up among its
    `rows`, or in those read from `files` (path by digest).
    """
    from strategies.spaces import finite_rows

    found, faults = _rows(content, campaign)
    if campaign.space.pool is not None and rows is None:
        rows = finite_rows(campaign.space, files or {})
    taken: list[MeasuredCandidate] = []
    for row in found:
        try:
            taken.append(_measured(campaign, row, rows))
        except TableError as error:
            faults.append(str(error))
    if faults:
        raise TableError(*sorted(faults, key=lambda fault: int(fault.removeprefix("line ").split(":")[0])))
    return taken


def _rows(content: bytes, campaign: "Campaign") -> tuple[list[DataRow], list[str]]:
    """The rows that can be read, and what is wrong with the others."""
    inputs, properties = campaign.space.names(), properties_of(campaign)
    sheet = _sheet(content, [*inputs, *properties])
    label = campaign.space.pool.label if campaign.space.pool else None
    rows: list[DataRow] = []
    faults = list(sheet.uneven())
    for line, cells in sheet.rows:
        if len(cells) != len(sheet.header):
            continue
        row = dict(zip(sheet.header, cells, strict=True))
        if wrong := list(_cell_faults(row, inputs, properties)):
            faults.append(f"line {line}: {'; '.join(wrong)}")
        else:
            measured = all(row[name] for name in properties)
            values = {name: float(row[name]) for name in properties} if measured else None
            rows.append(DataRow(line, {name: row[name] for name in inputs}, values, row.get(label) if label else None))
    return rows, faults


def _sheet(content: bytes, wanted: Sequence[str]) -> "Sheet":
    from strategies.spaces import SheetError, read_sheet

    try:
        sheet = read_sheet(content)
    except SheetError as error:
        raise TableError(str(error)) from error
    header = ", ".join(sheet.header) or "none"
    if faults := [
        f"column {name!r} {'stands there twice' if name in sheet.header else 'is missing'}; columns: {header}"
        for name in wanted
        if list(sheet.header).count(name) != 1
    ]:
        raise TableError(*faults)
    if not sheet.rows:
        raise TableError("the table has a header and no rows")
    if len(sheet.rows) > MOST_ROWS:
        raise TableError(f"the table has more than {MOST_ROWS} rows")
    return sheet


def _cell_faults(row: Mapping[str, str], inputs: Sequence[str], properties: Sequence[str]) -> Iterator[str]:
    for name in inputs:
        if not row[name]:
            yield f"column {name!r} is empty"
    for name in properties:
        if row[name] and not abs(_number(row[name])) <= LARGEST:
            yield f"{row[name]!r} in column {name!r} is no finite number of a sensible size"


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _measured(campaign: "Campaign", row: DataRow, rows: "Rows | None") -> MeasuredCandidate:
    from strategies.spaces import candidate_of, space_contains, validate_candidate

    space = campaign.space
    values = {name: _setting(row, name, _is_numeric(space, name, rows)) for name in row.inputs}
    try:
        candidate = candidate_of(space, values, row.label)
        validate_candidate(candidate)
        return MeasuredCandidate(row, candidate, space_contains(space, candidate, rows=rows))
    except ValueError as error:
        raise TableError(f"line {row.line}: {error}") from error


def _is_numeric(space: "Space", name: str, rows: "Rows | None") -> bool:
    from strategies.spaces import Labelled

    if rows is not None:
        return rows.table.is_numeric(name)
    return not isinstance(space.parameter(name), Labelled)


def _setting(row: DataRow, name: str, numeric: bool) -> float | str:
    """A label where the space has labels, a number where it has numbers."""
    text = row.inputs[name]
    if not numeric:
        return text
    value = _number(text)
    if not math.isfinite(value):
        raise TableError(f"line {row.line}: {text!r} in column {name!r} is no finite number")
    return value
