"""The short benchmark of the optimizer: a few tables, 5 seeds, our own default and random choice, always measured anew.

The long one (`make bench-full AREA=optimization`) compares with the peers and says what is better.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.figure import Figure
from tests.benchmarks.optimization.campaign import run_missing
from tests.benchmarks.optimization.experiments import EXPERIMENTS, SHORT, Experiment
from tests.benchmarks.optimization.results import Results
from tests.benchmarks.optimization.summary import summarize
from tests.benchmarks.optimization.tables import NoData, data_folder


def run() -> list[Figure]:
    """The figures of every short experiment; none, with a word, where the tables are not there."""
    try:
        data_folder()
    except NoData as error:
        print(f"optimization skipped: {error}", file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory() as folder:
        results = Results(Path(folder))
        return [figure for each in EXPERIMENTS if each.short for figure in _measured(each, results)]


def _measured(experiment: Experiment, results: Results) -> list[Figure]:
    run_missing(experiment, results, experiment.own, short=True)
    methods = summarize(experiment, results)["methods"]
    return [figure for name, about in methods.items() for figure in _figures(f"{experiment.name}, {name}", about)]


def _figures(name: str, about: dict[str, Any]) -> list[Figure]:
    seconds = about["cpu_seconds_per_call"]
    return [
        Figure(f"{name}: mean best of {SHORT} runs", about["best"]["mean"], ""),
        Figure(f"{name}: area under the best so far", about["area"]["mean"], "of the range"),
        Figure(f"{name}: until solved", about["experiments_until_solved"]["mean"], "experiments"),
        *([Figure(f"{name}: CPU of a choice", seconds, "s")] if seconds else []),
    ]
