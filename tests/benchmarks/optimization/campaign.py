"""Runs what is missing of the experiments on tables, and says what could not be run."""

import sys
from collections.abc import Collection

from tests.benchmarks.optimization.experiments import METHODS, SHORT, Experiment
from tests.benchmarks.optimization.peer import Peer, PeerFailed
from tests.benchmarks.optimization.results import Results
from tests.benchmarks.optimization.tables import load
from tests.benchmarks.optimization.trace import Method, NotOffered, run


def run_missing(experiment: Experiment, results: Results, methods: Collection[str], short: bool = False) -> list[str]:
    """Run the seeds that are not there yet; returns why some are missing."""
    missing = []
    for name, seeds in experiment.methods().items():
        if name not in methods:
            continue
        method = METHODS[name]()
        try:
            _run_method(experiment, method, min(seeds, SHORT) if short else seeds, results)
        except (PeerFailed, NotOffered) as error:
            missing.append(f"{experiment.name}, {name}: {error}")
        finally:
            if isinstance(method, Peer):
                method.close()
    return missing


def _run_method(experiment: Experiment, method: Method, seeds: int, results: Results) -> None:
    done = results.done(experiment.name, method.name, method.version)
    for seed in range(seeds):
        if seed in done:
            continue
        print(f"{experiment.name}: {method.name}, seed {seed}", file=sys.stderr, flush=True)
        results.add(experiment.name, method.name, method.version, seed, _one(experiment, method, seed))


def _one(experiment: Experiment, method: Method, seed: int) -> dict[str, object]:
    table = load(experiment.table)
    measure = experiment.measure(seed)
    start = None if experiment.start is None else experiment.start(table, seed)
    trace = run(method, table, seed, experiment.budget, experiment.batch, measure, start)
    settled = {}
    if experiment.noisy:
        settled["recommended"] = method.recommend(list(zip(trace.rows, trace.values, strict=True)), seed)
    return {**trace.as_json(), **settled}
