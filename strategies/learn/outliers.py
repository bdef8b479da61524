"""Values that all the others speak against.

One absurd value inflates the noise that is inferred for all and so hides itself. So it is looked for twice: leave-one-
out residuals are compared with their own median (Rousseeuw and Croux 1993), which a few absurd ones do not move; what
stands out is left out, the model fitted again, and its prediction compared with the value (a deleted residual, Cook and
Weisberg 1982). A peak that a second measurement confirms is predicted by it, and stays.
"""

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LEAST = 8  # values below which none is judged
SHARE = 8  # at most one in so many, and at most `MOST`
MOST = 5
FAR = 5.0  # standard deviations
ABSURD = 20.0  # of the others' standard deviations
FLOOR = 0.4  # of the others' standard deviation: a model may be too sure of itself where it has seen a smooth function
NORMAL = 1.4826  # standard deviation over median absolute deviation


def stands_out(targets: Array, means: Array, deviations: Array) -> int | None:
    """The place of the value that stands out most among n of them; None where none does.

    By its leave-one-out residual; else by itself where it is absurd: of few values a model makes even that its own.
    """
    residuals = np.abs(targets - means)
    place = int(np.argmax(residuals / deviations))
    usual, others = NORMAL * float(np.median(residuals / deviations)), _spread(targets, place)
    if (
        residuals[place] > max(_largest(len(targets)) * usual * deviations[place], FAR * FLOOR * others)
        and others > 0.0
    ):
        return place
    place = int(np.argmax(np.abs(targets - np.median(targets))))
    away, others = abs(targets[place] - float(np.median(targets))), _spread(targets, place)
    return place if away > ABSURD * others > 0.0 else None


def _largest(count: int) -> float:
    """Standard deviations that the largest of so many normal residuals seldom exceeds."""
    return math.sqrt(2.0 * math.log(count)) + 1.0


def _spread(targets: Array, place: int) -> float:
    """The standard deviation of all the others."""
    return float(np.delete(targets, place).std())


def contradicts(deviation: float, variance: float) -> bool:
    """Whether a value that deviates so far from a prediction contradicts it; in the others' standard deviations."""
    return abs(deviation) > FAR * float(np.hypot(np.sqrt(variance), FLOOR))


def most(count: int) -> int:
    """How many of so many values may be outliers."""
    return min(count // SHARE, MOST) if count >= LEAST else 0
