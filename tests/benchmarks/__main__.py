"""`python -m tests.benchmarks [NAME ...]`: run all benchmarks, or those named, and print their figures."""

import importlib
import sys

from tests.benchmarks.figure import Figure, table

NAMES = ("startup", "restart", "latency", "loop_lag", "intake", "client", "console", "optimization.short")


def main(names: list[str]) -> int:
    """Run them one after the other; 1 if a figure is not as wanted."""
    if unknown := set(names) - set(NAMES):
        print(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    figures: list[Figure] = []
    for name in names or NAMES:
        print(f"{name} ...", file=sys.stderr, flush=True)
        figures += importlib.import_module(f"tests.benchmarks.{name}").run()
    print(table(figures))
    return 1 if any(figure.missed for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
