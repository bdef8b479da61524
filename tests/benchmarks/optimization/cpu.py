"""Item 9: CPU seconds of one `propose` in a process of its own, with one thread, and the memory that it takes.

`python -m tests.benchmarks.optimization.cpu NAME` measures one of them and prints JSON. Every case is asked twice: the
second time with one observation more, when a pool has been read.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from strategies import Request, propose
from tests.benchmarks.optimization.own import source_version
from tests.benchmarks.optimization.results import Results

LIMIT = 900  # wall-clock seconds after which a case is given up
POOL_ROWS = 1_000_000
GIB = 2**20  # in the kilobytes of getrusage
WANTED = {"cpu_long_history": (5.0, None), "cpu_large_pool": (10.0, 4.0), "cpu_product_space": (5.0, None)}
Case = tuple[dict[str, Any], list[dict[str, Any]], dict[str, Path]]  # space, observations, files


def long_history(folder: Path) -> Case:
    """1,000 observations of 6 numbers."""
    points = np.random.default_rng(0).random((1001, 6))
    names = [f"x{place}" for place in range(6)]
    space = {"parameters": {name: {"type": "continuous", "low": 0.0, "high": 1.0} for name in names}}
    return space, _observed([dict(zip(names, map(float, point), strict=True)) for point in points]), {}


def large_pool(folder: Path) -> Case:
    """A pool of 1,000,000 rows of 10 numbers, 50 of them observed."""
    points = np.random.default_rng(0).random((POOL_ROWS, 10)).round(6)
    names = [f"x{place}" for place in range(10)]
    path = folder / "pool.csv"
    np.savetxt(path, points, fmt="%.6f", delimiter=",", header=",".join(names), comments="")
    digest = sha256(path.read_bytes()).hexdigest()
    rows = [dict(zip(names, map(float, point), strict=True)) for point in points[:51]]
    return {"pool": {"file": "pool.csv", "columns": names, "sha256": digest}}, _observed(rows), {digest: path}


def product_space(folder: Path) -> Case:
    """Nine categories of ten choices each, 20 combinations observed."""
    names, choices = [f"x{place}" for place in range(9)], [f"c{place}" for place in range(10)]
    space = {"parameters": {name: {"type": "categorical", "choices": choices} for name in names}}
    drawn = np.random.default_rng(0).integers(10, size=(21, 9))
    return space, _observed([{name: choices[one] for name, one in zip(names, row, strict=True)} for row in drawn]), {}


CASES: dict[str, Callable[[Path], Case]] = {
    "cpu_long_history": long_history,
    "cpu_large_pool": large_pool,
    "cpu_product_space": product_space,
}


def _observed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    noise = np.random.default_rng(1).standard_normal(len(rows))
    return [
        {"candidate": {"kind": "conditions", "values": row}, "stage": "bench",
         "values": [{"property": "gain", "value": _gain(row) + 0.01 * float(each)}]}
        for row, each in zip(rows, noise, strict=True)
    ]  # fmt: skip


def _gain(row: Mapping[str, Any]) -> float:
    """A smooth function of numbers, or the number of choices that match."""
    values = [int(value[1:]) / 9.0 if isinstance(value, str) else value for value in row.values()]
    return float(sum(np.sin(3.0 * value + place) for place, value in enumerate(values)))


def measure(name: str) -> dict[str, Any]:
    """Ask twice; CPU seconds of each and peak memory in GiB."""
    with tempfile.TemporaryDirectory() as folder:
        space, observations, files = CASES[name](Path(folder))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        seconds = []
        for known in (observations[:-1], observations):
            request = _request(space, known)
            began = time.process_time()
            propose(request, files)
            seconds.append(time.process_time() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"cpu": seconds, "peak_gib": peak / GIB, "before_gib": before / GIB}


def _request(space: dict[str, Any], known: list[dict[str, Any]]) -> Request:
    return Request.model_validate(
        {
            "space": space,
            "objectives": [{"property": "gain", "goal": "maximize"}],
            "stages": [{"name": "bench", "yields": ["gain"]}],
            "strategy": {"name": "botorch"},
            "observations": known,
            "n": 1,
            "seed": 0,
            "event": 1,
        }
    )


def run_missing(name: str, results: Results) -> list[str]:
    """Measure a case in a child process, unless it has been; returns why it is missing."""
    if results.done(name, "tatara", source_version()):
        return []
    command = [sys.executable, "-m", __name__, name]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, env=environment, check=False)
    except subprocess.TimeoutExpired:
        return [f"{name}: given up after {LIMIT} s"]
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        return [f"{name}: ended with status {done.returncode}: {last}"]
    results.add(name, "tatara", source_version(), 0, json.loads(done.stdout.splitlines()[-1]))
    return []


def summarize(name: str, results: Results) -> dict[str, Any]:
    """What was measured beside what is wanted."""
    found = results.done(name, "tatara", source_version()).get(0)
    seconds, memory = WANTED[name]
    wanted = {"wanted_seconds_at_most": seconds, "wanted_gib_at_most": memory}
    return {**wanted, "methods": {} if found is None else {"tatara": found}}


def lines(name: str, about: Mapping[str, Any]) -> list[str]:
    """One line, if it was measured."""
    limit = f"wanted {about['wanted_seconds_at_most']:g} s"
    return [
        f"{name:24} {method:26} first {each['cpu'][0]:.2f} s, then {each['cpu'][1]:.2f} s, {limit}, "
        f"peak {each['peak_gib']:.2f} GiB"
        for method, each in about["methods"].items()
    ]


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
