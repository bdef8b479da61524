"""Which columns of an encoding slide, which jump, and where a jump can lead."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strategies.represent.encoding import Column, Encoding
from strategies.spaces import Labelled, Ordinal, Parameter
from strategies.spaces.finite import levels, settings

Array = NDArray[np.float64]

FINE = 12  # a grid with more levels is followed as if it were continuous and snapped at the end


@dataclass(frozen=True)
class Jump:
    """A parameter that jumps: its columns and the blocks of numbers that they may hold, in order if `ordered`."""

    start: int
    blocks: Array  # levels x columns
    ordered: bool


def jumps(encoding: Encoding) -> list[Jump]:
    """The parameters that jump (categories, and grids of at most `FINE` levels)."""
    return [
        _jump(column, encoding.space.parameters[column.name])
        for column in encoding.columns
        if _is_coarse(encoding.space.parameters[column.name])
    ]


def _is_coarse(parameter: Parameter) -> bool:
    count = levels(parameter)
    return isinstance(parameter, Labelled) or (count is not None and count <= FINE)


def _jump(column: Column, parameter: Parameter) -> Jump:
    levels = column.choices or [float(level) for level in settings(parameter)]
    return Jump(column.start, column.encode(levels), ordered=not column.choices or isinstance(parameter, Ordinal))


def fixed_columns(found: list[Jump]) -> list[int]:
    """The columns that jump."""
    return [jump.start + offset for jump in found for offset in range(jump.blocks.shape[1])]


def neighbours(row: Array, found: list[Jump]) -> Array:
    """All rows (m x d) that differ from `row` by one jump: another category, or the next level up or down."""
    moved = []
    for jump in found:
        columns = slice(jump.start, jump.start + jump.blocks.shape[1])
        place = int(np.argmin(np.abs(jump.blocks - row[columns]).sum(axis=1)))
        reachable = {place - 1, place + 1} if jump.ordered else set(range(len(jump.blocks))) - {place}
        for level in sorted(reachable & set(range(len(jump.blocks)))):
            other = row.copy()
            other[columns] = jump.blocks[level]
            moved.append(other)
    return np.array(moved).reshape(-1, len(row))
