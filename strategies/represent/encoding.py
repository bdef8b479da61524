"""Encoding: the border between what the chemist sees (candidates) and what the model sees (rows of numbers).

Numbers become one column each, scaled so that the space's limits are 0 and 1 (measured points beyond them are kept as
they are). Categories become one 0/1 column for each choice; a label that the space does not know is all zeros.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from strategies.represent.cube import limits, tidied
from strategies.spaces import Candidate, Categorical, PoolTable, Space, conditions, read_pool, values_in
from strategies.spaces.snapping import Setting

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Column:
    """One parameter's place: `start` is its first column; numbers have `low` and `width`, categories `choices`."""

    name: str
    start: int
    low: float = 0.0
    width: float = 1.0
    choices: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many columns the parameter takes."""
        return len(self.choices) or 1


@dataclass(frozen=True)
class Encoding:
    """The encoding of a space, n candidates <-> n x d."""

    space: Space
    columns: tuple[Column, ...]

    @classmethod
    def of(cls, space: Space, files: Mapping[str, Path]) -> "Encoding":
        """The encoding of a space; a pool's limits and choices are read from its file."""
        table = read_pool(space, files) if space.pool is not None else None
        columns: list[Column] = []
        for name in space.names():
            start = columns[-1].start + columns[-1].size if columns else 0
            columns.append(_column(space, table, name, start))
        return cls(space, tuple(columns))

    @property
    def dimensions(self) -> int:
        """The number of columns d."""
        return self.columns[-1].start + self.columns[-1].size

    def labels(self) -> list[str]:
        """A name for each column, such as `temperature` or `solvent=ethanol`."""
        return [
            label
            for column in self.columns
            for label in ([f"{column.name}={choice}" for choice in column.choices] or [column.name])
        ]

    def encode(self, candidates: Sequence[Candidate]) -> Array:
        """n candidates as n x d; raises `CandidateError` for one that does not belong to the space."""
        return self.encode_values([values_in(self.space, candidate) for candidate in candidates])

    def encode_values(self, rows: Sequence[Mapping[str, Setting]]) -> Array:
        """n rows of values in the space's units as n x d."""
        encoded = np.zeros((len(rows), self.dimensions))
        for column in self.columns:
            _fill(encoded, column, [row[column.name] for row in rows])
        return encoded

    def encode_table(self, table: PoolTable, rows: Sequence[int]) -> Array:
        """The named rows of a table as n x d."""
        encoded = np.zeros((len(rows), self.dimensions))
        for column in self.columns:
            values = table.columns[column.name]
            _fill(encoded, column, [values[row] for row in rows])
        return encoded

    def decode(self, row: Array) -> Candidate:
        """The candidate nearest to one row (not for pools): snapped, categories by their largest column.

        Raises `ValueError` if snapping cannot keep the linear constraints.
        """
        raw: dict[str, Setting] = {}
        for column in self.columns:
            part = row[column.start : column.start + column.size]
            raw[column.name] = (
                column.choices[int(np.argmax(part))] if column.choices else column.low + column.width * float(part[0])
            )
        return conditions(self.space, tidied(self.space, raw))


def _column(space: Space, table: PoolTable | None, name: str, start: int) -> Column:
    parameter = space.parameters.get(name)
    if isinstance(parameter, Categorical):
        return Column(name, start, choices=tuple(parameter.choices))
    if table is None:
        low, high = limits(space.parameters[name])
    elif table.is_numeric(name):
        numbers = [float(value) for value in table.columns[name]]
        low, high = min(numbers), max(numbers)
    else:
        return Column(name, start, choices=tuple(sorted({str(value) for value in table.columns[name]})))
    return Column(name, start, low=low, width=high - low or 1.0)


def _fill(encoded: Array, column: Column, values: Sequence[Setting]) -> None:
    if not column.choices:
        encoded[:, column.start] = (np.array(values, dtype=np.float64) - column.low) / column.width
        return
    places = {choice: place for place, choice in enumerate(column.choices)}
    for row, value in enumerate(values):
        if value in places:
            encoded[row, column.start + places[str(value)]] = 1.0
