"""Finished runs, one JSON line each, so that a benchmark can be broken off and goes on with what is missing."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RESULTS = "TATARA_RESULTS"
DEFAULT = Path("benchmark-results")

Record = dict[str, Any]


def results_folder(given: Path | None = None) -> Path:
    """The folder given, or named in the environment, or the default; made if need be."""
    folder = given or Path(os.environ.get(RESULTS, DEFAULT))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Results:
    """A folder with one file for each experiment and method."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def done(self, experiment: str, method: str, version: str) -> dict[int, Record]:
        """The runs of this version of the method, by seed; a line that was cut off is left out."""
        found: dict[int, Record] = {}
        path = self._path(experiment, method)
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
            record = _parsed(line)
            if record is not None and record["version"] == version:
                found.setdefault(record["seed"], record)
        return found

    def add(self, experiment: str, method: str, version: str, seed: int, run: Mapping[str, Any]) -> None:
        """Append one run."""
        record = {"experiment": experiment, "method": method, "version": version, "seed": seed, **run}
        with self._path(experiment, method).open("a", encoding="utf-8") as out:
            out.write(json.dumps(record) + "\n")

    def _path(self, experiment: str, method: str) -> Path:
        return self.folder / f"{experiment}.{method}.jsonl"


def _parsed(line: str) -> Record | None:
    try:
        record: Record = json.loads(line)
    except ValueError:
        return None
    return record
