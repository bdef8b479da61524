"""A table of candidates, some of them measured: a campaign without a campaign file.

A row with a value in an objective's column has been measured, one with `failed` there could not be made, and one whose
cells are empty there, or say `PENDING`, is a candidate. All other columns are parameters, but for a label and what is
to be ignored.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from controller.commands.imports import ImportedRow, Table
from controller.report.explained import said_cells, said_columns
from controller.report.table import as_number, write_csv
from controller.spec import Campaign as Spec
from controller.spec import TableError
from controller.spec.draft import filled_sheet
from controller.spec.headers import names_and_units
from strategies.spaces import (
    Pool,
    PoolError,
    PoolTable,
    Sheet,
    finite_rows,
    key_of_valid,
    parse_pool,
)

FAILED = "failed"
PENDING = "pending"  # as EDBO+ writes into the cells of a candidate
LARGEST = 1e100  # as of a measurement that an instrument sends
FEW_ROWS = 10  # in a shorter table texts may all differ and be a parameter for all that


@dataclass(frozen=True)
class Asked:
    """What is asked of a table: `goals` say maximize or minimize by header, `ignored` columns are no parameters."""

    goals: Mapping[str, str]
    label: str | None = None
    ignored: Sequence[str] = ()
    n: int = 1
    seed: int = 0
    strategy: str = "botorch"


@dataclass(frozen=True)
class CandidateTable:
    """The table as a campaign, and what has been measured of it."""

    sheet: Sheet
    spec: Spec
    goals: Mapping[str, str]  # header -> property
    measured: Table

    def write(self, path: Path, files: Mapping[str, Path], rows: Sequence[Mapping[str, Any]], *, explain: bool) -> None:
        """The rows of the table that are proposed, every column kept, and beside them what is said of each.

        `files` hold the table itself, by its digest; of equal rows the first is written.
        """
        pool = finite_rows(self.spec.space, files)
        properties = [each.property for each in self.spec.objectives]
        fresh = said_columns(properties, explain=explain)
        kept = [place for place, header in enumerate(self.sheet.header) if header not in fresh]
        lines = []
        for row in rows:
            place = pool.find(row["candidate"])
            if place is None:
                raise ValueError(f"no row of the table is the proposed candidate {row['candidate']}")
            _, cells = self.sheet.rows[place]
            blank = [None if self.sheet.header[each] in self.goals else as_number(cells[each]) for each in kept]
            lines.append([*blank, *said_cells(properties, row, explain=explain)])
        write_csv(path, [*(self.sheet.header[place] for place in kept), *fresh], lines)


def read_candidate_table(name: str, content: bytes, asked: Asked) -> CandidateTable:
    """Read a CSV with a header line; raises `TableError` with line and column of what cannot be used."""
    sheet = _sheet(content)
    for header in [*asked.goals, *([asked.label] if asked.label else []), *asked.ignored]:
        _known(sheet, header)
    named = dict(zip(asked.goals, names_and_units(list(asked.goals)), strict=True))
    sha256 = hashlib.sha256(content).hexdigest()
    pool = Pool(file=name, columns=_parameters(sheet, named, asked), label=asked.label, sha256=sha256)
    try:
        table = parse_pool(content, pool)
    except PoolError as error:
        raise TableError(str(error).removeprefix(f"{name}, ").removeprefix(f"{name}: ")) from error
    _refuse_names(table, len(sheet.rows))
    spec = _spec(pool, named, asked)
    goals = {header: found for header, (found, _) in named.items()}
    return CandidateTable(sheet, spec, goals, Table(name, sha256, _measured(sheet, spec, table, goals)))


def _sheet(content: bytes) -> Sheet:
    sheet = filled_sheet(content)
    for place, header in enumerate(sheet.header):
        if not header:
            raise TableError(f"line 1: column {place + 1} has no name")
        if header in sheet.header[:place]:
            raise TableError(f"line 1: column {header!r} stands there twice")
    return sheet


def _known(sheet: Sheet, header: str) -> None:
    if header not in sheet.header:
        near = get_close_matches(header, sheet.header, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise TableError(f"line 1: there is no column {header!r}{hint}; columns: {', '.join(sheet.header)}")


def _parameters(sheet: Sheet, named: Mapping[str, tuple[str, Any]], asked: Asked) -> list[str]:
    """What an earlier table of proposals said beside them is no parameter either."""
    said = said_columns([found for found, _ in named.values()], explain=True)
    left_out = {*asked.goals, asked.label, *asked.ignored, *said}
    if not (found := [header for header in sheet.header if header not in left_out]):
        raise TableError("no column is left that could be a parameter")
    return found


def _refuse_names(table: PoolTable, rows: int) -> None:
    """A text that differs in every row tells rows apart; nothing can be learned from it."""
    for name, column in table.columns.items():
        if not table.is_numeric(name) and rows >= FEW_ROWS and len(set(column)) == rows:
            raise TableError(
                f"column {name!r} has another text in every row, such as {column[0]!r}: give it as --label or --ignore"
            )


def _spec(pool: Pool, named: Mapping[str, tuple[str, str | None]], asked: Asked) -> Spec:
    goals = [
        {"property": found, "goal": asked.goals[header], "unit": unit or "dimensionless"}
        for header, (found, unit) in named.items()
    ]
    step = {
        "name": "experiment",
        "adapter": "person",
        "instructions": "As the row of the table says.",
        "yields": [each["property"] for each in goals],
        "timeout": "1 day",
    }
    document = {
        "campaign": "candidates",
        "seed": asked.seed,
        "space": {"pool": pool.model_dump()},
        "objectives": goals,
        "stages": [{"name": "experiment", "steps": [step]}],
        "strategy": {"name": asked.strategy},
    }
    return Spec.model_validate(document)


def _measured(sheet: Sheet, spec: Spec, table: PoolTable, goals: Mapping[str, str]) -> list[ImportedRow]:
    """The rows of which something is told; the others are candidates."""
    faults: list[str] = []
    rows: list[ImportedRow] = []
    places = {property_: sheet.header.index(header) for header, property_ in goals.items()}
    for index, (line, cells) in enumerate(sheet.rows):
        told = {name: cells[place] for name, place in places.items() if cells[place].lower() not in ("", PENDING)}
        if wrong := list(_faults(told, {name: header for header, name in goals.items()})):
            faults.append(f"line {line}: {'; '.join(wrong)}")
        elif told:
            candidate = table.candidate(spec.space, index)
            failed = any(text.lower() == FAILED for text in told.values())
            values = None if failed else {name: float(text) for name, text in told.items()}
            rows.append(ImportedRow(line, key_of_valid(candidate), candidate, values))
    if faults:
        raise TableError(*faults)
    return rows


def _faults(told: Mapping[str, str], headers: Mapping[str, str]) -> Iterator[str]:
    for name, text in told.items():
        if text.lower() != FAILED and not abs(_number(text)) <= LARGEST:
            yield (
                f"{text!r} in column {headers[name]!r} is no finite number of a sensible size; leave the cell of a "
                f"candidate empty, and write {FAILED!r} where it could not be made"
            )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
