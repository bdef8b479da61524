"""Random choice without repetition: what every method must beat."""

from collections.abc import Sequence

import numpy as np

from tests.benchmarks.optimization.table import Table
from tests.benchmarks.optimization.trace import History


class Chance:
    """Rows in a random order of the seed."""

    name = "random"
    version = "1"

    def start(self, table: Table, seed: int) -> None:
        """Shuffle the rows (another order than the one that chose the first row)."""
        self._table = table
        self._order = np.random.default_rng([seed, 1]).permutation(len(table)).tolist()

    def ask(self, history: History, pending: Sequence[int], n: int, seed: int) -> tuple[list[int], float]:
        """The next rows that are neither measured nor under way."""
        taken = {row for row, _ in history} | set(pending)
        return [row for row in self._order if row not in taken][:n], 0.0

    def recommend(self, history: History, seed: int) -> int:
        """The row with the best value seen."""
        sign = 1.0 if next(iter(self._table.goals.values())) == "maximize" else -1.0
        return max(history, key=lambda each: sign * each[1][0])[0]
