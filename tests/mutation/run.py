"""`python -m tests.mutation.run`: change one small thing in `controller/loop`, and see whether its tests notice.

Takes a seeded sample of all mutants, runs only the tests of the loop against each in a copy of the tree, prints the
share that was killed and every survivor, and exits with 1 below 90 %. Libraries are imported once, and each mutant
lives in a fork of its own. `--units` leaves out the long tests (state machines, histories, whole campaigns).
"""

import argparse
import importlib
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from tests.mutation.mutants import Mutant, mutants

ROOT = Path(__file__).parents[2]
LOOP = Path("controller/loop")
# The diagram is a tool for people; `__init__` only hands names on.
LEFT_OUT = ("__init__.py", "diagram.py")
TESTS = "tests/controller/loop"
LONG = tuple(f"{TESTS}/test_{name}.py" for name in ("to_the_end", "histories", "machine"))
UNITS = (TESTS, "tests/controller/access/test_limits.py", *(f"--ignore={path}" for path in LONG))
LIBRARIES = ("hypothesis.stateful", "pint", "pydantic", "sqlmodel", "strategies", "adapters.instruments.messages")
WANTED = 0.9
TIME_LIMIT = 300.0

Chosen = tuple[Path, Mutant]


@dataclass
class Trial:
    """A mutant that is being tested in a tree of its own."""

    number: int
    chosen: Chosen | None
    original: str
    tree: Path
    process: BaseProcess
    started: float


def all_mutants() -> list[Chosen]:
    """Every mutant of every module of the loop, in a fixed order."""
    modules = sorted(path for path in (ROOT / LOOP).glob("*.py") if path.name not in LEFT_OUT)
    return [(path.relative_to(ROOT), mutant) for path in modules for mutant in mutants(path.read_text())]


def copy_tree(tree: Path) -> Path:
    """A copy of what the tests need, apart from the environment."""
    tree.mkdir()
    for name in ("controller", "strategies", "adapters", "tests", "deploy"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
    shutil.copy(ROOT / "pyproject.toml", tree)
    return tree


def live(tree: Path, chosen: Chosen | None, rounds: Sequence[Sequence[str]]) -> None:
    """In the fork: put the mutant in its place, run the tests, and exit with 0 if it survives."""
    if chosen is not None:
        (tree / chosen[0]).write_text(chosen[1].text)
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    os.chdir(tree)
    sys.path.insert(0, str(tree))
    sys.dont_write_bytecode = True
    options = ["-x", "-q", "--no-header", "-p", "no:cacheprovider", "-m", "not slow"]
    for tests in rounds:
        if (code := pytest.main([*tests, *options])) != 0:
            os._exit(int(code) or 1)
    os._exit(0)


def judge(sample: Sequence[Chosen | None], rounds: Sequence[Sequence[str]], trees: list[Path]) -> dict[int, bool]:
    """For each of the sample whether it was killed; None is the loop as it is."""
    killed: dict[int, bool] = {}
    waiting, running = list(enumerate(sample)), dict[int, Trial]()
    while waiting or running:
        while waiting and trees:
            number, chosen = waiting.pop(0)
            trial = _start(number, chosen, rounds, trees.pop())
            running[trial.process.sentinel] = trial
        for sentinel in [each for each in wait(list(running), 1.0) if isinstance(each, int)]:
            trial = running.pop(sentinel)
            trial.process.join()
            killed[trial.number] = trial.process.exitcode != 0
            if trial.chosen is not None:
                (trial.tree / trial.chosen[0]).write_text(trial.original)
            trees.append(trial.tree)
            print("." if killed[trial.number] else "S", end="", flush=True)
        for trial in running.values():
            if time.monotonic() - trial.started > TIME_LIMIT:  # a mutant that never ends has been noticed
                trial.process.kill()
    return killed


def _start(number: int, chosen: Chosen | None, rounds: Sequence[Sequence[str]], tree: Path) -> Trial:
    original = (tree / chosen[0]).read_text() if chosen else ""
    process = multiprocessing.get_context("fork").Process(target=live, args=(tree, chosen, rounds))
    process.start()
    return Trial(number, chosen, original, tree, process, time.monotonic())


def _check_without_mutants(rounds: Sequence[Sequence[str]], trees: list[Path]) -> None:
    if any(judge([None] * len(trees), rounds, trees).values()):
        raise SystemExit(" the tests fail without any mutant, so that nothing is known; repair them first")


def main() -> int:
    """Run the sample and print what survived."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sample", type=int, default=100)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--units", action="store_true")
    given = options.parse_args()
    for name in LIBRARIES:
        importlib.import_module(name)
    rounds = [UNITS] if given.units else [UNITS, LONG]
    everything = all_mutants()
    sample = random.Random(given.seed).sample(everything, min(given.sample, len(everything)))
    with tempfile.TemporaryDirectory() as folder:
        trees = [copy_tree(Path(folder) / str(number)) for number in range(given.workers)]
        _check_without_mutants(rounds, trees)
        killed = judge(sample, rounds, trees)
        _check_without_mutants(rounds, trees)
    share = sum(killed.values()) / len(sample)
    print(f"\n{sum(killed.values())} of {len(sample)} mutants killed ({share:.0%}), of {len(everything)} in all")
    for number, (path, mutant) in enumerate(sample):
        if not killed[number]:
            print(f"survived: {path}:{mutant.line}: {mutant.what}")
    return 0 if share >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
