"""`tatara new`: a first campaign file."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from controller.cli import output
from controller.cli.connection import FAILED, USAGE, Refused, refusals

if TYPE_CHECKING:
    from controller.spec.draft import Column, Goal

GOALS = ("maximize", "minimize")


def new(
    name: Annotated[str, typer.Argument(help="Name of the campaign: lower-case letters, digits and '-'.")],
    table: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE.csv", help="Take parameters and earlier measurements from this table."),
    ] = None,
    objective: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PROPERTY[:GOAL[:UNIT]]",
            help="What is wanted, such as yield:maximize:percent; may be given several times. Else you are asked.",
        ),
    ] = None,
    baybe: Annotated[
        Path | None,
        typer.Option("--from-baybe", metavar="FILE.json", help="Take space and objectives from a campaign of BayBE."),
    ] = None,
    ax: Annotated[
        Path | None,
        typer.Option("--from-ax", metavar="FILE.json", help="Take space and objectives from an experiment of Ax."),
    ] = None,
    file: Annotated[Path | None, typer.Option("--output", help="The file; without it NAME.yaml.")] = None,
) -> None:
    """Write a commented campaign file to begin with, from a few questions or from a spreadsheet's columns."""
    from controller.spec.data import TableError
    from controller.spec.draft import columns_of, draft

    with refusals(as_json=False):
        path = file or Path(f"{name}.yaml")
        if path.exists():
            raise Refused(FAILED, f"{path} is there already; give --output")
        if baybe is not None or ax is not None:
            if table is not None or objective or (baybe is not None and ax is not None):
                raise Refused(USAGE, "--from-baybe and --from-ax bring everything along: give one of them alone")
            _take_over(name, path, "ax" if baybe is None else "baybe", Path(str(baybe or ax)))
            return
        if table is not None and table.resolve().parent != path.resolve().parent:
            raise Refused(FAILED, f"the table must lie beside {path}: copy it there first")
        try:
            content = b"" if table is None else _read(table)
            columns = [] if table is None else columns_of(content)
            goals = _goals(objective, columns)
            data = _data(path, table, content, columns)
            text = draft(name, columns, goals, next(iter(data), None))
            _say(columns, goals)
        except TableError as error:
            raise Refused(FAILED, f"{table}: {error}") from None
        _check(text, data)
        if table is not None and table.name not in data:
            _write_renamed(path, data)
        path.write_text(text, encoding="utf-8")
        print(f"{path} is written. Read it, then: tatara campaign check {path}")


def _take_over(name: str, path: Path, program: str, file: Path) -> None:
    """Write what another program's file says as a campaign file."""
    from controller.spec.data import TableError
    from controller.spec.draft import written
    from controller.spec.foreign import read_foreign

    try:
        found = read_foreign(program, _read(file))
    except TableError as error:
        raise Refused(FAILED, f"{file}: {error}") from None
    parameters = [f"    {each}: {declared}" for each, declared in found.parameters.items()]
    text = written(name, parameters, found.goals, constraints=found.constraints, limits=found.limits)
    _check(text, {})
    path.write_text(text, encoding="utf-8")
    for note in found.notes:
        print(f"not taken over: {output.safe(note)}")
    print(f"{path} is written. Read it, then: tatara campaign check {path}")


def _data(path: Path, table: Path | None, content: bytes, columns: "list[Column]") -> dict[str, bytes]:
    """The table that the campaign file names: the given one, or one beside it where columns need other names."""
    from controller.spec.draft import renamed

    if table is None:
        return {}
    if all(column.header == column.name for column in columns):
        return {table.name: content}
    fresh = path.with_name(f"{path.stem}-data.csv")
    if fresh.exists():
        raise Refused(FAILED, f"{fresh} is there already; the table with its new names would be written there")
    return {fresh.name: renamed(columns)}


def _write_renamed(path: Path, data: dict[str, bytes]) -> None:
    for name, content in data.items():
        path.with_name(name).write_bytes(content)
        print(f"{path.with_name(name)} is written: the table under these names; the campaign uses it.")


def _say(columns: "list[Column]", goals: "list[Goal]") -> None:
    """What was made of the table."""
    from controller.spec.draft import inputs_of

    for column in columns:
        if column.header != column.name:
            print(f"column {column.header!r} became {column.name}" + (f", in {column.unit}" if column.unit else ""))
    wanted = [goal.property for goal in goals]
    used = {*wanted, *(column.name for column in inputs_of(columns, goals))}
    if left := [column.name for column in columns if column.name not in used]:
        print(f"left out, for they do not vary or are remarks: {', '.join(left)}")
    if columns:
        rows = list(zip(*(column.cells for column in columns if column.name in wanted), strict=True))
        measured = sum(all(row) for row in rows)
        print(
            f"{measured} rows are measured; {len(rows) - measured} have no {' or '.join(wanted)} and count as failed."
        )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused(FAILED, f"{path}: {error.strerror}") from None


def _goals(said: list[str] | None, columns: "list[Column]") -> "list[Goal]":
    texts = said or [_ask([column.name for column in columns])]
    return [_goal(text, columns) for text in texts]


def _ask(names: list[str]) -> str:
    if not sys.stdin.isatty():
        raise Refused(USAGE, "nobody can be asked here: give --objective PROPERTY[:GOAL[:UNIT]]")
    if names:
        print(f"Columns: {', '.join(names)}")
    wanted = typer.prompt("Which property is to be improved", default=names[-1] if names else "yield")
    goal = typer.prompt("maximize or minimize", default="maximize")
    unit = typer.prompt("Its unit (such as percent, g, kg/m**3; empty: none)", default="", show_default=False)
    return ":".join([wanted, goal, unit] if unit else [wanted, goal])


def _goal(text: str, columns: "list[Column]") -> "Goal":
    from controller.spec.draft import Goal

    name, _, rest = text.partition(":")
    goal, _, unit = rest.partition(":")
    if goal and goal not in GOALS:
        near = next((f"; did you mean {each}?" for each in GOALS if each[:3] == goal[:3].lower()), "")
        why = f"{text!r}: the goal should be {' or '.join(GOALS)}{near}"
        raise Refused(USAGE, why if near else f"{why}; a target is written into the file")
    column = _column(name.strip(), columns)
    unit = unit.strip() or (column and column.unit) or "dimensionless"
    return Goal(column.name if column else name.strip(), goal or GOALS[0], unit)


def _column(name: str, columns: "list[Column]") -> "Column | None":
    """The column that is meant, by its proposed name or by its header."""
    found = next((each for each in columns if name in (each.name, each.header)), None)
    if columns and found is None:
        raise Refused(USAGE, f"the table has no column {name!r}; it has {', '.join(each.name for each in columns)}")
    return found


def _check(text: str, files: dict[str, bytes]) -> None:
    """What is written can be used: a fault here lies in what was given."""
    from controller import spec as campaign_file

    try:
        campaign_file.load(text, files)
    except campaign_file.SpecError as error:
        raise Refused(
            FAILED, "\n".join(["this makes no campaign:", *(f"  {each}" for each in error.problems)])
        ) from None


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Plan")(new)
