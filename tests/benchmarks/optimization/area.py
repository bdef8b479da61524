"""The optimization area of the long benchmark: run what is missing, then sum up."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.optimization.campaign import run_missing
from tests.benchmarks.optimization.experiments import EXPERIMENTS, METHODS
from tests.benchmarks.optimization.results import Results, results_folder
from tests.benchmarks.optimization.summary import lines, summarize
from tests.benchmarks.optimization.tables import NoData, data_folder


def main(folder: Path | None, items: Sequence[str] | None, methods: Sequence[str] | None) -> int:
    """Run and print; 2 where the data are not there or a name is unknown."""
    try:
        data_folder()
    except NoData as error:
        print(f"skipped: {error}", file=sys.stderr)
        return 2
    results = Results(results_folder(folder))
    missing: list[str] = []
    for experiment in EXPERIMENTS:
        if items is None or experiment.name in items:
            missing += run_missing(experiment, results, methods or METHODS)
    for line in missing:
        print(line, file=sys.stderr)
    report(results, missing)
    return 0


def report(results: Results, missing: Sequence[str]) -> None:
    """Write `summary.json` beside the runs and print the table of all that has been run."""
    summary = {each.name: summarize(each, results) for each in EXPERIMENTS}
    found = {name: about for name, about in summary.items() if about["methods"]}
    path = results.folder / "summary.json"
    path.write_text(json.dumps({"experiments": found, "missing": list(missing)}, indent=1), encoding="utf-8")
    for name, about in found.items():
        print("\n".join(lines(name, about)))
    print(f"summary: {path}")
