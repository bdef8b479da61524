"""This project's own methods, asked in process through `strategies.propose` with their default options."""

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import strategies
from strategies import Request, predict, propose
from tests.benchmarks.optimization.table import Table
from tests.benchmarks.optimization.trace import History, Stopwatch

STAGE = "bench"


@cache
def source_version() -> str:
    """A digest of the whole package `strategies`: runs of other code are not taken for this one's."""
    folder = Path(strategies.__file__).parent
    files = sorted(path for path in folder.rglob("*") if path.suffix in {".py", ".json"})
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


class Own:
    """A strategy by its registered name."""

    def __init__(self, strategy: str = "botorch", name: str = "tatara", failures: bool = True) -> None:
        self.name = name
        self.version = source_version()
        self._strategy = strategy
        self._failures = failures  # whether it is told of failed experiments
        self._folder = tempfile.TemporaryDirectory()

    def start(self, table: Table, seed: int) -> None:
        """Declare the table as a pool."""
        self._table = table
        path, digest = table.write_pool(Path(self._folder.name))
        self._files = {digest: path}
        self._space = space(table, digest)

    def ask(self, history: History, pending: Sequence[int], n: int, seed: int) -> tuple[list[int], float]:
        """The next rows and the CPU seconds of `propose`."""
        watch = Stopwatch()
        response = propose(self.request(history, pending, n, seed), self._files)
        seconds = watch.seconds
        return [self._table.place(each.candidate) for each in response.proposals], seconds

    def recommend(self, history: History, seed: int) -> int:
        """The measured row with the best predicted mean."""
        rows = list(dict.fromkeys(row for row, _ in history))
        request = self.request(history, [], 1, seed)
        name, goal = next(iter(self._table.goals.items()))
        sign = 1.0 if goal == "maximize" else -1.0
        means = [sign * predict(request, self._row(row)["candidate"], self._files)[name].mean for row in rows]
        return rows[int(np.argmax(means))]

    def request(self, history: History, pending: Sequence[int], n: int, seed: int) -> Request:
        """What is known, as a controller would put it."""
        done = [(row, values) for row, values in history if not np.isnan(values).any()]
        failed = [row for row, values in history if np.isnan(values).any()]
        return Request.model_validate(
            {
                "space": self._space,
                "objectives": [_objective(self._table, name) for name in self._table.goals],
                "stages": [{"name": STAGE, "yields": list(self._table.goals)}],
                "strategy": {"name": self._strategy},
                "observations": [self._observation(row, values) for row, values in done],
                "failures": [{**self._row(row), "kind": "failed-synthesis"} for row in failed if self._failures],
                "rejected": [self._row(row) for row in failed if not self._failures],
                "pending": [self._row(row) for row in pending],
                "n": n,
                "seed": seed,
                "event": len(history) + 1,
            }
        )

    def _row(self, place: int) -> dict[str, Any]:
        return {"candidate": self._table.candidate(place), "stage": STAGE}

    def _observation(self, place: int, values: Sequence[float]) -> dict[str, Any]:
        measured = [{"property": name, "value": value} for name, value in zip(self._table.goals, values, strict=True)]
        return {**self._row(place), "values": measured}


def _objective(table: Table, name: str) -> dict[str, Any]:
    region = dict(zip(("low", "high"), table.regions[name], strict=True)) if name in table.regions else {}
    return {"property": name, "goal": table.goals[name], **region}


def space(table: Table, digest: str) -> dict[str, Any]:
    """The table's pool as it would stand in a campaign file: categories declared, numbers by their cells."""
    pool = {"file": f"{table.name}.csv", "columns": list(table.parameters), "label": table.label, "sha256": digest}
    declared = {
        name: category(table, name, about) for name, about in table.parameters.items() if about["type"] == "categorical"
    }
    return {"pool": pool, "parameters": declared}


def category(table: Table, name: str, about: Mapping[str, Any]) -> dict[str, Any]:
    """A categorical parameter; molecules are described by the default descriptors of their SMILES."""
    if name not in table.smiles:
        return dict(about)
    return {**about, "descriptors": {"method": "mordred", "smiles": dict(table.smiles[name])}}
