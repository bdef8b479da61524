"""Strategy `random`: uniform over the space, never a point that is already taken.

One sequence of draws belongs to a seed; a request takes the first of them that are not taken, so that the same seed
goes on where it stood. Constrained spaces are sampled by hit-and-run on the continuous relaxation and then snapped.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from strategies.optimize.known import check_any_left, exhausted, first_stage, taken_keys
from strategies.optimize.options import NoOptions
from strategies.represent.cube import from_cube
from strategies.represent.polytope import draws, polytope
from strategies.request import Candidate, Request, Response, Suggestion
from strategies.spaces import Space, conditions, finite_rows, key_of_valid
from strategies.spaces.finite import is_listable

TRIES = 2000  # draws without a new point before a large grid counts as exhausted


def propose(request: Request, files: Mapping[str, Path]) -> Response:
    """Propose `request.n` random new points, or fewer with a warning when no more are left."""
    NoOptions.model_validate(request.strategy.options)
    stage, taken = first_stage(request), taken_keys(request)
    source = sequence(request.space, request.seed, files)
    candidates = first_new(source, taken, request.n)
    proposals = [Suggestion(candidate=one, stage=stage, reason="drawn at random") for one in candidates]
    check_any_left(request, len(proposals))
    warnings = exhausted(len(proposals), request.n, "pool" if request.space.pool else "space")
    return Response(proposals=proposals, report={"strategy": "random", "warnings": warnings})


def sequence(space: Space, seed: int, files: Mapping[str, Path]) -> Iterator[Candidate]:
    """The random order of a listable space, or endless draws from it."""
    generator = np.random.default_rng(seed)
    if is_listable(space):
        rows = finite_rows(space, files)
        keys = list(rows.keys)
        return (rows.candidate(keys[place]) for place in generator.permutation(len(keys)))
    return _endless(space, generator)


def _endless(space: Space, generator: np.random.Generator) -> Iterator[Candidate]:
    region = polytope(space)
    inside = draws(region, generator) if region is not None else None
    names = list(space.parameters)
    while True:
        point = generator.random(len(names))
        if region is not None and inside is not None:
            point[[names.index(name) for name in region.names]] = next(inside)
        try:
            yield conditions(space, from_cube(space, point.tolist()))
        except ValueError:
            yield {}  # the grid near this draw breaks a constraint: counted as a try


def first_new(source: Iterator[Candidate], taken: set[str], count: int) -> list[Candidate]:
    """The first `count` candidates of the source whose keys are not taken; fewer when it ends or repeats itself."""
    found: list[Candidate] = []
    seen, misses = set(taken), 0
    for candidate in source:
        key = key_of_valid(candidate) if candidate else None
        if key is None or key in seen:
            misses += 1
            if misses > TRIES + len(taken):
                break
            continue
        seen.add(key)
        found.append(candidate)
        if len(found) == count:
            break
    return found
