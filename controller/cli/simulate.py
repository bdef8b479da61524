"""`tatara simulate`: whole campaigns against a table of measured values, to choose a strategy before money is spent."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from controller.cli import output
from controller.cli.connection import FAILED, USAGE, Json, Refused, refusals

if TYPE_CHECKING:
    from controller.report.simulate import Plan, Run, Summary


class Replicates(StrEnum):
    """What a measurement gives where the table has several."""

    MEAN = "mean"
    DRAW = "draw"


def simulate(
    file: Annotated[Path, typer.Argument(metavar="CAMPAIGN.yaml", help="The campaign file.")],
    table: Annotated[
        Path,
        typer.Option(
            help="CSV of measured values: columns named as the parameters and the properties. Rows with equal "
            "parameters are replicates; an empty property is a failed synthesis."
        ),
    ],
    seeds: Annotated[int, typer.Option(min=1, max=10_000, help="How many campaigns for each strategy.")] = 20,
    budget: Annotated[
        int | None, typer.Option(min=1, help="Experiments in each campaign; without it as in the file.")
    ] = None,
    batch: Annotated[int, typer.Option(min=1, help="Experiments that are proposed and run at a time.")] = 1,
    strategy: Annotated[
        list[str] | None,
        typer.Option(help="A strategy to compare; may be given several times. Without it: the file's own, and random."),
    ] = None,
    replicates: Annotated[
        Replicates, typer.Option(help="What a measurement gives: the replicates' mean, or one of them.")
    ] = Replicates.MEAN,
    jobs: Annotated[int, typer.Option(min=1, help="How many campaigns run at a time.")] = os.cpu_count() or 1,
    directory: Annotated[
        Path, typer.Option("--output", help="Folder for simulate.csv, simulate.json and simulate.png.")
    ] = Path("simulation"),
    json_: Json = False,
) -> None:
    """Try strategies on measured data: how good is the best after so many experiments, and what does it cost to ask?

    Every campaign makes the same decisions as a real one, against the table instead of a laboratory, once per seed.
    """
    import asyncio

    from adapters.compute import TaskFailed
    from controller.cli.local import tell_of_transfer
    from controller.report.offline import OfflineError
    from controller.report.simulate import best_of_table, check_covered, summarize
    from controller.report.simulate import simulate as run
    from controller.report.simulation_files import document, write
    from controller.spec import TableError

    with refusals(json_), _plan(file, table, seeds, budget, batch, strategy, replicates) as plan:
        if plan.spec.data:
            print("The earlier measurements under `data` are not used: every campaign begins anew.", file=sys.stderr)
        tell_of_transfer(plan.spec)
        try:
            check_covered(plan)
            best = best_of_table(plan)
            with _progress(len(plan.tasks()), quiet=json_) as notice:
                runs = asyncio.run(run(plan, jobs, notice))
        except (TableError, OfflineError, TaskFailed) as error:
            raise Refused(FAILED, str(error)) from None
        summaries = summarize(runs, best)
        directory.mkdir(parents=True, exist_ok=True)
        write(directory, plan, runs, summaries, best)
        if json_:
            print(json.dumps(document(plan, runs, summaries, best)))
        else:
            _show(plan, summaries, best, directory)


@contextmanager
def _plan(
    file: Path,
    table: Path,
    seeds: int,
    budget: int | None,
    batch: int,
    strategies: list[str] | None,
    replicates: Replicates,
) -> "Iterator[Plan]":
    from controller.cli.local import load_campaign
    from controller.report.simulate import Plan
    from strategies import check_strategy

    if not table.is_file():
        raise Refused(FAILED, f"{table}: no such file")
    campaign = load_campaign(file)
    own = campaign.spec.strategy
    chosen = list(dict.fromkeys(strategies or [own.name, "random"]))
    for name in chosen:
        try:
            check_strategy(name, own.options if name == own.name else {})
        except ValueError as error:
            raise Refused(USAGE, str(error)) from None
    experiments = budget or campaign.spec.budget.experiments
    if experiments is None:
        raise Refused(USAGE, "the campaign file has no budget of experiments; give --budget")
    with campaign.kept() as files:
        yield Plan(campaign.spec, table, files, chosen, seeds, experiments, batch, replicates.value)


@contextmanager
def _progress(total: int, *, quiet: bool) -> "Iterator[Callable[[Run], None]]":
    """A bar on stderr, for who waits at a terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("campaigns"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True) as bar:
        task = bar.add_task("campaigns", total=total)
        yield lambda run: bar.advance(task)


def _show(plan: "Plan", summaries: "list[Summary]", best: float | None, directory: Path) -> None:
    from controller.report.simulation_files import score_name

    name = score_name(plan)
    output.table(
        ("strategy", f"{name} at {plan.budget}", "sd", "experiments to 1 %", "reached by", "CPU s/proposal"),
        (
            (each.strategy, each.mean[-1], each.deviation[-1], _until(each), _reached(each), each.cpu_seconds)
            for each in summaries
        ),
        "nothing was simulated",
    )
    print(f"{plan.seeds} campaigns for each strategy, {plan.batch} at a time; best of the table: {output.cell(best)}")
    print(f"Curves, numbers and plot: {directory}/simulate.csv, .json, .png")


def _until(summary: "Summary") -> float | None:
    """Mean over the campaigns that came within 1 % of the table's best."""
    reached = [each for each in summary.until_near if each is not None]
    return sum(reached) / len(reached) if reached else None


def _reached(summary: "Summary") -> str:
    reached = sum(each is not None for each in summary.until_near)
    return f"{reached} of {len(summary.until_near)}"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Plan")(simulate)
