"""`tatara --help`, the whole process."""

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from tests.benchmarks.figure import Figure, table

TIMES = 10


def once() -> float:
    """Seconds of one call."""
    started = time.perf_counter()
    subprocess.run([Path(sys.executable).parent / "tatara", "--help"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def run() -> list[Figure]:
    """Median of ten calls."""
    return [Figure("tatara --help, median", median(once() for _ in range(TIMES)), "s", at_most=0.5)]


if __name__ == "__main__":
    print(table(run()))
