"""`tatara new`: a first campaign file."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
    file: Annotated[Path | None, typer.Option("--output", help="The file; without it NAME.yaml.")] = None,
) -> None:
    """Write a commented campaign file to begin with, from a few questions or from a spreadsheet's columns."""
    from controller.spec.data import TableError
    from controller.spec.draft import columns_of, draft

    with refusals(as_json=False):
        path = file or Path(f"{name}.yaml")
        if path.exists():
            raise Refused(FAILED, f"{path} is there already; give --output")
        if table is not None and table.resolve().parent != path.resolve().parent:
            raise Refused(FAILED, f"the table must lie beside {path}: copy it there first")
        try:
            columns = [] if table is None else columns_of(_read(table))
            goals = _goals(objective, columns)
            text = draft(name, columns, goals, None if table is None else table.name)
        except TableError as error:
            raise Refused(FAILED, f"{table}: {error}") from None
        _check(text, {} if table is None else {table.name: _read(table)})
        path.write_text(text, encoding="utf-8")
        print(f"{path} is written. Read it, then: tatara campaign check {path}")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused(FAILED, f"{path}: {error.strerror}") from None


def _goals(said: list[str] | None, columns: "list[Column]") -> "list[Goal]":
    names = [column.name for column in columns]
    texts = said or [_ask(names)]
    goals = [_goal(text) for text in texts]
    for goal in goals:
        if columns and goal.property not in names:
            raise Refused(USAGE, f"the table has no column {goal.property!r}; it has {', '.join(names)}")
    return goals


def _ask(names: list[str]) -> str:
    if not sys.stdin.isatty():
        raise Refused(USAGE, "nobody can be asked here: give --objective PROPERTY[:GOAL[:UNIT]]")
    if names:
        print(f"Columns: {', '.join(names)}")
    wanted = typer.prompt("Which property is to be improved", default=names[-1] if names else "yield")
    goal = typer.prompt("maximize or minimize", default="maximize")
    unit = typer.prompt("Its unit (such as percent, g, kg/m**3; empty: none)", default="", show_default=False)
    return ":".join([wanted, goal, unit] if unit else [wanted, goal])


def _goal(text: str) -> "Goal":
    from controller.spec.draft import Goal

    name, _, rest = text.partition(":")
    goal, _, unit = rest.partition(":")
    if goal and goal not in GOALS:
        raise Refused(USAGE, f"{text!r}: the goal should be {' or '.join(GOALS)}; a target is written into the file")
    return Goal(name.strip(), goal or GOALS[0], unit.strip() or "dimensionless")


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
