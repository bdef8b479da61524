"""A first campaign file, commented, from what a spreadsheet's columns say."""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from controller.spec.data import TableError
from controller.spec.headers import names_and_units
from strategies.spaces import Sheet, SheetError, read_sheet

MOST_CHOICES = 5  # a column of so few whole numbers is taken for a choice among them


@dataclass(frozen=True)
class Column:
    """A column of a table: its header, the name and unit proposed for it, and its cells with their lines."""

    header: str
    name: str
    unit: str | None
    cells: Sequence[str]
    lines: Sequence[int]

    @property
    def filled(self) -> list[str]:
        """The cells that are not empty."""
        return [cell for cell in self.cells if cell]

    @property
    def numbers(self) -> list[float]:
        """The distinct finite numbers, in order."""
        return sorted({float(cell) for cell in self.filled if _is_number(cell)})

    @property
    def is_numeric(self) -> bool:
        """Whether the cells are numbers; raises `TableError` where only a few are none."""
        others = [
            (line, cell) for line, cell in zip(self.lines, self.cells, strict=True) if cell and not _is_number(cell)
        ]
        count = len(self.filled) - len(others)
        if others and count > len(others):
            shown = ", ".join(f"{cell!r}, line {line}" for line, cell in others[:5])
            raise TableError(
                f"column {self.header}: {count} numbers and {len(others)} other ({shown}): write these as numbers "
                "in the column's unit, or delete the rows"
            )
        return count > 0 and not others


@dataclass(frozen=True)
class Goal:
    """A property and what is wanted of it."""

    property: str
    goal: str = "maximize"
    unit: str = "dimensionless"


def filled_sheet(content: bytes) -> Sheet:
    """A CSV with a header line and at least one row, all as long as the header; raises `TableError`."""
    try:
        sheet = read_sheet(content)
    except SheetError as error:
        raise TableError(str(error)) from error
    if not sheet.rows:
        raise TableError("a header line and at least one row are needed")
    if uneven := list(sheet.uneven()):
        raise TableError(*uneven)
    return sheet


def columns_of(content: bytes) -> list[Column]:
    """The columns of a CSV with a header line; raises `TableError`."""
    sheet = filled_sheet(content)
    lines = [line for line, _ in sheet.rows]
    return [
        Column(header, name, unit, [row[place] for _, row in sheet.rows], lines)
        for place, (header, (name, unit)) in enumerate(zip(sheet.header, names_and_units(sheet.header), strict=True))
    ]


def renamed(columns: Sequence[Column]) -> bytes:
    """The table under the proposed names, as a CSV in UTF-8. Its cells are the user's own and stay as they are."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.name for column in columns])
    writer.writerows(zip(*(column.cells for column in columns), strict=True))
    return text.getvalue().encode()


def inputs_of(columns: Sequence[Column], goals: Sequence[Goal]) -> list[Column]:
    """The columns that may be parameters: those that vary; a text with gaps is taken for a remark."""
    wanted = [goal.property for goal in goals]
    others = [column for column in columns if column.name not in wanted and len(set(column.filled)) > 1]
    return [column for column in others if column.is_numeric or all(column.cells)]


def draft(name: str, columns: Sequence[Column], goals: Sequence[Goal], file: str | None) -> str:
    """The text of a campaign file over these columns; raises `TableError` for numbers with a few other cells."""
    parameters = [_parameter(column) for column in inputs_of(columns, goals)]
    return written(name, parameters, goals, data=_DATA.format(file=json.dumps(file)) if file else "")


def written(
    name: str,
    parameters: Sequence[str],
    goals: Sequence[Goal],
    *,
    constraints: Sequence[str] = (),
    limits: Mapping[str, str] | None = None,
    data: str = "",
) -> str:
    """The text of a campaign file; `limits` are outcome constraints by the property, each as YAML."""
    outcomes = "".join(f"  - {each}\n" for each in (limits or {}).values())
    return _TEXT.format(
        name=name,
        parameters="\n".join(parameters) or _EXAMPLE,
        constraints=_listed(constraints) if constraints else _NO_CONSTRAINTS,
        objectives="\n".join(_objective(goal) for goal in goals),
        limits=f"\n# What else must hold of what is measured.\nconstraints:\n{outcomes}" if outcomes else "",
        yields=", ".join(dict.fromkeys([*(goal.property for goal in goals), *(limits or {})])),
        data=data,
    )


def _listed(constraints: Sequence[str]) -> str:
    return "  constraints:\n" + "\n".join(f"    - {json.dumps(each)}" for each in constraints)


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def _parameter(column: Column) -> str:
    if not column.is_numeric:
        choices = ", ".join(json.dumps(each, ensure_ascii=False) for each in sorted(set(column.filled)))
        return f"    {column.name}: {{type: categorical, choices: [{choices}]}}"
    numbers = column.numbers
    unit = f", unit: {json.dumps(column.unit)}" if column.unit else ""
    if len(numbers) <= MOST_CHOICES and all(number.is_integer() for number in numbers):
        return f"    {column.name}: {{type: discrete, values: [{', '.join(f'{each:.12g}' for each in numbers)}]{unit}}}"
    return f"    {column.name}: {{type: continuous, low: {numbers[0]:.12g}, high: {numbers[-1]:.12g}{unit}}}"


def _objective(goal: Goal) -> str:
    return f"  - {{property: {goal.property}, goal: {goal.goal}, unit: {json.dumps(goal.unit)}}}"


_EXAMPLE = """    temperature: {type: continuous, low: 20, high: 100, unit: degC}
    solvent: {type: categorical, choices: [water, ethanol]}"""

_NO_CONSTRAINTS = '  # constraints: ["2 * a + b <= 3"]     # linear, over numeric parameters'

_DATA = """
# What has been measured already. Columns are named as the parameters and the properties, in the units given above;
# an empty property tells of a failed synthesis.
data:
  - file: {file}
"""

_TEXT = """# A campaign: what may be varied, what is wanted, how it is done, what may be spent.
# Check it with `tatara campaign check`, see the first experiments with `tatara propose`.
campaign: {name}

# What may be varied. Types: continuous (low, high), integer (low, high), discrete (values), ordinal (choices in order),
# categorical (choices). `scale: log` in a continuous or discrete one where ratios count.
# Numbers may have a unit, such as degC, mol/L, min; without one they are plain numbers.
# What can be set in steps only: `resolution: 0.5` in a continuous one, or `type: discrete, values: [1, 2.5, 10]`.
# Bounds taken from a table are the lowest and highest value seen there: widen them where more can be tried.
space:
  parameters:
{parameters}
{constraints}
  # rules: [{{exclude: {{solvent: [water], temperature: {{above: 95}}}}}}]      # also: when with then, same_in_batch

# What is wanted: maximize, minimize, value with value, target with low and/or high, level-set with level, or explore.
objectives:
{objectives}
{limits}
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
