"""The published tables, read from the folder that `TATARA_REFERENCE_DATA` names.

Equal rows become one with the mean of their outcomes. No descriptor is computed here: a method makes its own from the
molecules, or goes without.
"""

import csv
import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.optimization.polymer_table import GOALS, SHIPPED, polymers
from tests.benchmarks.optimization.table import Goal, Setting, Table, averaged

DATA = "TATARA_REFERENCE_DATA"


class NoData(Exception):
    """The folder of reference data is not there; the text says what to do."""


def data_folder() -> Path:
    """The folder of the tables; raises `NoData`."""
    given = os.environ.get(DATA)
    folder = Path(given) / "conditions" if given else None
    if folder is None or not folder.is_dir():
        raise NoData(f"set {DATA} to the folder of the published tables (it holds conditions/)")
    return folder


def names() -> list[str]:
    """All tables."""
    return list(_LOADERS)


@cache
def load(name: str) -> Table:
    """A table by name; raises `NoData`."""
    return replace(_LOADERS[name](data_folder()), name=name)


def _with_header(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def _without_header(folder: Path) -> tuple[list[list[str]], dict[str, Any]]:
    """The cells of an Olympus table, and its description."""
    with (folder / "data.csv").open(newline="", encoding="utf-8") as file:
        cells = [line for line in csv.reader(file) if line]
    return cells, json.loads((folder / "config.json").read_text(encoding="utf-8"))


def _number(rows: Sequence[Mapping[str, Setting]], name: str) -> dict[str, Any]:
    """A parameter that the table knows at these values only."""
    return {"type": "discrete", "values": sorted({float(row[name]) for row in rows})}


def _category(rows: Sequence[Mapping[str, Setting]], name: str) -> dict[str, Any]:
    return {"type": "categorical", "choices": list(dict.fromkeys(str(row[name]) for row in rows))}


def _declared(rows: Sequence[Mapping[str, Setting]]) -> dict[str, dict[str, Any]]:
    """Each column as what its first cell is."""
    return {name: (_category if isinstance(value, str) else _number)(rows, name) for name, value in rows[0].items()}


def _direct_arylation(data: Path) -> Table:
    """Shields et al. 2021: yields of 4 bases x 12 ligands x 4 solvents x 3 concentrations x 3 temperatures."""
    lines = _with_header(data / "direct_arylation" / "data_named_baybe.csv")
    rows = [_arylation_row(line) for line in lines]
    return averaged(
        "direct_arylation", rows, [float(line["yield"]) for line in lines], _declared(rows), ("yield", "maximize"),
        {each.lower(): {line[each]: line[f"{each}_SMILES"] for line in lines} for each in REAGENTS},
    )  # fmt: skip


REAGENTS = ("Base", "Ligand", "Solvent")


def _arylation_row(line: Mapping[str, str]) -> dict[str, Setting]:
    numbers = {"concentration": float(line["Concentration"]), "temperature": float(line["Temp_C"])}
    return {**{each.lower(): line[each] for each in REAGENTS}, **numbers}


def _arylation_cost(data: Path) -> Table:
    """Torres et al. 2022: the same reactions with the cost of their reagents, in the same order."""
    plain = load("direct_arylation")
    lines = _with_header(data / "edboplus_arylation_cost" / "experiments_yield_and_cost.csv")
    outcomes = {name: np.array([float(line[name]) for line in lines]) for name in ("yield", "cost")}
    if not np.array_equal(outcomes["yield"], plain.outcomes["yield"]):
        raise ValueError("the table of costs does not list the reactions in the order of direct_arylation")
    goals: dict[str, Goal] = {"yield": "maximize", "cost": "minimize"}
    return Table("arylation_cost", plain.rows, plain.parameters, outcomes, goals, plain.smiles)


def _crossed_barrel(data: Path) -> Table:
    """Gongora et al. 2020: toughness of 600 printed structures, three of each."""
    lines = _with_header(data / "pvlab_crossed_barrel" / "data.csv")
    rows: list[dict[str, Setting]] = [{name: float(line[name]) for name in ("n", "theta", "r", "t")} for line in lines]
    values = [float(line["toughness"]) for line in lines]
    return averaged("crossed_barrel", rows, values, _declared(rows), ("toughness", "maximize"))


SILVER = {
    "silver_nitrate": "QAgNO3(%)",
    "pva": "Qpva(%)",
    "citrate": "Qtsc(%)",
    "seed": "Qseed(%)",
    "flow": "Qtot(uL/min)",
}


def _agnp(data: Path) -> Table:
    """Mekki-Berrada et al. 2021: how well the spectrum of silver nanoparticles fits the wanted one."""
    lines = _with_header(data / "pvlab_agnp" / "data.csv")
    rows: list[dict[str, Setting]] = [{name: float(line[of]) for name, of in SILVER.items()} for line in lines]
    return averaged("agnp", rows, [float(line["loss"]) for line in lines], _declared(rows), ("score", "maximize"))


def _grain_boundary(data: Path) -> Table:
    """PHYSBO's own benchmark: the energy of 17,982 copper grain boundaries."""
    lines = _with_header(data / "physbo_grain_boundary" / "s5-210.csv")
    rows: list[dict[str, Setting]] = [{name: float(line[name]) for name in ("dx", "gb", "dz")} for line in lines]
    values = [float(line["gb_energy"]) for line in lines]
    return averaged("grain_boundary", rows, values, _declared(rows), ("energy", "minimize"))


def _olympus(folder: str, outcome: tuple[str, Goal], chemical: bool = False) -> Callable[[Path], Table]:
    """A table of the Olympus collection (Haese et al. 2021); `chemical`: the categories are SMILES."""

    def read(data: Path) -> Table:
        cells, about = _without_header(data / f"olympus_{folder}")
        kinds = {each["name"]: each["type"] for each in about["parameters"]}
        rows = [dict(zip(kinds, map(_setting, kinds.values(), line), strict=False)) for line in cells]
        declared = _declared(rows)
        smiles = {name: {text: text for text in each["choices"]} for name, each in declared.items()} if chemical else {}
        return averaged(folder, rows, [_outcome(about, line[-1]) for line in cells], declared, outcome, smiles)

    return read


def _setting(kind: str, text: str) -> Setting:
    return text if kind == "categorical" else float(text)


def _outcome(about: Mapping[str, Any], text: str) -> float:
    """A number, or the place from 1 of a level in the order of quality."""
    measured = about["measurements"][0]
    return float(measured["options"].index(text) + 1) if measured["type"] == "ordinal" else float(text)


def _hplc(data: Path) -> Table:
    """Peak areas of a chromatograph; a run without a peak has failed."""
    table = _olympus("hplc", ("peak_area", "maximize"))(data)
    repeats = table.repeats or []
    peaks = [[value for value in group if value > 0] for group in repeats]
    means = np.array([float(np.mean(group)) if group else math.nan for group in peaks])
    return Table("hplc", table.rows, table.parameters, {"peak_area": means}, table.goals)


_LOADERS: dict[str, Callable[[Path], Table]] = {
    "direct_arylation": _direct_arylation,
    "crossed_barrel": _crossed_barrel,
    "agnp": _agnp,
    "photo_pce10": _olympus("photo_pce10", ("degradation", "minimize")),
    "oer_3496": _olympus("oer_plate_3496", ("overpotential", "minimize")),
    "oer_3851": _olympus("oer_plate_3851", ("overpotential", "minimize")),
    "grain_boundary": _grain_boundary,
    "vapdiff": _olympus("vapdiff_crystal", ("crystal_score", "maximize")),
    "buchwald_a": _olympus("buchwald_a", ("yield", "maximize"), chemical=True),
    "buchwald_b": _olympus("buchwald_b", ("yield", "maximize"), chemical=True),
    "buchwald_c": _olympus("buchwald_c", ("yield", "maximize"), chemical=True),
    "hplc": _hplc,
    "arylation_cost": _arylation_cost,
    **{f"polymers_{goal}{start}": polymers(goal, bool(start)) for goal in GOALS for start in ("", SHIPPED)},
}
