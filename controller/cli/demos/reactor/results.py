"""The end of the demo: the Pareto set as a table, a plot and a CSV, and how it compares with random search."""

from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from controller.cli.demos.by_chance import SEEDS
from controller.cli.demos.description import Write
from controller.cli.demos.reactor import NOISE
from controller.cli.demos.reactor.comparison import Comparison, compare
from controller.cli.demos.reactor.truth import GOALS, PROPERTIES, Array, true_values
from controller.cli.demos.record import Record
from controller.cli.output import table
from controller.report.pareto import Tried
from controller.report.plots import Cloud, pareto_plot
from controller.report.table import write_csv
from strategies.optimize.pareto import non_dominated

UNITS = {"residence_time": "min", "equivalents": "", "concentration": "mol/L", "temperature": "degC"}
NAMES = {"space_time_yield": "space-time yield / (kg/m**3/h)", "e_factor": "E-factor"}


def report(folder: Path, record: Record, write: Write) -> None:
    """Write the files and say what came out."""
    measured, truth = _arrays(record)
    experiments = record.spec.budget.experiments or len(record.rows)
    comparison = compare(record.spec, measured, truth, NOISE, record.seed, experiments)
    _show_front(record, truth, write)
    _write_table(folder, record, truth)
    _plot(folder, record, measured, truth, comparison)
    _judge(folder, comparison, len(record.rows), write)


def _arrays(record: Record) -> tuple[Array, Array]:
    measured = np.array([[row.values[name] for name in PROPERTIES] for row in record.rows])
    return measured, true_values([row.candidate for row in record.rows])


def _show_front(record: Record, truth: Array, write: Write) -> None:
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
    return [row.number, *(row.candidate["values"][name] for name in UNITS)]


def _write_table(folder: Path, record: Record, truth: Array) -> None:
    conditions = [f"{name} {unit}".strip() for name, unit in UNITS.items()]
    outcomes = [f"{kind} {NAMES[name]}" for kind in ("measured", "true") for name in PROPERTIES]
    rows = [
        [*_conditions(row), *(row.values[name] for name in PROPERTIES), *map(float, true), "yes" if row.best else "no"]
        for row, true in zip(record.rows, truth, strict=True)
    ]
    write_csv(folder / "experiments.csv", ["experiment", *conditions, *outcomes, "in Pareto set"], rows)


def _plot(folder: Path, record: Record, measured: Array, truth: Array, comparison: Comparison) -> None:
    best = [row.best for row in record.rows]
    chosen = truth[best]
    pareto_plot(
        folder / "pareto.png",
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


def _judge(folder: Path, comparison: Comparison, count: int, write: Write) -> None:
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
        (f"random search, best of {len(SEEDS)} seeds", max(chance)),
        ("random search, median", median(chance)),
        ("random search, worst", min(chance)),
        ("10,000 random points, all without noise", comparison.dense),
    ):
        write(f"  {label:<42}{value:>12.4g}")
    write(f"It is {verdict} of the {len(SEEDS)} random runs, and {comparison.share:.1%} of the 10,000 points'.")
    write(f"Plot: {folder / 'pareto.png'}  Table: {folder / 'experiments.csv'}")
