"""SPACIER's polymers (Nanjo et al. 2025): force-field descriptors of repeating units, and properties by simulation."""

import csv
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from tests.benchmarks.optimization.table import Goal, Setting, Table

FAILED = -9999.0
BOX = {"Cp": (3000.0, 4000.0), "refractive_index": (1.6, 1.7), "density": (1.0, 1.1)}  # J/(kg K), -, g/cm3
GOALS: dict[str, dict[str, Goal]] = {
    "conductivity": {"thermal_conductivity": "maximize"},
    "box": dict.fromkeys(BOX, "target"),
}
SHIPPED = "_shipped"
LABEL = "monomer_ID"


def polymers(goal: str, shipped: bool) -> Callable[[Path], Table]:
    """The 1,067 polymers of the pool; `shipped`: behind them the ten that the shipped start has measured."""
    return lambda data: _polymers(data / "spacier_polymers", GOALS[goal], shipped)


def _polymers(folder: Path, goals: Mapping[str, Goal], shipped: bool) -> Table:
    inputs, measured = _read(folder / "X_pool.csv"), _read(folder / "y_oracle.csv")
    if shipped:
        inputs, measured = inputs + _read(folder / "X.csv"), measured + _read(folder / "y.csv")
    names = list(inputs[0])
    rows: list[dict[str, Setting]] = [
        {**{name: float(line[name]) for name in names}, LABEL: about[LABEL]}
        for line, about in zip(inputs, measured, strict=True)
    ]
    return Table(
        name="polymers",
        rows=rows,
        parameters={name: {"type": "discrete"} for name in names},
        outcomes={goal: np.array([_value(line[goal]) for line in measured]) for goal in goals},
        goals=goals,
        regions={name: BOX[name] for name, goal in goals.items() if goal == "target"},
        label=LABEL,
    )


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def _value(text: str) -> float:
    value = float(text)
    return float("nan") if value == FAILED else value
