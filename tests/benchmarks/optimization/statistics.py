"""What is made of the traces: best so far, areas, experiments needed, and paired differences with their intervals.

All values are utilities on the table's own range: 0 its worst row, 1 its best.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Values = Sequence[float] | Array

RESAMPLES = 10_000
LEVEL = 0.95
SMALL_LOSS = 0.05  # of the range: what "not worse" lets pass


@dataclass(frozen=True)
class Interval:
    """A mean, or a ratio of means, and its bootstrap interval (percentiles)."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3g} [{self.low:.3g}, {self.high:.3g}]"


def to_range(utilities: Array) -> Array:
    """Columns of n x k utilities brought to [0, 1] by the least and the greatest of each; nan stays."""
    low, high = np.nanmin(utilities, axis=0), np.nanmax(utilities, axis=0)
    return np.asarray((utilities - low) / (high - low))


def best_so_far(values: Values, budget: int) -> Array:
    """The running maximum (budget); failures (nan) count as 0, a trace that ended early keeps its last best."""
    filled = np.zeros(budget)
    filled[: len(values)] = np.nan_to_num(np.asarray(values, dtype=np.float64)[:budget], nan=0.0)
    return np.maximum.accumulate(filled)


def area(values: Values, budget: int) -> float:
    """The mean of the best so far after experiments 1 to `budget`: the area under the curve in shares of the range."""
    return float(best_so_far(values, budget).mean())


def experiments_until(values: Values, threshold: float, budget: int, batch: int = 1) -> int:
    """How many experiments were made when the first value >= threshold was known; budget + 1 where none was.

    The first experiment stands alone, all others come in batches, and a batch is paid as a whole.
    """
    for place, value in enumerate(values[:budget]):
        if value >= threshold:
            return min(budget, 1 + batch * -(-place // batch))
    return budget + 1


def paired_difference(ours: Sequence[float], theirs: Sequence[float], seed: int = 0) -> Interval:
    """The mean of ours - theirs, seed by seed, with its 95 % bootstrap interval."""
    differences = np.asarray(ours, dtype=np.float64) - np.asarray(theirs, dtype=np.float64)
    means = differences[_resampled(len(differences), seed)].mean(axis=1)
    return Interval(float(differences.mean()), *_limits(means))


def ratio_of_means(ours: Sequence[float], theirs: Sequence[float], seed: int = 0) -> Interval:
    """mean(ours) / mean(theirs) of paired runs, with its 95 % bootstrap interval over the pairs."""
    above, below = np.asarray(ours, dtype=np.float64), np.asarray(theirs, dtype=np.float64)
    places = _resampled(len(above), seed)
    ratios = above[places].mean(axis=1) / below[places].mean(axis=1)
    return Interval(float(above.mean() / below.mean()), *_limits(ratios))


def not_worse(difference: Interval) -> bool:
    """Whether the interval of a gain (more is better, in shares of the range) excludes a loss above 5 %."""
    return difference.low > -SMALL_LOSS


def better(difference: Interval) -> bool:
    """Whether the interval of a gain (more is better) excludes 0 from below."""
    return difference.low > 0


def standard_error(values: Sequence[float]) -> float:
    """Of the mean; nan for fewer than two values."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


def _resampled(count: int, seed: int) -> NDArray[np.int64]:
    return np.random.default_rng(seed).integers(count, size=(RESAMPLES, count))


def _limits(values: Array) -> tuple[float, float]:
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
