"""Item 4: what 100 experiments of another campaign are worth, and what they cost where they mislead.

Source: 100 random rows of buchwald_a; targets: buchwald_b and _c, whose aryl halides are others, known by their SMILES
only. The source's yields are given as they are, shuffled, or negated.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from strategies import Request
from tests.benchmarks.optimization.experiments import METHODS, Experiment
from tests.benchmarks.optimization.own import Own
from tests.benchmarks.optimization.results import Results
from tests.benchmarks.optimization.statistics import experiments_until, ratio_of_means
from tests.benchmarks.optimization.summary import OURS, interval
from tests.benchmarks.optimization.table import Array
from tests.benchmarks.optimization.tables import load
from tests.benchmarks.optimization.trace import History, NotOffered

SOURCE = "buchwald_a"
SIZE = 100
GOOD = 0.95  # of the best yield
ARMS: dict[str, tuple[Callable[[Array, np.random.Generator], Array], float]] = {
    "tatara-transfer": (lambda values, generator: values, 0.75),
    "tatara-transfer-shuffled": (lambda values, generator: generator.permutation(values), 1.15),
    "tatara-transfer-negated": (lambda values, generator: -values, 1.15),
}  # what is done to the source's yields, and the ratio that is wanted at most

EXPERIMENTS = tuple(Experiment(name, name, 20, {}, own=(OURS, *ARMS)) for name in ("buchwald_b", "buchwald_c"))


class Transferring(Own):
    """Our method, told of the source."""

    def __init__(self, arm: str) -> None:
        super().__init__(name=arm)
        self._change = ARMS[arm][0]

    def request(self, history: History, pending: Sequence[int], n: int, seed: int) -> Request:
        """The request with the source's rows beside it; raises `NotOffered` while a request has no place for them."""
        if "sources" not in Request.model_fields:
            raise NotOffered("a request has no place for the measurements of another campaign")
        plain = super().request(history, pending, n, seed).model_dump()
        for name, smiles in load(SOURCE).smiles.items():  # of its labels too, which are no choices here
            plain["space"]["parameters"][name]["descriptors"]["smiles"].update(smiles)
        return Request.model_validate({**plain, "sources": [self._source(seed)]})

    def _source(self, seed: int) -> dict[str, Any]:
        """An earlier campaign: its rows and yields as observations."""
        table, generator = load(SOURCE), np.random.default_rng([seed, 4])
        rows = generator.permutation(len(table))[:SIZE].tolist()
        values = self._change(table.outcomes[table.objective][rows], generator)
        return {
            "name": SOURCE,
            "observations": [
                {"candidate": table.candidate(row), "stage": "bench",
                 "values": [{"property": table.objective, "value": float(value)}]}
                for row, value in zip(rows, values, strict=True)
            ],
        }  # fmt: skip


METHODS.update({arm: partial(Transferring, arm) for arm in ARMS})


def needed(experiment: Experiment, results: Results, method: str) -> dict[int, int]:
    """Experiments to 95 % of the best yield, by seed."""
    table = load(experiment.table)
    yields = table.outcomes[table.objective]
    threshold = GOOD * float(yields.max())
    runs = results.done(experiment.name, method, METHODS[method]().version)
    return {
        seed: experiments_until(yields[record["rows"]].tolist(), threshold, experiment.budget)
        for seed, record in runs.items()
    }


def summarize(results: Results) -> dict[str, Any]:
    """Means of both targets together, and the ratio of each arm to no transfer."""
    return {
        "experiments to 95 %": {
            f"{each.name} {method}": {"runs": len(counts), "mean": float(np.mean(list(counts.values())))}
            for each in EXPERIMENTS
            for method in (OURS, *ARMS)
            if (counts := needed(each, results, method))
        },
        "ratio to no transfer": {arm: ratio for arm in ARMS if (ratio := _ratio(results, arm))},
    }


def _ratio(results: Results, arm: str) -> dict[str, float] | None:
    pairs: list[tuple[int, int]] = []
    for experiment in EXPERIMENTS:
        with_source, without = needed(experiment, results, arm), needed(experiment, results, OURS)
        pairs += [(with_source[seed], without[seed]) for seed in sorted(set(with_source) & set(without))]
    if not pairs:
        return None
    found = ratio_of_means([pair[0] for pair in pairs], [pair[1] for pair in pairs])
    return {**interval(found), "pairs": len(pairs), "wanted at most": ARMS[arm][1]}


def lines(about: Mapping[str, Any]) -> list[str]:
    """One line for each target and arm, one for each ratio."""
    means = [
        f"{name:51} {each['runs']:3} runs, {each['mean']:.4g} experiments to 95 %"
        for name, each in about["experiments to 95 %"].items()
    ]
    ratios = [
        f"{arm:51} ratio {each['value']:.2f} [{each['low']:.2f}, {each['high']:.2f}], wanted {each['wanted at most']}"
        for arm, each in about["ratio to no transfer"].items()
    ]
    return means + ratios
