"""A first campaign file, commented, from what a spreadsheet's columns say."""

import csv
import io
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from controller.spec.data import TableError

MOST_CHOICES = 12  # a numeric column with so few values is taken for a choice among them
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True)
class Column:
    """A column of a table: its name, and its cells without the empty ones."""

    name: str
    cells: Sequence[str]

    @property
    def numbers(self) -> list[float] | None:
        """The distinct values in order, if all cells are finite numbers."""
        try:
            values = sorted({float(cell) for cell in self.cells})
        except ValueError:
            return None
        return values if values and all(map(math.isfinite, values)) else None


@dataclass(frozen=True)
class Goal:
    """A property and what is wanted of it."""

    property: str
    goal: str = "maximize"
    unit: str = "dimensionless"


def columns_of(content: bytes) -> list[Column]:
    """The columns of a CSV in UTF-8 with a header line; raises `TableError`."""
    try:
        rows = [row for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise TableError(f"not a CSV file in UTF-8 ({error})") from error
    if len(rows) < 2:
        raise TableError("a header line and at least one row are needed")
    header, body = rows[0], rows[1:]
    if uneven := next((number for number, row in enumerate(body, start=2) if len(row) != len(header)), None):
        raise TableError(f"line {uneven}: the row and the header differ in their number of cells")
    return [
        Column(name.strip(), [row[place].strip() for row in body if row[place].strip()])
        for place, name in enumerate(header)
    ]


def draft(name: str, columns: Sequence[Column], goals: Sequence[Goal], file: str | None) -> str:
    """The text of a campaign file over these columns; raises `TableError` for names that cannot stand in one."""
    wanted = [goal.property for goal in goals]
    inputs = [column for column in columns if column.name not in wanted and len(set(column.cells)) > 1]
    for each in [*wanted, *(column.name for column in inputs)]:
        if not _NAME.fullmatch(each):
            raise TableError(f"{each!r} cannot be a name here: rename it to letters, digits and _, a letter first")
    return _TEXT.format(
        name=name,
        parameters="\n".join(_parameter(column) for column in inputs) or _EXAMPLE,
        objectives="\n".join(_objective(goal) for goal in goals),
        yields=", ".join(wanted),
        data=_DATA.format(file=json.dumps(file)) if file else "",
    )


def _parameter(column: Column) -> str:
    numbers = column.numbers
    if numbers is None:
        choices = ", ".join(json.dumps(each, ensure_ascii=False) for each in sorted(set(column.cells)))
        return f"    {column.name}: {{type: categorical, choices: [{choices}]}}"
    if len(numbers) <= MOST_CHOICES:
        return f"    {column.name}: {{type: discrete, values: [{', '.join(f'{each:.12g}' for each in numbers)}]}}"
    return f"    {column.name}: {{type: continuous, low: {numbers[0]:.12g}, high: {numbers[-1]:.12g}}}  # unit: degC"


def _objective(goal: Goal) -> str:
    return f"  - {{property: {goal.property}, goal: {goal.goal}, unit: {json.dumps(goal.unit)}}}"


_EXAMPLE = """    temperature: {type: continuous, low: 20, high: 100, unit: degC}
    solvent: {type: categorical, choices: [water, ethanol]}"""

_DATA = """
# What has been measured already. Columns are named as the parameters and the properties, in the units given above;
# an empty property tells of a failed synthesis.
data:
  - file: {file}
"""

_TEXT = """# A campaign: what may be varied, what is wanted, how it is done, what may be spent.
# Check it with `tatara campaign check`, see the first experiments with `tatara propose`.
campaign: {name}

# What may be varied. Types: continuous (low, high), integer (low, high), discrete (values), categorical (choices).
# Numbers may have a unit, such as degC, mol/L, min; without one they are plain numbers.
space:
  parameters:
{parameters}
  # constraints: ["2 * a + b <= 3"]     # linear, over numeric parameters

# What is wanted: maximize, minimize, or target with low and/or high.
objectives:
{objectives}

# How one experiment is done: steps in order, here one that a person does by hand. On an instrument it would be
#   - {{name: react, instruments: [reactor-1], capability: react, yields: [...], timeout: 1 h, cost: 1}}
stages:
  - name: bench
    approval: {{policy: operator}}     # auto: no person is asked; two-people: two must agree
    steps:
      - name: experiment
        adapter: person
        instructions: "Make and measure it as the candidate says."
        yields: [{yields}]
        timeout: 3 days
        cost: 1

# What proposes: botorch (learns from what was measured), sobol or random. `batch`: so many at a time at most.
strategy:
  name: botorch

parallel: 1                           # proposals that are open at once
budget:
  experiments: 20                     # also: cost, wall_time, deadline
{data}"""
