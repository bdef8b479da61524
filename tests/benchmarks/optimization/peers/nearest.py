"""The row that a method means when it asks for a point: not every point of its space is a row of the table."""

from typing import Any

import numpy as np
from wire import Problem


class Nearest:
    """Distances on each parameter's range; another category is as far as the whole range."""

    def __init__(self, problem: Problem) -> None:
        self._columns = {
            name: np.array([row[name] for row in problem.rows], dtype=float if _is_number(about) else object)
            for name, about in problem.parameters.items()
        }

    def free_row(self, point: dict[str, Any], taken: set[int]) -> int:
        """The nearest row that is not taken."""
        distance = sum(_squares(column, point[name]) for name, column in self._columns.items())
        distance = np.asarray(distance, dtype=float)
        distance[list(taken)] = np.inf
        return int(distance.argmin())


def _is_number(about: dict[str, Any]) -> bool:
    return about["type"] == "discrete"


def _squares(column: np.ndarray, value: Any) -> np.ndarray:
    if column.dtype == object:
        return (column != value).astype(float)
    return ((column - float(value)) / np.ptp(column)) ** 2
