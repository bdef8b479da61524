"""Spaces whose candidates can all be listed: pools, and small grids."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path

from strategies.spaces.candidates import Candidate
from strategies.spaces.keys import key_of_valid
from strategies.spaces.parameters import Continuous, Discrete, Integer, Labelled, Parameter
from strategies.spaces.pools import PoolTable, read_pool
from strategies.spaces.snapping import Setting, all_hold, grid_value, steps
from strategies.spaces.space import Space

ENUMERATION_LIMIT = 20_000  # larger grids are searched, not listed


@dataclass(frozen=True)
class Rows:
    """All candidates of a space that keep its constraints; `keys` maps canonical key to row of the table, in order."""

    space: Space
    table: PoolTable
    keys: Mapping[str, int]

    def candidate(self, key: str) -> Candidate:
        """The candidate with this key."""
        return self.table.candidate(self.space, self.keys[key])


def finite_size(space: Space) -> int | None:
    """How many points the grid of the parameters has (constraints aside); None for a continuum."""
    counts = [levels(parameter) for parameter in space.parameters.values()]
    return None if None in counts else math.prod(count for count in counts if count is not None)


def levels(parameter: Parameter) -> int | None:
    """How many values a parameter can be set to; None for a continuum."""
    if isinstance(parameter, Continuous):
        return None if parameter.resolution is None else steps(parameter) + 1
    if isinstance(parameter, Integer):
        return parameter.high - parameter.low + 1
    return len(settings(parameter))


def settings(parameter: Parameter) -> list[Setting]:
    """All values that a parameter can be set to; raises `ValueError` for a continuum."""
    if isinstance(parameter, Labelled):
        return list(parameter.choices)
    if isinstance(parameter, Discrete):
        return sorted(parameter.values)
    if isinstance(parameter, Continuous):
        return [grid_value(parameter, step) for step in range(steps(parameter) + 1)]
    return list(range(parameter.low, parameter.high + 1))


def is_listable(space: Space) -> bool:
    """Whether the space is a pool or a grid of at most `ENUMERATION_LIMIT` points."""
    size = finite_size(space)
    return space.pool is not None or (size is not None and size <= ENUMERATION_LIMIT)


def finite_rows(space: Space, files: Mapping[str, Path]) -> Rows:
    """All rows of a listable space; the first of equal rows counts. Raises `PoolError` for a missing or bad pool."""
    if space.pool is None:
        return _grid_rows(space.model_dump_json())
    read_pool(space, files)  # says what is missing, and checks the digest
    return _pool_rows(space.model_dump_json(), str(files[str(space.pool.sha256)]))


@lru_cache(maxsize=4)
def _pool_rows(space_json: str, path: str) -> Rows:
    space = Space.model_validate_json(space_json)
    return rows_of(space, read_pool(space, {str(space.pool and space.pool.sha256): Path(path)}))


@lru_cache(maxsize=4)
def _grid_rows(space_json: str) -> Rows:
    space = Space.model_validate_json(space_json)
    points = list(product(*(settings(parameter) for parameter in space.parameters.values())))
    columns = {
        name: [setting if isinstance(setting, str) else float(setting) for setting in column]
        for name, column in zip(space.parameters, zip(*points, strict=True), strict=True)
    }
    return rows_of(space, PoolTable(columns, None))


def rows_of(space: Space, table: PoolTable) -> Rows:
    """The rows that keep the space's constraints; raises `ValueError` where there are none."""
    constraints = space.linear_constraints()
    keys: dict[str, int] = {}
    for index in range(len(table)):
        if all_hold(constraints, table.row(index)):
            keys.setdefault(key_of_valid(table.candidate(space, index)), index)
    if not keys:
        raise ValueError("no candidate of the space keeps its constraints: " + "; ".join(space.constraints))
    return Rows(space, table, keys)
