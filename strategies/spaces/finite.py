"""Spaces whose candidates can all be listed: pools, and small grids."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from strategies.spaces.candidates import Candidate, CandidateError
from strategies.spaces.keys import key_of_valid
from strategies.spaces.linear import LinearConstraint
from strategies.spaces.membership import values_in
from strategies.spaces.pools import PoolTable, column_of, read_pool
from strategies.spaces.settings import Setting, levels, settings
from strategies.spaces.space import Space

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from strategies.spaces.signatures import Signatures

ENUMERATION_LIMIT = 20_000  # larger grids are searched, not listed


@dataclass(frozen=True, eq=False)
class Rows:
    """All candidates of a space that keep its constraints and rules: the rows `places` of a table, in order.

    Of equal rows the first stands here. No key is made for a row before somebody asks for it.
    """

    space: Space
    table: PoolTable
    places: "NDArray[np.intp]"

    def __len__(self) -> int:
        return len(self.places)

    def candidate(self, row: int) -> Candidate:
        """The candidate at a place among the rows."""
        return self.table.candidate(self.space, int(self.places[row]))

    def candidates(self, order: Iterable[int] | None = None) -> Iterator[Candidate]:
        """The candidates, in the order of the rows or in another one."""
        return (self.candidate(row) for row in (range(len(self)) if order is None else order))

    def find(self, candidate: Candidate) -> int | None:
        """The row that is this candidate (looked up by value); None where there is none."""
        return self.find_all([candidate])[0]

    def find_all(self, candidates: Sequence[Candidate]) -> list[int | None]:
        """For each candidate the row that it is; None where there is none."""
        import numpy as np

        fitting = {place: values for place, one in enumerate(candidates) if (values := self._values(one)) is not None}
        if not fitting:
            return [None] * len(candidates)
        labels = [str(candidates[place].get("label", "")) for place in fitting]
        columns = {
            name: column_of([values[name] for values in fitting.values()], self.table.is_numeric(name))
            for name in self.table.columns
        }
        wanted = _signatures(PoolTable(columns, None if self.table.labels is None else labels))
        ordered, order = self._index
        firsts, lasts = np.searchsorted(ordered, wanted, "left"), np.searchsorted(ordered, wanted, "right")
        found: list[int | None] = [None] * len(candidates)
        for place, first, last in zip(fitting, firsts, lasts, strict=True):
            key = key_of_valid(candidates[place]) if last > first else ""
            rows = (int(row) for row in order[first:last])
            found[place] = next((row for row in rows if key_of_valid(self.candidate(row)) == key), None)
        return found

    def _values(self, candidate: Candidate) -> dict[str, Setting] | None:
        """The candidate's values; None for one of another space, or with a label in the place of a number."""
        try:
            values = values_in(self.space, candidate)
        except CandidateError:
            return None
        fits = all(self.table.is_numeric(name) != isinstance(value, str) for name, value in values.items())
        return values if fits else None

    @cached_property
    def _index(self) -> "tuple[Signatures, NDArray[np.intp]]":
        import numpy as np

        found = _signatures(self.table)[self.places]
        order = np.argsort(found, kind="stable")
        return found[order], order


def _signatures(table: PoolTable) -> "Signatures":
    from strategies.spaces.signatures import signatures

    return signatures([*table.columns.values(), *([] if table.labels is None else [table.labels])])


def finite_size(space: Space) -> int | None:
    """How many points the grid has (constraints and rules aside); None for a continuum."""
    counts = [levels(parameter) for parameter in space.parameters.values()]
    counts += [None if mixture.resolution is None else mixture.lattice().size() for mixture in space.mixtures]
    return None if None in counts else math.prod(count for count in counts if count is not None)


def is_listable(space: Space) -> bool:
    """Whether the space is a pool or a grid of at most `ENUMERATION_LIMIT` points."""
    size = None if space.pool is not None else finite_size(space)
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
    lists: list[Sequence[tuple[Setting, ...]]] = [
        [(setting,) for setting in settings(parameter)] for parameter in space.parameters.values()
    ]
    for mixture in space.mixtures:
        lists.append([tuple(mixture.amounts(point).values()) for point in mixture.lattice().points()])
    points = [tuple(value for part in parts for value in part) for parts in product(*lists)]
    columns = {
        name: column_of(column, numeric=not isinstance(column[0], str))
        for name, column in zip(space.names(), zip(*points, strict=True), strict=True)
    }
    return rows_of(space, PoolTable(columns, None))


def rows_of(space: Space, table: PoolTable) -> Rows:
    """The rows that keep the space's constraints and rules; raises `ValueError` where there are none."""
    import numpy as np

    kept = np.full(len(table), True)
    for constraint in space.linear_constraints():
        kept &= _held(constraint, table)
    for rule in space.rules:
        kept &= rule.holds(table.columns)
    places = np.flatnonzero(kept)
    if not len(places):
        limits = [*space.constraints, *(rule.text() for rule in space.rules)]
        raise ValueError("no candidate of the space keeps its constraints: " + "; ".join(limits))
    _, first = np.unique(_signatures(table)[places], return_index=True)
    return Rows(space, table, places[np.sort(first)])


def _held(constraint: LinearConstraint, table: PoolTable) -> "NDArray[np.bool_]":
    import numpy as np

    columns = {name: np.asarray(table.columns[name], dtype=np.float64) for name in constraint.names}
    return np.asarray(constraint.excess(columns) <= 0)
