"""`python -m tests.benchmarks.full AREA`: the long benchmark of an area; it takes up what an earlier call left."""

import argparse
import importlib
import sys
from pathlib import Path

AREAS = ("optimization",)


def main(arguments: list[str]) -> int:
    """Run the area's benchmark; each area's `main` says what it takes."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.full", description=__doc__)
    parser.add_argument("area", choices=AREAS)
    parser.add_argument("--results", type=Path, help="folder of finished runs (or TATARA_RESULTS; benchmark-results/)")
    parser.add_argument("--items", nargs="+", help="only these experiments")
    parser.add_argument("--methods", nargs="+", help="only these methods; the summary uses all that has been run")
    given = parser.parse_args(arguments)
    area = importlib.import_module(f"tests.benchmarks.{given.area}.area")
    return int(area.main(given.results, given.items, given.methods))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
