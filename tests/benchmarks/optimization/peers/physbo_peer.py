"""PHYSBO: expected improvement over the table's rows with an exact Gaussian process, hyperparameters learned each time.

Up to `START` rows are drawn at random, as in its tutorials: with fewer its improvement is flat and it takes rows in
their order. Its input is a standardized matrix: Mordred descriptors decorrelated as BayBE does it, one-hot categories
and numbers.
"""

from functools import cache
from typing import Any

import numpy as np
import physbo
from baybe_peer import descriptors, space
from wire import History, Problem, serve

START = 10


class PhysboRun:
    """One discrete policy."""

    def __init__(self, problem: Problem, options: dict[str, Any], seed: int) -> None:
        space(problem)
        self.sign = 1.0 if next(iter(problem.goals.values())) == "maximize" else -1.0
        self.policy = physbo.search.discrete.Policy(test_X=matrix(problem.name))
        self.policy.set_seed(seed)
        self.told = 0

    def ask(self, history: History, pending: list[int], n: int) -> list[int]:
        for row, values in history[self.told :]:
            self.policy.write(np.array([row]), np.array([self.sign * values[0]]))
        self.told = len(history)
        if len(history) < START:
            return list(self.policy.random_search(1, num_search_each_probe=n, simulator=None, is_disp=False))
        return list(
            self.policy.bayes_search(
                max_num_probes=1, num_search_each_probe=n, simulator=None, is_disp=False, score="EI", interval=0
            )
        )


@cache
def matrix(name: str) -> np.ndarray:
    """Standardized columns (n x d); constant ones dropped."""
    raw = descriptors(name).to_numpy(dtype=float)
    varying = raw[:, raw.std(axis=0) > 0]
    return (varying - varying.mean(axis=0)) / varying.std(axis=0)


if __name__ == "__main__":
    serve("physbo", PhysboRun)
