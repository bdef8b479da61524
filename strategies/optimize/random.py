"""Strategy `random`: uniform over the space, never a point that is already taken.

One sequence of draws belongs to a seed; a request takes the first of them that are not taken, so that the same seed
goes on where it stood. Constrained spaces are sampled by hit-and-run on the continuous relaxation and then snapped.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from strategies.optimize.known import check_any_left, exhausted, first_stage, measured_outside, taken_keys
from strategies.optimize.options import NoOptions
from strategies.represent.sampling import sample
from strategies.request import Candidate, Request, Response, Suggestion
from strategies.spaces import Rows, Space, candidate_of, finite_rows, key_of_valid, values_in
from strategies.spaces.finite import is_listable
from strategies.spaces.settings import Setting

TRIES = 2000  # draws without a new point before a large grid counts as exhausted

Fixed = Mapping[str, Setting]


def propose(request: Request, files: Mapping[str, Path]) -> Response:
    """Propose `request.n` random new points, or fewer with a warning when no more are left."""
    NoOptions.model_validate(request.strategy.options)
    stage = first_stage(request)
    candidates = in_batch(request, files)
    proposals = [Suggestion(candidate=one, stage=stage, reason="drawn at random") for one in candidates]
    check_any_left(request, len(proposals))
    warnings = measured_outside(request, files)
    warnings += exhausted(len(proposals), request.n, "pool" if request.space.pool else "space")
    return Response(proposals=proposals, report={"strategy": "random", "warnings": warnings})


def in_batch(request: Request, files: Mapping[str, Path]) -> list[Candidate]:
    """The next `request.n` random candidates; from the second on they share what the batch rules say."""
    taken, space = taken_keys(request), request.space
    source = sequence(space, request.seed, files)
    if not any(rule.same_in_batch for rule in space.rules):
        return first_new(source, taken, request.n)
    first = first_new(source, taken, 1)
    taken |= {key_of_valid(one) for one in first}
    rest = sequence(space, request.seed, files, batch_fixed(space, first))
    return first + (first_new(rest, taken, request.n - 1) if first and request.n > 1 else [])


def batch_fixed(space: Space, chosen: list[Candidate]) -> dict[str, Setting]:
    """What further proposals of a batch must share with those chosen already: value by parameter."""
    names = [name for rule in space.rules for name in rule.same_in_batch or []]
    values = values_in(space, chosen[0]) if chosen and names else {}
    return {name: values[name] for name in names if name in values}


def sequence(space: Space, seed: int, files: Mapping[str, Path], fixed: Fixed | None = None) -> Iterator[Candidate]:
    """The random order of a listable space, or endless draws from it; an empty candidate is a draw that failed.

    Only candidates with the `fixed` values come.
    """
    generator = np.random.default_rng(seed)
    if is_listable(space):
        rows = finite_rows(space, files)
        return rows.candidates(generator.permutation(fixed_rows(rows, fixed)))
    return (candidate_of(space, values) if values else {} for values in sample(space, generator, fixed))


def fixed_rows(rows: Rows, fixed: Fixed | None) -> np.ndarray:
    """The rows that have the fixed values."""
    kept = np.full(len(rows), True)
    for name, value in (fixed or {}).items():
        kept &= rows.table.columns[name][rows.places] == value
    return np.flatnonzero(kept)


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
