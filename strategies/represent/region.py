"""The known region: where measurements have been made, so that a machine may go on without asking."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from strategies.represent.encoding import Encoding
from strategies.spaces import Candidate, Space

Array = NDArray[np.float64]


def distance_outside(
    space: Space,
    known: Sequence[Candidate],
    candidate: Candidate,
    files: Mapping[str, Path] | None = None,
) -> float | None:
    """How far a candidate lies outside the convex hull of the known ones: the margin by which to widen it.

    `known` are the candidates with an ok measurement; the margin is a fraction of each number's range in the space. A
    category must be the candidate's own: only points that share all its categories count; None where there are none.
    Raises `ValueError` for a candidate that does not fit the space.
    """
    encoding = Encoding.of(space, files or {})
    point = encoding.encode([candidate])[0]
    labelled = [column for column in encoding.columns if column.choices]
    categories = [place for column in labelled for place in range(column.start, column.start + column.size)]
    points = encoding.encode(known)
    alike = points[np.all(points[:, categories] == point[categories], axis=1)]
    numbers = np.setdiff1d(np.arange(encoding.dimensions), categories)
    return _margin(point[numbers], alike[:, numbers]) if len(alike) else None


def _margin(point: Array, points: Array) -> float:
    """Smallest t for which weights >= 0 of sum 1 bring the points (n x d) within t of the point in every column.

    A linear program in the weights and t (scipy's HiGHS).
    """
    from scipy.optimize import linprog

    count, dimensions = points.shape
    slack = -np.ones((dimensions, 1))
    answer = linprog(
        np.append(np.zeros(count), 1.0),
        A_ub=np.vstack([np.hstack([points.T, slack]), np.hstack([-points.T, slack])]),
        b_ub=np.concatenate([point, -point]),
        A_eq=np.append(np.ones(count), 0.0)[None, :],
        b_eq=[1.0],
        bounds=(0, None),
        method="highs",
    )
    # Rounding of the solver must not put a point on the border outside.
    return 0.0 if answer.fun < 1e-9 else float(answer.fun)
