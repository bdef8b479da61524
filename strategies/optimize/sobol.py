"""Strategy `sobol`: fills the space evenly.

Without constraints: the scrambled Sobol sequence of the seed, from its start, leaving out points that are taken.
Listable or constrained spaces: greedy max-min distance (Kennard and Stone 1969) to all that is taken and chosen, over
all rows, or over `SAMPLE` uniform draws from the constrained region.
"""

import warnings as python_warnings
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from strategies.optimize.known import check_any_left, exhausted, first_stage, taken_keys
from strategies.optimize.options import NoOptions
from strategies.optimize.random import first_new, sequence
from strategies.represent.cube import from_cube
from strategies.represent.encoding import Encoding
from strategies.request import Candidate, Request, Response, Suggestion
from strategies.spaces import Space, conditions, key_of_valid
from strategies.spaces.finite import is_listable

SAMPLE = 512
BLOCK = 64


def propose(request: Request, files: Mapping[str, Path]) -> Response:
    """Propose `request.n` new points that fill the space, or fewer with a warning when no more are left."""
    NoOptions.model_validate(request.strategy.options)
    stage = first_stage(request)
    candidates = fill(request, files)
    proposals = [Suggestion(candidate=one, stage=stage, reason="fills the space evenly") for one in candidates]
    check_any_left(request, len(proposals))
    warnings = exhausted(len(proposals), request.n, "pool" if request.space.pool else "space")
    return Response(proposals=proposals, report={"strategy": "sobol", "warnings": warnings})


def fill(request: Request, files: Mapping[str, Path]) -> list[Candidate]:
    """The next `request.n` space-filling candidates."""
    space, taken = request.space, taken_keys(request)
    if not is_listable(space) and not space.constraints:
        return first_new(_sobol(space, request.seed), taken, request.n)
    encoding = Encoding.of(space, files)
    source = sequence(space, request.seed, files)
    limit = None if is_listable(space) else SAMPLE
    pool = [one for one in islice(source, limit) if one and key_of_valid(one) not in taken]
    known = encoding.encode([row.candidate for row in request.rows()])
    return _spread(encoding.encode(pool), known, pool, request.n)


def _sobol(space: Space, seed: int) -> Iterator[Candidate]:
    from scipy.stats import qmc

    engine = qmc.Sobol(len(space.parameters), scramble=True, rng=np.random.default_rng(seed))
    while True:
        with python_warnings.catch_warnings():
            python_warnings.simplefilter("ignore", UserWarning)  # blocks are consecutive: balance is kept
            block = engine.random(BLOCK)
        for point in block:
            yield conditions(space, from_cube(space, point.tolist()))


def _spread(
    points: NDArray[np.float64], known: NDArray[np.float64], pool: list[Candidate], count: int
) -> list[Candidate]:
    """Greedily the candidates farthest from all that is known or chosen (the first one first if nothing is known)."""
    distance = np.full(len(points), np.inf)
    for row in known:
        distance = np.minimum(distance, np.linalg.norm(points - row, axis=1))
    chosen: list[Candidate] = []
    unused = np.ones(len(points), dtype=bool)
    seen: set[str] = set()
    while len(chosen) < count and unused.any():
        place = int(np.argmax(np.where(unused, distance, -1.0)))
        unused[place] = False
        distance = np.minimum(distance, np.linalg.norm(points - points[place], axis=1))
        key = key_of_valid(pool[place])
        if key not in seen:
            seen.add(key)
            chosen.append(pool[place])
    return chosen
