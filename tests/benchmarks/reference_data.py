"""Campaign files over the real data sets that `TATARA_REFERENCE_DATA` names, each with its pool as CSV."""

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import correlation, fmean, pstdev

ALIKE = 0.7  # columns that follow each other more closely say the same thing (the default of BayBE)
Rows = list[dict[str, str]]

CAMPAIGN = """
campaign: {name}
space:
  pool: {{file: pool.csv, columns: [{columns}]}}
objectives: [{{property: {property}, goal: maximize}}]
stages:
  - name: bench
    steps: [{{name: measure, instruments: [table], capability: look_up, yields: [{property}], timeout: 60}}]
strategy: {{name: botorch}}
budget: {{experiments: 50}}
"""


def arylation(data: Path, folder: Path) -> tuple[Path, Path]:
    """Direct arylation (Shields et al. 2021): every base, ligand and solvent by its quantum-chemical descriptors.

    Of the descriptor files every numeric column that varies is taken, but for those that follow an earlier one; beside
    them concentration and temperature. Returns the campaign file and the pool, which holds the yields too.
    """
    source = data / "conditions" / "direct_arylation"
    rows = _read(source / "data_named_baybe.csv")
    descriptors = {
        "Base_SMILES": _descriptors(source / "base_dft.csv", "base_SMILES"),
        "Ligand_SMILES": _descriptors(source / "ligand-boltzmann_dft.csv", "ligand_SMILES"),
        "Solvent_SMILES": _descriptors(source / "solvent_dft.csv", "solvent_SMILES"),
    }
    pool = []
    for row in rows:
        values = {"concentration": row["Concentration"], "temperature": row["Temp_C"], "yield": row["yield"]}
        for key, table in descriptors.items():
            values |= table[row[key]]
        pool.append(values)
    return _write(folder, "arylation", "yield", pool)


def barrel(data: Path, folder: Path) -> tuple[Path, Path]:
    """Crossed barrels (Gongora et al. 2020): the mean toughness of every design."""
    groups: dict[tuple[str, ...], list[float]] = defaultdict(list)
    inputs = ("n", "theta", "r", "t")
    for row in _read(data / "conditions" / "pvlab_crossed_barrel" / "data.csv"):
        groups[tuple(row[name] for name in inputs)].append(float(row["toughness"]))
    pool = [{**dict(zip(inputs, key, strict=True)), "toughness": repr(fmean(values))} for key, values in groups.items()]
    return _write(folder, "barrel", "toughness", pool)


def _read(path: Path) -> Rows:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def _descriptors(path: Path, key: str) -> dict[str, dict[str, str]]:
    """Descriptors by SMILES: numeric columns that vary and say something new."""
    rows = {row[key]: row for row in _read(path)}
    columns = {name: _numbers([row[name] for row in rows.values()]) for name in next(iter(rows.values()))}
    kept: dict[str, Sequence[float]] = {}
    for name, values in columns.items():
        if values is None or pstdev(values) == 0:
            continue
        if all(abs(correlation(values, other)) < ALIKE for other in kept.values()):
            kept[name] = values
    return {smiles: {name: row[name] for name in kept} for smiles, row in rows.items()}


def _numbers(cells: Sequence[str]) -> list[float] | None:
    try:
        return [float(cell) for cell in cells]
    except ValueError:
        return None


def _write(folder: Path, name: str, wanted: str, pool: Sequence[Mapping[str, str]]) -> tuple[Path, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    table, file = folder / "pool.csv", folder / f"{name}.yaml"
    with table.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, list(pool[0]))
        writer.writeheader()
        writer.writerows(pool)
    columns = ", ".join(f'"{each}"' for each in pool[0] if each != wanted)
    file.write_text(CAMPAIGN.format(name=name, columns=columns, property=wanted), encoding="utf-8")
    return file, table
