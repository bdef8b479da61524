"""Whole numbers of equal steps that add up to a total: the exact arithmetic under a mixture.

A point is a list of n whole numbers of sum `total`. Each is 0 (absent) or lies between `smallest` and `largest`; from
`fewest` to `most` of them are present.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Lattice:
    """The points; a number of steps times `step` is an amount."""

    n: int
    step: float
    total: int
    smallest: int
    largest: int
    fewest: int
    most: int

    def counts(self) -> list[int]:
        """How many numbers may be present so that the total can be reached."""
        return [
            count
            for count in range(self.fewest, self.most + 1)
            if count * self.smallest <= self.total <= count * self.largest
        ]

    def amount(self, steps: int) -> float:
        """The amount of so many steps, with 12 digits."""
        return float(f"{steps * self.step:.12g}")

    def faults(self, point: Sequence[int]) -> list[str]:
        """What is wrong with a list of steps, in words."""
        present = [steps for steps in point if steps]
        found = []
        if sum(point) != self.total:
            found.append(f"the sum is {self.amount(sum(point)):.12g}, not {self.amount(self.total):.12g}")
        if not self.fewest <= len(present) <= self.most:
            wanted = f"{self.fewest}" if self.fewest == self.most else f"{self.fewest} to {self.most}"
            found.append(f"{len(present)} are above 0; there may be {wanted}")
        if present and min(present) < self.smallest:
            found.append(f"{self.amount(min(present)):.12g} is below {self.amount(self.smallest):.12g}")
        if present and max(present) > self.largest:
            found.append(f"{self.amount(max(present)):.12g} is above {self.amount(self.largest):.12g}")
        return found

    def ways(self, count: int) -> int:
        """In how many ways `count` present numbers reach the total (inclusion and exclusion over those too large)."""
        rest, room = self.total - count * self.smallest, self.largest - self.smallest + 1
        terms = range(min(count, rest // room) + 1 if rest >= 0 else 0)
        return sum(
            (-1) ** over * math.comb(count, over) * math.comb(rest - over * room + count - 1, count - 1)
            for over in terms
        )

    def size(self) -> int:
        """How many points there are."""
        return sum(math.comb(self.n, count) * self.ways(count) for count in self.counts())

    def points(self) -> Iterator[list[int]]:
        """All points."""
        for count in self.counts():
            for chosen in combinations(range(self.n), count):
                for parts in self._parts(count, self.total):
                    point = [0] * self.n
                    for place, steps in zip(chosen, parts, strict=True):
                        point[place] = steps
                    yield point

    def _parts(self, count: int, total: int) -> Iterator[list[int]]:
        if count == 1:
            yield [total]
            return
        low = max(self.smallest, total - (count - 1) * self.largest)
        high = min(self.largest, total - (count - 1) * self.smallest)
        for first in range(low, high + 1):
            for rest in self._parts(count - 1, total - first):
                yield [first, *rest]

    def draw(self, generator: "np.random.Generator") -> list[int]:
        """A point, all being equally probable."""

        counts, shares = _shares(self)
        count = int(generator.choice(counts, p=shares))
        parts = self._drawn_parts(count, generator)
        point = [0] * self.n
        for place, steps in zip(sorted(generator.choice(self.n, size=count, replace=False)), parts, strict=True):
            point[int(place)] = steps
        return point

    def _drawn_parts(self, count: int, generator: "np.random.Generator") -> list[int]:
        """Stars and bars; where the upper bound leaves hardly any of those, exchanges between pairs (Gibbs)."""
        rest = self.total - count * self.smallest
        for _ in range(50):
            bars: set[int] = set()
            while len(bars) < count - 1:
                bars.add(int(generator.integers(rest + count - 1)))
            edges = [-1, *sorted(bars), rest + count - 1]
            parts = [self.smallest + after - before - 1 for before, after in pairwise(edges)]
            if max(parts) <= self.largest:
                return parts
        even, more = divmod(self.total, count)
        parts = [even + (place < more) for place in range(count)]
        for _ in range(10 * count):
            one, other = (int(place) for place in generator.choice(count, size=2, replace=False))
            both = parts[one] + parts[other]
            low, high = max(self.smallest, both - self.largest), min(self.largest, both - self.smallest)
            parts[one] = int(generator.integers(low, high + 1))
            parts[other] = both - parts[one]
        return parts

    def nearest(self, numbers: Sequence[float]) -> list[int]:
        """The point near n numbers of steps: itself where it is one; else the largest numbers stay present.

        Those are brought to the total by the same shift, within the bounds (Euclidean projection), and rounded.
        """
        rounded = [round(number) for number in numbers]
        if not self.faults(rounded):
            return rounded
        import numpy as np

        counts = self.counts()
        wanted = sum(number >= self.smallest / 2 for number in numbers)
        count = min(counts, key=lambda each: abs(each - wanted))
        chosen = sorted(sorted(range(self.n), key=lambda place: -numbers[place])[:count])
        parts = self._projected(np.array([numbers[place] for place in chosen], dtype=np.float64))
        point = [0] * self.n
        for place, steps in zip(chosen, parts, strict=True):
            point[place] = steps
        return point

    def _projected(self, numbers: "NDArray[np.float64]") -> list[int]:
        import numpy as np

        low, high = self.smallest - float(numbers.max()), self.largest - float(numbers.min())
        for _ in range(200):
            shift = (low + high) / 2
            if np.clip(numbers + shift, self.smallest, self.largest).sum() < self.total:
                low = shift
            else:
                high = shift
        exact = np.clip(numbers + high, self.smallest, self.largest)
        parts = [int(steps) for steps in np.floor(exact)]
        for place in np.argsort(np.floor(exact) - exact, kind="stable"):
            parts[place] += int(np.clip(self.total - sum(parts), 0, min(1, self.largest - parts[place])))
        for place in range(len(parts)):  # what float arithmetic left over
            missing = self.total - sum(parts)
            parts[place] += max(self.smallest - parts[place], min(self.largest - parts[place], missing))
        return parts


@lru_cache(maxsize=256)
def _shares(lattice: Lattice) -> tuple[list[int], list[float]]:
    """The numbers of components that may be present, and the share of all points that each of them has."""
    counts = lattice.counts()
    sizes = [math.comb(lattice.n, count) * lattice.ways(count) for count in counts]
    return counts, [size / sum(sizes) for size in sizes]
