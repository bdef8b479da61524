"""Which columns of an encoding slide, which jump, and where a jump or an exchange in a mixture can lead."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strategies.represent.encoding import Column, Encoding
from strategies.spaces import Labelled, Mixture, Ordinal, Parameter
from strategies.spaces.settings import levels, settings

Array = NDArray[np.float64]

FINE = 12  # a grid with more levels is followed as if it were continuous and snapped at the end
MOST, NUMBERS = (
    200,
    30_000,
)  # neighbours by one parameter or mixture, and numbers in their rows; of more, some are drawn
SHARES = (0.002, 0.01, 0.05, 0.2)  # of a mixture's total that one component hands to another


@dataclass(frozen=True)
class Jump:
    """A parameter that jumps: its columns and the blocks of numbers that they may hold, in order if `ordered`."""

    columns: NDArray[np.intp]
    blocks: Array  # levels x columns
    ordered: bool

    def others(self, part: Array, most: int, generator: np.random.Generator) -> Array:
        """What its columns may hold after one jump (m x columns): one of the other labels, or the next level."""
        place = int(np.argmin(np.square(self.blocks - part).sum(axis=1)))
        if self.ordered:
            return self.blocks[[level for level in (place - 1, place + 1) if 0 <= level < len(self.blocks)]]
        return np.delete(self.blocks, place, axis=0)[_some(len(self.blocks) - 1, most, generator)]


@dataclass(frozen=True)
class Exchange:
    """A mixture whose components hand amounts to each other along its steps; `low` and `width` scale its columns."""

    columns: NDArray[np.intp]
    mixture: Mixture

    def others(self, part: Array, most: int, generator: np.random.Generator) -> Array:
        """What its columns may hold after one exchange (m x columns), a swap of two components among them."""
        mixture, lattice = self.mixture, self.mixture.lattice()
        width = mixture.upper - mixture.low
        point = lattice.nearest(((mixture.low + part * width) / lattice.step).tolist())
        moves = self._moves(point, [max(1, round(share * lattice.total)) for share in SHARES])
        found = []
        for source, target, steps in [moves[place] for place in _some(len(moves), most, generator)]:
            moved = list(point)
            moved[source] -= steps
            moved[target] += steps
            if not lattice.faults(moved):
                found.append([(lattice.amount(each) - mixture.low) / width for each in moved])
        return np.array(found).reshape(-1, len(point))

    def _moves(self, point: Sequence[int], sizes: Sequence[int]) -> list[tuple[int, int, int]]:
        return [
            (source, target, steps)
            for source, amount in enumerate(point)
            if amount
            for target in range(len(point))
            if target != source
            for steps in sorted({*(size for size in sizes if size < amount), (amount + 1) // 2, amount})
        ]


Move = Jump | Exchange


def _some(count: int, most: int, generator: np.random.Generator) -> NDArray[np.intp]:
    """All of so many places, or the `most` drawn from them."""
    return np.arange(count) if count <= most else np.sort(generator.choice(count, size=most, replace=False))


def moves_of(encoding: Encoding, fixed: Collection[str] = ()) -> list[Move]:
    """What jumps (labels, grids of at most `FINE` levels) and what is exchanged, but for what is fixed."""
    parameters = encoding.space.parameters
    coarse = [each for each in encoding.columns if each.name in parameters and _is_coarse(parameters[each.name])]
    found: list[Move] = [_jump(each, parameters[each.name]) for each in coarse if each.name not in fixed]
    starts = {column.name: column.start for column in encoding.columns}
    for mixture in encoding.space.mixtures:
        if not set(mixture.of) & set(fixed):
            found.append(Exchange(np.array([starts[name] for name in mixture.of]), mixture))
    return found


def slides_freely(mixture: Mixture) -> bool:
    """Whether only its total binds the components: no steps, no smallest amounts, none must be absent."""
    lattice = mixture.lattice()
    return mixture.resolution is None and lattice.most == lattice.n and (mixture.low > 0 or lattice.smallest == 1)


def _is_coarse(parameter: Parameter) -> bool:
    count = levels(parameter)
    return isinstance(parameter, Labelled) or (count is not None and count <= FINE)


def _jump(column: Column, parameter: Parameter) -> Jump:
    values = column.choices or [float(level) for level in settings(parameter)]
    ordered = not column.choices or isinstance(parameter, Ordinal)
    return Jump(np.arange(column.start, column.start + column.size), column.encode(values), ordered)


def jumping_columns(found: Sequence[Move]) -> list[int]:
    """The columns that move in steps only."""
    stepwise = [each for each in found if isinstance(each, Jump) or not slides_freely(each.mixture)]
    return [int(place) for each in stepwise for place in each.columns]


def neighbours(row: Array, found: Sequence[Move], generator: np.random.Generator) -> Array:
    """Rows (m x d) that differ from `row` by one move."""
    moved = []
    most = max(10, min(MOST, NUMBERS // len(row)))
    for move in found:
        others = move.others(row[move.columns], most, generator)
        rows = np.repeat(row[None], len(others), axis=0)
        rows[:, move.columns] = others
        moved.append(rows)
    return np.vstack([np.empty((0, len(row))), *moved])
