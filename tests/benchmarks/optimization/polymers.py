"""Item 5: SPACIER's polymers, 10 at the start and 10 in each cycle, the shipped start and 20 random ones.

Paired with SPACIER's own rule on the same starts. A start is cycle 0; what is not reached by cycle 14 counts as 15.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tests.benchmarks.optimization.experiments import METHODS, Experiment
from tests.benchmarks.optimization.polymer_table import GOALS, SHIPPED
from tests.benchmarks.optimization.results import Record, Results
from tests.benchmarks.optimization.statistics import paired_difference, standard_error
from tests.benchmarks.optimization.summary import OURS, interval
from tests.benchmarks.optimization.table import Table
from tests.benchmarks.optimization.tables import load

BATCH = 10
CYCLES = 14
BUDGET = BATCH * (1 + CYCLES)
EARLY = 5  # the cycle by which members of the box are counted
GOOD = 0.597  # W/(m K)


def random_start(table: Table, seed: int) -> list[int]:
    """Ten random polymers, failed ones among them."""
    return [int(row) for row in np.random.default_rng(seed).permutation(len(table))[:BATCH]]


def shipped_start(table: Table, seed: int) -> list[int]:
    """The ten that come with SPACIER, which are none of the pool."""
    return list(range(len(table) - BATCH, len(table)))


def _experiment(name: str) -> Experiment:
    shipped = name.endswith(SHIPPED)
    seeds = 1 if shipped else 20
    start = shipped_start if shipped else random_start
    return Experiment(
        name, name, seeds, {"spacier": seeds}, batch=BATCH, budget=BUDGET, own=("tatara",), start=start
    )  # fmt: skip


EXPERIMENTS = tuple(_experiment(f"polymers_{goal}{start}") for goal in GOALS for start in ("", SHIPPED))


def cycles(record: Record, members: Sequence[bool], wanted: int) -> int:
    """The cycle in which so many of the marked rows had been measured; `CYCLES` + 1 where it came to that never."""
    found = np.cumsum([members[row] for row in record["rows"][:BUDGET]])
    reached = np.flatnonzero(found >= wanted)
    return max(0, -(-(int(reached[0]) + 1 - BATCH) // BATCH)) if len(reached) else CYCLES + 1


def _scores(table: Table) -> dict[str, Callable[[Record], float]]:
    """Numbers of one run; fewer cycles are better, more members by cycle 5 are."""
    if len(table.goals) == 1:
        values = np.nan_to_num(table.outcomes[table.objective], nan=-np.inf)
        good, best = (values >= GOOD).tolist(), (values == values.max()).tolist()
        return {
            f"cycles to {GOOD}": lambda record: cycles(record, good, 1),
            "cycles to the maximum": lambda record: cycles(record, best, 1),
        }
    inside = np.all([table.utility(name) == 0 for name in table.goals], axis=0).tolist()
    total = sum(inside)
    early = BATCH * (1 + EARLY)
    return {
        f"cycles to {total - 1} members": lambda record: cycles(record, inside, total - 1),
        f"cycles to all {total} members": lambda record: cycles(record, inside, total),
        f"members by cycle {EARLY}": lambda record: float(sum(inside[row] for row in record["rows"][:early])),
    }


def summarize(experiment: Experiment, results: Results) -> dict[str, Any]:
    """Means of each method, and ours minus SPACIER's rule on the same starts."""
    scores = _scores(load(experiment.table))
    runs = {name: results.done(experiment.name, name, METHODS[name]().version) for name in experiment.methods()}
    done = {name: found for name, found in runs.items() if found}
    seeds = sorted(set(runs[OURS]) & set(runs["spacier"]))
    pairs = {
        name: [[score(runs[of][seed]) for seed in seeds] for of in (OURS, "spacier")] for name, score in scores.items()
    }
    differences = {
        name: interval(paired_difference(pair[0], pair[1])) for name, pair in pairs.items() if len(seeds) > 1
    }
    return {
        "methods": {name: _described(scores, list(found.values())) for name, found in done.items()},
        "ours minus spacier": {"seeds": len(seeds), **differences},
    }


def _described(scores: Mapping[str, Callable[[Record], float]], records: Sequence[Record]) -> dict[str, Any]:
    values = {name: [score(record) for record in records] for name, score in scores.items()}
    means = {
        name: {"mean": float(np.mean(each)), "standard_error": standard_error(each)} for name, each in values.items()
    }
    return {"runs": len(records), **means}


def lines(name: str, about: Mapping[str, Any]) -> list[str]:
    """One line for each method, one for the differences."""
    found = [
        f"{name:24} {method:26} {each['runs']:3} runs, "
        + ", ".join(f"{what} {figure['mean']:.4g}" for what, figure in each.items() if what != "runs")
        for method, each in about["methods"].items()
    ]
    gaps = {what: gap for what, gap in about["ours minus spacier"].items() if what != "seeds"}
    told = ", ".join(
        f"{what} {gap['value']:+.2f} [{gap['low']:+.2f}, {gap['high']:+.2f}]" for what, gap in gaps.items()
    )
    return [*found, *([f"{name:24} ours minus spacier: {told}"] if told else [])]
