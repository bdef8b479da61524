"""A table of experiments that have all been done: what a method may ask for, and what it is then told."""

import csv
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.optimization.statistics import to_range

Array = NDArray[np.float64]
Setting = float | str
Goal = Literal["maximize", "minimize", "target"]


@dataclass(frozen=True)
class Table:
    """n distinct rows of inputs, and the outcomes of each.

    `parameters` are declared as in a campaign file's space; `smiles` gives the molecule behind each choice of a
    categorical one. `outcomes` holds one array (n) for each objective, in the order of `goals`; a row without a value
    is nan: an experiment that failed. `repeats` are the single measurements behind the means of the first outcome,
    `regions` the bounds of each goal that is a target, and `label` the column that tells rows of equal inputs apart.
    """

    name: str
    rows: Sequence[Mapping[str, Setting]]
    parameters: Mapping[str, Mapping[str, Any]]
    outcomes: Mapping[str, Array]
    goals: Mapping[str, Goal]
    smiles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    repeats: Sequence[Sequence[float]] | None = None
    regions: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    label: str | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def objective(self) -> str:
        """The first, mostly the only, objective."""
        return next(iter(self.goals))

    def utility(self, name: str) -> Array:
        """An outcome of all rows so that more is better: of a target region minus the distance to it."""
        if self.goals[name] == "target":
            low, high = self.regions[name]
            return -np.maximum(np.maximum(low - self.outcomes[name], self.outcomes[name] - high), 0.0)
        return self.outcomes[name] * (1.0 if self.goals[name] == "maximize" else -1.0)

    @cached_property
    def scaled(self) -> Array:
        """The objectives of all rows (n x k): 0 is the worst of the table, 1 the best, nan a failure."""
        return to_range(np.stack([self.utility(name) for name in self.goals], axis=1))

    @cached_property
    def keys(self) -> dict[tuple[Setting, ...], int]:
        """The place of a row by its label, or by its values in the order of `parameters`."""
        return {tuple(row[name] for name in self._identity): place for place, row in enumerate(self.rows)}

    @property
    def _identity(self) -> list[str]:
        return list(self.parameters) if self.label is None else [self.label]

    def candidate(self, place: int) -> dict[str, Any]:
        """A row as a candidate of the pool."""
        row = self.rows[place]
        labelled = {} if self.label is None else {"label": row[self.label]}
        return {"kind": "conditions", "values": {name: row[name] for name in self.parameters}, **labelled}

    def place(self, candidate: Mapping[str, Any]) -> int:
        """The row that a candidate is; raises `KeyError` for none."""
        if self.label is not None:
            return self.keys[(candidate["label"],)]
        return self.keys[tuple(candidate["values"][name] for name in self.parameters)]

    def first_row(self, seed: int) -> int:
        """The random row that every method begins with at this seed; never a failed one."""
        order = np.random.default_rng(seed).permutation(len(self))
        return int(next(place for place in order if not np.isnan(self.scaled[place]).any()))

    def write_pool(self, folder: Path) -> tuple[Path, str]:
        """The rows as a CSV file for `space.pool`; returns its path and SHA-256."""
        path = folder / f"{self.name}.csv"
        with path.open("w", newline="", encoding="utf-8") as out:
            columns = [*self.parameters, *([] if self.label is None else [self.label])]
            writer = csv.DictWriter(out, columns)
            writer.writeheader()
            writer.writerows({name: _cell(row[name]) for name in columns} for row in self.rows)
        return path, hashlib.sha256(path.read_bytes()).hexdigest()


def _cell(value: Setting) -> str:
    return value if isinstance(value, str) else repr(value)


def averaged(
    name: str,
    rows: Sequence[Mapping[str, Setting]],
    values: Sequence[float],
    parameters: Mapping[str, Mapping[str, Any]],
    objective: tuple[str, Goal],
    smiles: Mapping[str, Mapping[str, str]] | None = None,
) -> Table:
    """A table of one objective in which equal rows are one, with the mean of their values (nan ones left out)."""
    groups: dict[tuple[Setting, ...], list[float]] = {}
    for row, value in zip(rows, values, strict=True):
        groups.setdefault(tuple(row[each] for each in parameters), []).append(value)
    means = np.array([_mean(group) for group in groups.values()])
    return Table(
        name=name,
        rows=[dict(zip(parameters, key, strict=True)) for key in groups],
        parameters=parameters,
        outcomes={objective[0]: means},
        goals={objective[0]: objective[1]},
        smiles=smiles or {},
        repeats=list(groups.values()),
    )


def _mean(values: Sequence[float]) -> float:
    done = [value for value in values if not np.isnan(value)]
    return float(np.mean(done)) if done else float("nan")
