"""`python -m tests.mutation.run`: change one small thing in `controller/loop`, and see whether its tests notice.

Takes a seeded sample of all mutants, runs only the tests of the loop against each in a copy of the tree, prints the
share that was killed and every survivor, and exits with 1 below 90 %. `--workers` copies run side by side.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from tests.mutation.mutants import Mutant, mutants

ROOT = Path(__file__).parents[2]
LOOP = Path("controller/loop")
# The diagram is a tool for people; `__init__` only hands names on.
LEFT_OUT = ("__init__.py", "diagram.py")
TESTS = "tests/controller/loop"
# What most mutants die of is run first, what takes long only against the others.
LONG = tuple(f"{TESTS}/{name}.py" for name in ("test_histories", "test_machine"))
ROUNDS = ((TESTS, "tests/controller/access/test_limits.py", *(f"--ignore={path}" for path in LONG)), LONG)
WANTED = 0.9
TIME_LIMIT = 120.0


def all_mutants() -> list[tuple[Path, Mutant]]:
    """Every mutant of every module of the loop, in a fixed order."""
    modules = sorted(path for path in (ROOT / LOOP).glob("*.py") if path.name not in LEFT_OUT)
    return [(path.relative_to(ROOT), mutant) for path in modules for mutant in mutants(path.read_text())]


def copy_tree(folder: Path) -> Path:
    """A copy of what the tests need, apart from the environment."""
    tree = folder / "tree"
    tree.mkdir()
    for name in ("controller", "strategies", "adapters", "tests", "deploy"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
    shutil.copy(ROOT / "pyproject.toml", tree)
    return tree


def is_killed(tree: Path, path: Path, mutant: Mutant) -> bool:
    """Whether any test fails, or none ends in time, with the mutant in the place of the module."""
    original = (tree / path).read_text()
    (tree / path).write_text(mutant.text)
    try:
        return not passes(tree)
    finally:
        (tree / path).write_text(original)


def passes(tree: Path) -> bool:
    """Whether the tests of the loop pass in a tree."""
    return all(_pass(tree, tests) for tests in ROUNDS)


def _pass(tree: Path, tests: Sequence[str]) -> bool:
    command = [sys.executable, "-m", "pytest", *tests, "-x", "-q", "--no-header", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [*command, "-m", "not slow"], cwd=tree, env=environment, capture_output=True, timeout=TIME_LIMIT
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def judge(sample: Sequence[tuple[Path, Mutant]], workers: int, folder: Path) -> list[bool]:
    """For each mutant of the sample whether it was killed."""
    trees: SimpleQueue[Path] = SimpleQueue()
    for number in range(workers):
        (folder / str(number)).mkdir()
        trees.put(copy_tree(folder / str(number)))

    def one(chosen: tuple[Path, Mutant]) -> bool:
        tree = trees.get()
        try:
            killed = is_killed(tree, *chosen)
        finally:
            trees.put(tree)
        print("." if killed else "S", end="", flush=True)
        return killed

    first = trees.get()
    if not passes(first):
        raise SystemExit("the tests fail without any mutant; repair them first")
    trees.put(first)
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(one, sample))


def main() -> int:
    """Run the sample and print what survived."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sample", type=int, default=100)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--workers", type=int, default=2)
    given = options.parse_args()
    everything = all_mutants()
    sample = random.Random(given.seed).sample(everything, min(given.sample, len(everything)))
    with tempfile.TemporaryDirectory() as folder:
        killed = judge(sample, given.workers, Path(folder))
    share = sum(killed) / len(sample)
    print(f"\n{sum(killed)} of {len(sample)} mutants killed ({share:.0%}), of {len(everything)} in all")
    for path, mutant in (chosen for chosen, dead in zip(sample, killed, strict=True) if not dead):
        print(f"survived: {path}:{mutant.line}: {mutant.what}")
    return 0 if share >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
