"""`tatara demo`: whole campaigns with emulated instruments on this machine."""

from pathlib import Path
from typing import Annotated

import typer

demo = typer.Typer(no_args_is_help=True, help="Run a whole campaign with emulated instruments on this machine.")


@demo.callback()
def _group() -> None:
    """Keeps `reactor` a command of its own while it is the only one."""


@demo.command()
def reactor(
    approve: Annotated[bool, typer.Option("--approve", help="Approve each experiment yourself.")] = False,
    experiments: Annotated[int, typer.Option(min=1, help="How many experiments may be made.")] = 40,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the campaign and of the emulated noise.")] = 1,
    strategy: Annotated[str, typer.Option(help="What proposes: botorch, sobol or random.")] = "botorch",
    runs: Annotated[Path, typer.Option(help="Folder for databases and results.")] = Path("runs"),
) -> None:
    """Two flow reactors and an analyser: find conditions that give much product and little waste.

    Ends with a table, a plot and a CSV of the best conditions. Ctrl-C stops it; running it again continues it.
    """
    from controller.cli.demos import run

    code = run("reactor", approve=approve, experiments=experiments, seed=seed, directory=runs, strategy=strategy)
    raise typer.Exit(code)


def add_to(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(demo, name="demo", rich_help_panel="Start")
