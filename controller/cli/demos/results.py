"""The end of the demo: the Pareto set as a table, a plot and a CSV, and how it compares with random search."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

from controller.cli.connection import Refused
from controller.cli.demos.comparison import RANDOM_SEEDS, Comparison, compare
from controller.cli.demos.reactor import GOALS, PROPERTIES, Array, true_values
from controller.cli.demos.settings import CAMPAIGN, NOISE, Settings
from controller.cli.output import table
from controller.cli.records import read_only
from controller.report.pareto import Tried, tried
from controller.report.plots import Cloud, pareto_plot
from controller.report.table import write_csv
from controller.spec import Campaign as Spec
from strategies.optimize.pareto import non_dominated

UNITS = {"residence_time": "min", "equivalents": "", "concentration": "mol/L", "temperature": "degC"}
NAMES = {"space_time_yield": "space-time yield / (kg/m**3/h)", "e_factor": "E-factor"}


@dataclass(frozen=True)
class Record:
    """A demo campaign as the database tells it."""

    spec: Spec
    state: str
    reason: str
    seed: int
    rows: list[Tried]


def state(settings: Settings) -> str | None:
    """The state of the campaign in this folder; None where there is none."""
    if not (settings.data / "tatara.db").is_file():
        return None
    from controller.commands.errors import NotFound
    from controller.commands.lookup import find_campaign

    try:
        with read_only(None, settings.data) as session:
            return find_campaign(session, CAMPAIGN).state
    except (NotFound, Refused):
        return None


def read(settings: Settings) -> Record:
    """Read the campaign back; nothing is written."""
    from controller.commands.lookup import find_campaign
    from controller.store.specs import spec_of

    with read_only(None, settings.data) as session:
        row = find_campaign(session, CAMPAIGN)
        return Record(spec_of(session, row), row.state, row.reason or "", row.seed, tried(session, row))


def report(settings: Settings, write: Callable[[str], None]) -> None:
    """Write the files and say what came out."""
    record = read(settings)
    write(f"The campaign is {record.state}: {record.reason}.")
    if not record.rows:
        write("Nothing was measured.")
        return
    measured, truth = _arrays(record)
    comparison = compare(
        record.spec, measured, truth, NOISE, record.seed, record.spec.budget.experiments or len(record.rows)
    )
    _show_front(record, truth, write)
    _write_table(settings, record, truth)
    _plot(settings, record, measured, truth, comparison)
    _judge(settings, comparison, len(record.rows), write)


def _arrays(record: Record) -> tuple[Array, Array]:
    import numpy as np

    measured = np.array([[row.values[name] for name in PROPERTIES] for row in record.rows])
    return measured, true_values([row.candidate for row in record.rows])


def _show_front(record: Record, truth: Array, write: Callable[[str], None]) -> None:
    best = sorted(
        ((row, true) for row, true in zip(record.rows, truth, strict=True) if row.best),
        key=lambda pair: -pair[0].values[PROPERTIES[0]],
    )
    write("")
    write(f"Pareto set, {len(best)} of {len(record.rows)} experiments (STY: space-time yield; true: without noise):")
    yield_, waste = PROPERTIES
    table(
        ["no.", "time/min", "equivalents", "mol/L", "degC", "STY", "STY true", "E-factor", "E true"],
        (
            [*_conditions(row), row.values[yield_], float(true[0]), row.values[waste], float(true[1])]
            for row, true in best
        ),
        "none",
    )


def _conditions(row: Tried) -> list[Any]:
    return [" ".join(map(str, row.numbers)), *(row.candidate["values"][name] for name in UNITS)]


def _write_table(settings: Settings, record: Record, truth: Array) -> None:
    conditions = [f"{name} {unit}".strip() for name, unit in UNITS.items()]
    outcomes = [f"{kind} {NAMES[name]}" for kind in ("measured", "true") for name in PROPERTIES]
    rows = [
        [*_conditions(row), *(row.values[name] for name in PROPERTIES), *map(float, true), "yes" if row.best else "no"]
        for row, true in zip(record.rows, truth, strict=True)
    ]
    write_csv(settings.data / "experiments.csv", ["experiment", *conditions, *outcomes, "in Pareto set"], rows)


def _plot(settings: Settings, record: Record, measured: Array, truth: Array, comparison: Comparison) -> None:
    best = [row.best for row in record.rows]
    chosen = truth[best]
    pareto_plot(
        settings.data / "pareto.png",
        f"{len(record.rows)} experiments on the emulated reactor: {comparison.share:.1%} of 10,000 points' hypervolume",
        [NAMES[name] for name in PROPERTIES],
        [
            Cloud("all experiments, measured", measured.tolist(), "0.65", size=14),
            Cloud("best of 20 random runs, true", _front(comparison.random_truth), "tab:orange", "s", step="pre"),
            Cloud("Pareto set, measured", measured[best].tolist(), "tab:red", "x", size=30),
            Cloud("Pareto set, true", _front(chosen), "tab:blue", step="pre"),
        ],
        ("linear", "log"),
    )


def _front(truth: Array) -> list[list[float]]:
    points: list[list[float]] = truth[non_dominated(truth, GOALS)].tolist()
    return points


def _judge(settings: Settings, comparison: Comparison, count: int, write: Callable[[str], None]) -> None:
    yield_, waste = comparison.reference
    chance = comparison.random
    verdict = "above the best" if comparison.beats_random else "NOT above the best"
    write("")
    write(
        f"Hypervolume above the reference point (yield {yield_:g}, E-factor {waste:g}); every Pareto set is chosen by"
    )
    write(f"measurements with {NOISE:.0%} noise and judged without noise:")
    for label, value in (
        (f"this campaign, {count} experiments", comparison.reached),
        (f"random search, best of {len(RANDOM_SEEDS)} seeds", max(chance)),
        ("random search, median", median(chance)),
        ("random search, worst", min(chance)),
        ("10,000 random points, all without noise", comparison.dense),
    ):
        write(f"  {label:<42}{value:>12.4g}")
    write(f"It is {verdict} of the {len(RANDOM_SEEDS)} random runs, and {comparison.share:.1%} of the 10,000 points'.")
    write(f"Plot: {settings.data / 'pareto.png'}  Table: {settings.data / 'experiments.csv'}")
