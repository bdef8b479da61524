"""Non-dominated points and hypervolume, in the natural senses of the objectives; exact, numpy for two objectives."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Goal = Literal["maximize", "minimize"]
DRAWN = 2**14  # points of which a hypervolume is estimated


def oriented(values: ArrayLike, goals: Sequence[Goal]) -> Array:
    """n x k values turned so that more is better in every column; raises `ValueError` for a misfit or NaN."""
    rows = np.asarray(values, dtype=np.float64).reshape(-1, len(goals))
    if np.isnan(rows).any():
        raise ValueError("values must not be NaN")
    unknown = [goal for goal in goals if goal not in ("maximize", "minimize")]
    if unknown:
        raise ValueError(f"goal {unknown[0]!r} is neither maximize nor minimize")
    return np.asarray(rows * np.array([1.0 if goal == "maximize" else -1.0 for goal in goals]))


def non_dominated(values: ArrayLike, goals: Sequence[Goal]) -> NDArray[np.bool_]:
    """Which of n x k values no other one dominates (n); of equal rows the first counts."""
    rows = oriented(values, goals)
    order = np.lexsort((np.arange(len(rows)), *(-rows.T[::-1])))
    keep = np.zeros(len(rows), dtype=bool)
    keep[order] = _swept(rows[order]) if len(goals) <= 2 else _compared(rows[order])
    return keep


def _swept(ordered: Array) -> NDArray[np.bool_]:
    """One or two objectives: in this order the last one must be better than ever before."""
    best = np.concatenate([[-np.inf], np.maximum.accumulate(ordered[:, -1])[:-1]])
    first = np.arange(len(ordered)) == 0  # also where it is minus infinity
    return np.asarray((ordered[:, -1] > best) | first)


def _compared(ordered: Array) -> NDArray[np.bool_]:
    """In this order a row can only be dominated by an earlier one."""
    keep = np.zeros(len(ordered), dtype=bool)
    front, count = np.empty_like(ordered), 0
    for place, row in enumerate(ordered):
        if not np.all(front[:count] >= row, axis=1).any():
            keep[place] = True
            front[count] = row
            count += 1
    return keep


def hypervolume(values: ArrayLike, goals: Sequence[Goal], reference: Sequence[float]) -> float:
    """Volume that n x k values dominate above the reference point (the worst values worth having), in natural units."""
    if len(reference) != len(goals):
        raise ValueError(f"{len(goals)} objectives but {len(reference)} reference values")
    rows = oriented(values, goals)
    worst = oriented([list(reference)], goals)[0]
    rows = rows[np.all(rows > worst, axis=1)]
    if not len(rows):
        return 0.0
    if len(goals) == 1:
        return float(rows.max() - worst[0])
    if len(goals) == 2:
        return _sweep(rows, worst)
    return _by_botorch(rows, worst)


def _sweep(rows: Array, worst: Array) -> float:
    """Exact area of two objectives: sort by the first, add the strips that each row adds in the second."""
    ordered = rows[np.lexsort((-rows[:, 1], -rows[:, 0]))]
    heights = np.maximum.accumulate(np.concatenate([worst[1:], ordered[:, 1]]))
    return float(np.sum((ordered[:, 0] - worst[0]) * np.diff(heights)))


def _by_botorch(rows: Array, worst: Array) -> float:
    import torch
    from botorch.utils.multi_objective.hypervolume import Hypervolume

    volume: Any = Hypervolume(ref_point=torch.as_tensor(worst))
    front = rows[non_dominated(rows, ["maximize"] * rows.shape[1])]
    return float(volume.compute(torch.as_tensor(front)))


def estimated_hypervolume(values: ArrayLike, goals: Sequence[Goal], reference: Sequence[float]) -> float:
    """The hypervolume from `DRAWN` quasi-random points of the box from the reference to the best of each objective.

    To about a hundredth, always with the same points, and in a time that does not explode with the objectives: the
    exact one of five objectives takes minutes for a hundred points.
    """
    from scipy.stats import qmc

    rows, worst = oriented(values, goals), oriented([list(reference)], goals)[0]
    rows = rows[np.all(rows > worst, axis=1)]
    if not len(rows):
        return 0.0
    widths = rows.max(axis=0) - worst
    points = worst + widths * qmc.Sobol(len(worst), seed=0).random(DRAWN)
    beneath = np.zeros(DRAWN, dtype=bool)
    for row in rows[non_dominated(rows, ["maximize"] * len(worst))]:
        beneath |= np.all(points <= row, axis=1)
    return float(beneath.mean() * widths.prod())


def infer_reference(values: ArrayLike, goals: Sequence[Goal]) -> list[float]:
    """Reference point where none is given: the front's worst value of each objective, less a tenth of its range.

    (Ishibuchi et al. 2011, as in BoTorch.) With one point on the front the range is that of all values.
    """
    rows = oriented(values, goals)
    if not len(rows):
        raise ValueError("no values to infer a reference point from")
    front = rows[non_dominated(values, goals)]
    among = front if len(front) > 1 else rows
    span = among.max(axis=0) - among.min(axis=0)
    worst = among.min(axis=0) - 0.1 * np.where(span > 0, span, np.maximum(np.abs(among.min(axis=0)), 1.0))
    return [float(value) for value in oriented([list(worst)], goals)[0]]
