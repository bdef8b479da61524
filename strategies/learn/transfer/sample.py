"""What every method of transfer is given, and what it makes of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from strategies.learn.kernel import Group
from strategies.learn.process import GaussianProcess

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """Standardized targets (n) at n x d inputs, and their noise variances (n) where these are known."""

    inputs: Array
    targets: Array
    noise: Array | None = None

    def __len__(self) -> int:
        return len(self.targets)

    def first(self, count: int) -> "Sample":
        """The first `count` of them."""
        noise = None if self.noise is None else self.noise[:count]
        return Sample(self.inputs[:count], self.targets[:count], noise)

    def rows(self, places: NDArray[np.intp]) -> "Sample":
        """Those at the places."""
        noise = None if self.noise is None else self.noise[places]
        return replace(self, inputs=self.inputs[places], targets=self.targets[places], noise=noise)


@dataclass(frozen=True)
class Learned:
    """A process of the own property, the noise variance of an own value, and where the next fit may begin.

    `correlation`: of the two functions, where the method has such a thing.
    """

    process: GaussianProcess
    noise: float
    place: Array
    correlation: float | None = None


class Method(Protocol):
    """Learns from a source and the own values (there may be none yet); `place` is that of an earlier fit, or None."""

    def __call__(self, groups: Sequence[Group], own: Sample, source: Sample, place: Array | None) -> Learned: ...
