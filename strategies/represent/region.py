"""The known region: where measurements have been made, so that a machine may go on without asking."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from strategies.represent.encoding import Encoding
from strategies.spaces import Candidate, Space

Array = NDArray[np.float64]


def inside_known_region(
    space: Space,
    candidate: Candidate,
    known: Sequence[Candidate],
    margin: float = 0.0,
    files: Mapping[str, Path] | None = None,
) -> bool:
    """Whether a candidate lies in the convex hull of the known ones, widened by `margin`.

    `known` are the candidates with an ok measurement; `margin` is a fraction of each number's range in the space. A
    category must be the candidate's own: only points that share all its categories count. Raises `ValueError` for a
    negative margin or a candidate that does not fit the space.
    """
    if not margin >= 0:
        raise ValueError(f"margin must be 0 or more, not {margin}")
    encoding = Encoding.of(space, files or {})
    point = encoding.encode([candidate])[0]
    categories = [column.start + offset for column in encoding.columns for offset in range(len(column.choices))]
    points = encoding.encode(known)
    alike = points[np.all(points[:, categories] == point[categories], axis=1)]
    numbers = np.setdiff1d(np.arange(encoding.dimensions), categories)
    return len(alike) > 0 and _in_hull(point[numbers], alike[:, numbers], margin)


def _in_hull(point: Array, points: Array, margin: float) -> bool:
    """Whether weights >= 0 of sum 1 bring the points (n x d) within `margin` of the point in every column.

    A linear program without objective (scipy's HiGHS): the columns' deviations are the slack.
    """
    from scipy.optimize import linprog

    width = margin + 1e-9
    answer = linprog(
        np.zeros(len(points)),
        A_ub=np.vstack([points.T, -points.T]),
        b_ub=np.concatenate([point + width, width - point]),
        A_eq=np.ones((1, len(points))),
        b_eq=[1.0],
        bounds=(0, None),
        method="highs",
    )
    return bool(answer.status == 0)
