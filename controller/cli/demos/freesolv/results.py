"""The end of the demo: the best molecules as a table, a plot and a CSV, and what random search would have found."""

from pathlib import Path
from statistics import fmean

import numpy as np

from controller.cli.demos.by_chance import SEEDS
from controller.cli.demos.description import Write
from controller.cli.demos.freesolv import PROPERTY
from controller.cli.demos.freesolv.comparison import TOPS, Comparison, compare
from controller.cli.demos.freesolv.molecules import molecules
from controller.cli.demos.record import Record
from controller.cli.output import table
from controller.files import Files
from controller.report.pareto import Tried
from controller.report.plots import curves_plot
from controller.report.table import write_csv

SHOWN = 10


def report(folder: Path, record: Record, write: Write) -> None:
    """Write the files and say what came out."""
    comparison = compare(record.spec, [_name(row) for row in record.rows], molecules(), _pool(folder, record))
    _show_best(record, comparison, write)
    _write_table(folder, record, comparison)
    _plot(folder, comparison)
    _judge(folder, comparison, write)


def _name(row: Tried) -> str:
    return str(row.candidate["label"])


def _pool(folder: Path, record: Record) -> dict[str, Path]:
    """The campaign's pool by its digest, as the daemon keeps it."""
    pool = record.spec.space.pool
    digest = "" if pool is None else str(pool.sha256)
    return {digest: Files(folder / "files").path(digest)}


def _show_best(record: Record, comparison: Comparison, write: Write) -> None:
    best = sorted(record.rows, key=lambda row: row.values[PROPERTY])[:SHOWN]
    smiles = _smiles()
    write("")
    write(
        f"The lowest of {len(record.rows)} measured (place: among all {len(comparison.ranks)} molecules of the table):"
    )
    table(
        ["no.", "kcal/mol", "place", "name", "SMILES"],
        (
            [row.number, row.values[PROPERTY], comparison.ranks[_name(row)], _name(row), smiles[_name(row)]]
            for row in best
        ),
        "none",
    )


def _smiles() -> dict[str, str]:
    return {each.name: each.smiles for each in molecules()}


def _write_table(folder: Path, record: Record, comparison: Comparison) -> None:
    smiles = _smiles()
    rows = [
        [row.number, _name(row), smiles[_name(row)], row.values[PROPERTY], float(best), comparison.ranks[_name(row)]]
        for row, best in zip(record.rows, comparison.campaign.best, strict=True)
    ]
    columns = ["experiment", "name", "SMILES", "measured kcal/mol", "best so far kcal/mol", "place in the whole table"]
    write_csv(folder / "experiments.csv", columns, rows)


def _plot(folder: Path, comparison: Comparison) -> None:
    best, chance = comparison.campaign.best, comparison.by_chance
    curves_plot(
        folder / "best.png",
        f"{len(best)} of {len(comparison.ranks)} molecules measured",
        ("experiments", "lowest free energy of hydration so far / (kcal/mol)"),
        {
            "this campaign": (best.tolist(), [0.0] * len(best)),
            f"random search, {len(SEEDS)} seeds: mean and standard deviation": (
                chance.mean(0).tolist(),
                chance.std(0, ddof=1).tolist(),
            ),
        },
        comparison.lowest,
    )


def _judge(folder: Path, comparison: Comparison, write: Write) -> None:
    best, chance = comparison.campaign.best, comparison.by_chance
    write("")
    write(f"Lowest value so far in kcal/mol, this campaign and random search ({len(SEEDS)} seeds):")
    write(f"  {'experiments':<14}{'campaign':>10}{'random: best':>15}{'median':>10}{'worst':>10}")
    for count in _milestones(len(best)):
        at = chance[:, count - 1]
        write(f"  {count:<14}{best[count - 1]:>10.2f}{at.min():>15.2f}{float(np.median(at)):>10.2f}{at.max():>10.2f}")
    for top in TOPS:
        ours, theirs = comparison.campaign.found[top], [each.found[top] for each in comparison.random]
        write(
            f"Of the {top} lowest of the whole table it measured {ours}; "
            f"random search {fmean(theirs):.1f} on average, {max(theirs)} at most."
        )
    write(f"{comparison.as_good} of the {len(SEEDS)} random runs came as low as this campaign.")
    write(f"Plot: {folder / 'best.png'}  Table: {folder / 'experiments.csv'}")


def _milestones(count: int) -> list[int]:
    """Quarters of the budget."""
    return sorted({max(1, round(count * quarter / 4)) for quarter in range(1, 5)})
