"""Encoding: the border between what the chemist sees (candidates) and what the model sees (rows of numbers).

Numbers become one column each, scaled so that the space's limits are 0 and 1 (measured points beyond them are kept as
they are); on scale `log` their logarithms are. Ordered labels become their rank, scaled likewise. Labels without order
become a block: a row of numbers for each label, 0/1 or descriptors. A label that is no choice stands where its
descriptors put it, in the columns that tell the choices apart; without descriptors it is all zeros, and of ordered
labels it stands in the middle.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from strategies.represent.descriptors import descriptor_block, label_row
from strategies.spaces import (
    Candidate,
    Categorical,
    Ordinal,
    PoolTable,
    Space,
    candidate_of,
    read_pool,
    snap_values,
    values_in,
)
from strategies.spaces.settings import Setting, limits

Array = NDArray[np.float64]
Kind = Literal["number", "ordinal", "onehot", "descriptors", "fingerprint"]


@dataclass(frozen=True, eq=False)
class Column:
    """One parameter's place: `start` is the first of its `size` columns, `kind` says what they hold.

    A number has `low` and `width` (of its logarithms if `log`) and the standard `deviation` of its column over the
    space; labels have `choices` and the `block` (labels x size) whose rows stand for them; `parts` name a block's
    columns.
    """

    name: str
    kind: Kind
    start: int
    low: float = 0.0
    width: float = 1.0
    log: bool = False
    deviation: float = 12**-0.5  # of an even distribution
    choices: tuple[str, ...] = ()
    block: Array | None = None
    parts: tuple[str, ...] = ()
    describe: Callable[[str], Array | None] | None = None  # the row of a label that is no choice, if any is known

    @property
    def size(self) -> int:
        """How many columns the parameter takes."""
        return 1 if self.block is None else self.block.shape[1]

    @property
    def places(self) -> slice:
        """Its columns."""
        return slice(self.start, self.start + self.size)

    def labels(self) -> list[str]:
        """A name for each of its columns."""
        return [f"{self.name}={part}" for part in self.parts] or [self.name]

    def encode(self, values: Sequence[Setting] | NDArray[Any]) -> Array:
        """n values as n x size."""
        if self.block is None:
            return self.scaled(np.asarray(values, dtype=np.float64))[:, None]
        known = {choice: place for place, choice in enumerate(self.choices)}
        places = np.array([known.get(str(value), len(known)) for value in values], dtype=np.intp)
        unknown = np.full(self.size, 0.5 if self.kind == "ordinal" else 0.0)
        rows = np.vstack([self.block, unknown])[places]
        for stranger in np.flatnonzero(places == len(known)).tolist():
            found = self._described(str(values[stranger]))
            rows[stranger] = unknown if found is None else found
        return rows

    def _described(self, label: str) -> Array | None:
        return None if self.describe is None else self.describe(label)

    def places_it(self, value: Setting) -> bool:
        """Whether the model knows where a value lies: a number for a number, a choice, or a label with descriptors."""
        if self.block is None:
            return not isinstance(value, str)
        return value in self.choices or (isinstance(value, str) and self._described(value) is not None)

    def scaled(self, numbers: Array) -> Array:
        """Numbers in the space's unit as they stand in the column; what has no logarithm lies one range below."""
        if self.log:
            numbers = np.log(np.maximum(numbers, np.exp(self.low - self.width)))
        return (numbers - self.low) / self.width

    def decode(self, part: Array) -> Setting:
        """The value of a part of a row: the label whose row is nearest, or the number, not yet on its grid."""
        if self.block is not None:
            return self.choices[int(np.argmin(np.square(self.block - part).sum(axis=1)))]
        number = self.low + self.width * float(part[0])
        return float(np.exp(min(number, 230.0))) if self.log else number


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
        return [label for column in self.columns for label in column.labels()]

    def scales(self) -> Array:
        """Factors of the columns (d) under which each parameter, and each mixture, has a largest distance of 1."""
        factors = np.ones(self.dimensions)
        mixed = {name: mixture for mixture in self.space.mixtures for name in mixture.of}
        for column in self.columns:
            if column.block is not None:
                factors[column.places] = 1.0 / _widest(column.block)
            elif column.name in mixed:
                factors[column.places] = 0.5**0.5  # from one pure component to another
        return factors

    def encode(self, candidates: Sequence[Candidate]) -> Array:
        """n candidates as n x d; raises `CandidateError` for one that does not belong to the space."""
        return self.encode_values([values_in(self.space, candidate) for candidate in candidates])

    def encode_values(self, rows: Sequence[Mapping[str, Setting]]) -> Array:
        """n rows of values in the space's units as n x d."""
        if not rows:
            return np.zeros((0, self.dimensions))
        return np.hstack([column.encode([row[column.name] for row in rows]) for column in self.columns])

    def encode_table(self, table: PoolTable, rows: NDArray[np.intp]) -> Array:
        """The named rows of a table as n x d."""
        if not len(rows):
            return np.zeros((0, self.dimensions))
        parts = [column.encode(table.columns[column.name][rows]) for column in self.columns]
        return np.hstack(parts)

    def decode(self, row: Array) -> Candidate:
        """The candidate nearest to one row (not for pools): snapped, labels by the nearest row of their block.

        Raises `ValueError` if snapping cannot keep the constraints and rules.
        """
        return candidate_of(self.space, snap_values(self.space, self.values(row)))

    def values(self, row: Array) -> dict[str, Setting]:
        """The values of one row, not yet snapped; labels by the nearest row of their block."""
        return {column.name: column.decode(row[column.places]) for column in self.columns}


def _widest(block: Array) -> float:
    """The largest distance between two rows."""
    squares = np.square(block).sum(axis=1)
    return float(np.sqrt(np.max(squares[:, None] + squares[None, :] - 2 * block @ block.T)))


def _column(space: Space, table: PoolTable | None, name: str, start: int) -> Column:
    parameter = space.parameter(name)
    if isinstance(parameter, Ordinal):
        choices = tuple(parameter.choices)
        return Column(name, "ordinal", start, choices=choices, block=np.linspace(0.0, 1.0, len(choices))[:, None])
    if isinstance(parameter, Categorical):
        return _category(name, parameter, start)
    if table is not None:
        if not table.is_numeric(name):
            return _onehot(name, sorted({str(value) for value in table.columns[name]}), start)
        numbers = np.asarray(table.columns[name], dtype=np.float64)
        low, high = float(numbers.min()), float(numbers.max())
    elif parameter is not None:
        low, high = limits(parameter)
    else:
        raise ValueError(f"the space has no parameter {name!r}")
    log = getattr(parameter, "scale", "linear") == "log"
    if log:
        low, high = float(np.log(low)), float(np.log(high))
    column = Column(name, "number", start, low=low, width=high - low or 1.0, log=log)
    return column if table is None else replace(column, deviation=float(column.scaled(numbers).std()))


def _category(name: str, parameter: Categorical, start: int) -> Column:
    if parameter.descriptors is None:
        return _onehot(name, parameter.choices, start)
    block, parts = descriptor_block(parameter)
    kind: Kind = "fingerprint" if parameter.descriptors.method == "fingerprint" else "descriptors"
    choices = tuple(parameter.choices)
    describe = lru_cache(maxsize=10_000)(partial(label_row, parameter))
    return Column(name, kind, start, choices=choices, block=block, parts=tuple(parts), describe=describe)


def _onehot(name: str, choices: Sequence[str], start: int) -> Column:
    return Column(name, "onehot", start, choices=tuple(choices), block=np.eye(len(choices)), parts=tuple(choices))
