"""Maximizing an acquisition over all rows of a listable space; over a very long list, in rounds that close in."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strategies.optimize.random import Fixed, fixed_rows
from strategies.represent.encoding import Encoding
from strategies.request import Candidate
from strategies.spaces import Rows, finite_rows, key_of_valid

Array = NDArray[np.float64]
Places = NDArray[np.intp]

EXHAUSTIVE = 20_000  # rows up to which each one is judged
ROUNDS = 3
CENTRES, AROUND = 5, 2_000  # in each round after the first: so many best rows, so many rows around each
CHUNK = 20_000


def best_row(
    evaluate: Callable[[Array], Array],
    encoding: Encoding,
    taken: set[str],
    seed: int,
    files: Any,
    fixed: Fixed | None = None,
) -> tuple[Candidate, float] | None:
    """The row with the largest value of `evaluate` (m x d -> m) that is not taken; None when no new one is left.

    Of more than `EXHAUSTIVE` rows as many are drawn and judged, and then those nearest to the best ones.
    """
    rows = finite_rows(encoding.space, files)
    places = fixed_rows(rows, fixed)
    ranked = _ranked(evaluate, encoding, rows, places, seed)
    for place, value in ranked:
        candidate = rows.candidate(place)
        if key_of_valid(candidate) not in taken:
            return candidate, value
    return None


def _ranked(
    evaluate: Callable[[Array], Array], encoding: Encoding, rows: Rows, places: Places, seed: int
) -> Iterator[tuple[int, float]]:
    """Rows with their values, best first."""
    judged, rest = places, places[:0]
    if len(places) > EXHAUSTIVE:
        generator = np.random.default_rng([seed, 2])
        judged = np.sort(generator.choice(places, size=EXHAUSTIVE, replace=False))
        rest = np.setdiff1d(places, judged, assume_unique=True)
    values = evaluate(_encoded(encoding, rows, judged))
    for _ in range(ROUNDS - 1 if len(rest) else 0):
        near = _nearest(encoding, rows, judged[np.argsort(-values, kind="stable")[:CENTRES]], rest)
        rest = np.setdiff1d(rest, near, assume_unique=True)
        judged = np.concatenate([judged, near])
        values = np.concatenate([values, evaluate(_encoded(encoding, rows, near))])
    for place in np.argsort(-values, kind="stable"):
        yield int(judged[place]), float(values[place])


def _encoded(encoding: Encoding, rows: Rows, places: Places) -> Array:
    return encoding.encode_table(rows.table, rows.places[places])


def _nearest(encoding: Encoding, rows: Rows, centres: Places, rest: Places) -> Places:
    """Of the rest, the rows nearest to each centre."""
    middles = _encoded(encoding, rows, centres)
    distances = np.empty((len(centres), len(rest)))
    for start in range(0, len(rest), CHUNK):
        part = _encoded(encoding, rows, rest[start : start + CHUNK])
        for place, middle in enumerate(middles):
            distances[place, start : start + CHUNK] = np.square(part - middle).sum(axis=1)
    count = min(AROUND, len(rest))
    found = [np.argpartition(each, count - 1)[:count] for each in distances]
    return np.asarray(rest[np.unique(np.concatenate(found))])
