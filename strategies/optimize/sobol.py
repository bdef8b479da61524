"""Strategy `sobol`: fills the space evenly.

A space of free numbers, ordered labels and plain categories: the scrambled Sobol sequence of the seed, from its start,
leaving out points that are taken. Every other space (listable, constrained, with rules, mixtures or descriptors):
greedy max-min distance (Kennard and Stone 1969) to all that is taken and chosen, over all rows (of more than
`ROWS` a uniform sample), or over `SAMPLE` uniform draws. Distances are those of the encoding, in which every parameter
and every mixture counts alike: the two of its values that are farthest apart have distance 1.
"""

import warnings as python_warnings
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from strategies.optimize.known import check_any_left, exhausted, first_stage, measured_outside, taken_keys
from strategies.optimize.options import NoOptions
from strategies.optimize.random import Fixed, batch_fixed, first_new, sequence
from strategies.represent.encoding import Encoding
from strategies.represent.sampling import values_at
from strategies.request import Candidate, Request, Response, Suggestion
from strategies.spaces import Categorical, Space, candidate_of, key_of_valid, snap_values
from strategies.spaces.finite import is_listable

Array = NDArray[np.float64]

SAMPLE = 512
ROWS = 20_000
BLOCK = 64


def propose(request: Request, files: Mapping[str, Path]) -> Response:
    """Propose `request.n` new points that fill the space, or fewer with a warning when no more are left."""
    NoOptions.model_validate(request.strategy.options)
    stage = first_stage(request)
    candidates = fill(request, files)
    proposals = [Suggestion(candidate=one, stage=stage, reason="fills the space evenly") for one in candidates]
    check_any_left(request, len(proposals))
    warnings = measured_outside(request, files)
    warnings += exhausted(len(proposals), request.n, "pool" if request.space.pool else "space")
    return Response(proposals=proposals, report={"strategy": "sobol", "warnings": warnings})


def fill(request: Request, files: Mapping[str, Path]) -> list[Candidate]:
    """The next `request.n` space-filling candidates; from the second on they share what the batch rules say."""
    if not any(rule.same_in_batch for rule in request.space.rules):
        return _filled(request, files, [], request.n)
    first = _filled(request, files, [], 1)
    return first + (_filled(request, files, first, request.n - 1) if first else [])


def _filled(request: Request, files: Mapping[str, Path], chosen: list[Candidate], count: int) -> list[Candidate]:
    space, taken = request.space, taken_keys(request) | {key_of_valid(one) for one in chosen}
    fixed = batch_fixed(space, chosen)
    if _is_free(space):
        return first_new(_sobol(space, request.seed, fixed), taken, count)
    encoding = Encoding.of(space, files)
    source = sequence(space, request.seed, files, fixed)
    pool = [one for one in islice(source, ROWS if is_listable(space) else SAMPLE) if one]
    scales = encoding.scales()
    known = encoding.encode([*(row.candidate for row in request.rows()), *chosen]) * scales
    return _spread(encoding.encode(pool) * scales, known, pool, taken, count)


def _is_free(space: Space) -> bool:
    """Whether nothing ties its parameters to each other, and no labels are nearer to each other than to others."""
    described = any(isinstance(each, Categorical) and each.descriptors for each in space.parameters.values())
    tied = space.constraints or space.mixtures or any(not rule.same_in_batch for rule in space.rules)
    return not (is_listable(space) or described or tied)


def _sobol(space: Space, seed: int, fixed: Fixed) -> Iterator[Candidate]:
    from scipy.stats import qmc

    engine = qmc.Sobol(len(space.parameters), scramble=True, rng=np.random.default_rng(seed))
    while True:
        with python_warnings.catch_warnings():
            python_warnings.simplefilter("ignore", UserWarning)  # blocks are consecutive: balance is kept
            block = engine.random(BLOCK)
        for point in block:
            yield candidate_of(space, snap_values(space, {**values_at(space, point.tolist()), **fixed}))


def _spread(points: Array, known: Array, pool: list[Candidate], taken: set[str], count: int) -> list[Candidate]:
    """Greedily the candidates farthest from all that is known or chosen (the first one first if nothing is known)."""
    distance = np.full(len(points), np.inf)
    for row in known:
        distance = np.minimum(distance, np.linalg.norm(points - row, axis=1))
    chosen: list[Candidate] = []
    unused = np.ones(len(points), dtype=bool)
    seen = set(taken)
    while len(chosen) < count and unused.any():
        place = int(np.argmax(np.where(unused, distance, -1.0)))
        unused[place] = False
        key = key_of_valid(pool[place])
        if key not in seen:
            distance = np.minimum(distance, np.linalg.norm(points - points[place], axis=1))
            seen.add(key)
            chosen.append(pool[place])
    return chosen
