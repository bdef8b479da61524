"""The start where the strategy chooses the stage: a space-filling design at the cheapest, few of its points dearly.

The best of the cheap points is measured at each dearer level, and from the better half those farthest from what has
been chosen there: should the cheap stage say nothing, they are random points all the same.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from strategies.learn.data import modelled_properties, property_data
from strategies.levels import Level, dear_stages, level_of, levels_of, relative_costs
from strategies.optimize.known import check_any_left, earlier, exhausted, taken_at
from strategies.optimize.sobol import fill
from strategies.represent.encoding import Encoding
from strategies.request import Candidate, Observation, Open, Request, Response, Suggestion
from strategies.spaces import key_of_valid

MOST = 20  # points of the start
DEAR = 2  # points of each dearer level
LEAST = 2  # values of every property without which nothing can be learned of several stages; of one, a single value
TRUST = 0.3  # spending at cheap levels over that at the dear one, while dear values are waited for


def staged_start(request: Request, files: Mapping[str, Path], encoding: Encoding, wanted: int) -> Response | None:
    """Up to `request.n` proposals of the start, of `wanted` cheap points; None once it is over and can be learned."""
    levels, learnable = levels_of(request), is_learnable(request, encoding)
    known, proposals = request, list[Suggestion]()
    while len(proposals) < request.n:
        level = _lacking(known, levels, wanted)
        if level is None and learnable:
            break
        found = _suggest(known, files, encoding, levels, _while_waiting(known, levels) if level is None else level)
        if found is None:
            break
        proposals.append(found)
        begun = Open(candidate=found.candidate, stage=found.stage)
        known = known.model_copy(update={"pending": [*known.pending, begun]})
    if not proposals and learnable:
        return None
    check_any_left(request, len(proposals))
    warnings = [] if proposals else exhausted(0, request.n, "pool" if request.space.pool else "space")
    report = {"strategy": "botorch", "phase": "start", "n": len(request.observations), "warnings": warnings}
    return Response(proposals=proposals, report=report)


def is_learnable(request: Request, encoding: Encoding) -> bool:
    """Whether every property has enough values at the level that matters."""
    levels, names = levels_of(request), modelled_properties(request)
    least = LEAST if len(levels) > 1 else 1
    return all(len(property_data(request, encoding, name, dear_stages(levels, name))) >= least for name in names)


def cheap_start(request: Request) -> int:
    """Points of the start at the cheapest level: twice as many as there are parameters, and two."""
    return min(2 * (len(request.space.names()) + 1), MOST)


def _begun(request: Request, levels: Sequence[Level]) -> list[int]:
    """How many points have been begun at each level and not failed."""
    places = [level_of(levels, row.stage) for row in [*request.observations, *request.pending]]
    return [places.count(place) for place in range(len(levels))]


def _lacking(request: Request, levels: Sequence[Level], wanted: int) -> int | None:
    """The cheapest level that lacks points of the start; failures have told something at the cheapest one."""
    begun = _begun(request, levels)
    failed = sum(level_of(levels, row.stage) == 0 for row in request.failures)
    least = [wanted - failed, *[DEAR] * (len(levels) - 1)]
    return next((place for place, count in enumerate(begun) if count < least[place]), None)


def _while_waiting(request: Request, levels: Sequence[Level]) -> int:
    """What can be done while dear values are not there yet: cheap points, within what they may cost, or dear ones."""
    begun, costs = _begun(request, levels), relative_costs(levels)
    spent = sum(cost * count for cost, count in zip(costs[:-1], begun[:-1], strict=True))
    return 0 if spent + costs[0] <= TRUST * begun[-1] else len(levels) - 1


def _suggest(
    request: Request, files: Mapping[str, Path], encoding: Encoding, levels: Sequence[Level], place: int
) -> Suggestion | None:
    """A point for a level: a new one for the cheapest, else one that was measured more cheaply, as soon as there is."""
    stage = levels[place].entry
    candidate = _promising(request, encoding, levels, place) if place else None
    if candidate is not None:
        why = f"start at {stage}: among the best of those measured before"
        return Suggestion(candidate=candidate, stage=stage, parents=earlier(request, candidate, stage), reason=why)
    filling = fill(request.model_copy(update={"n": 1}), files)
    if not filling:
        return None
    return Suggestion(candidate=filling[0], stage=levels[0].entry, reason="space-filling start")


def _promising(request: Request, encoding: Encoding, levels: Sequence[Level], place: int) -> Candidate | None:
    """The best point of the cheaper levels if none is at this one yet; then the one of the better half farthest off."""
    taken = taken_at(request, levels[place].entry)
    rows = [row for row in request.observations if level_of(levels, row.stage) < place]
    ranked = [row.candidate for row in _ranked(request, rows) if key_of_valid(row.candidate) not in taken]
    here = [row for row in [*request.observations, *request.pending] if level_of(levels, row.stage) == place]
    if not ranked or not here:
        return ranked[0] if ranked else None
    half = ranked[: (len(ranked) + 1) // 2]
    scales = encoding.scales()
    points, known = encoding.encode(half) * scales, encoding.encode([row.candidate for row in here]) * scales
    distances = np.linalg.norm(points[:, None] - known[None], axis=2).min(axis=1)
    return half[int(np.argmax(distances))]


def _ranked(request: Request, rows: Sequence[Observation]) -> list[Observation]:
    """The best first, by the sum of their ranks in the objectives; those without a value of one come last there."""
    from strategies.optimize.goals import utility  # imports torch

    total = np.zeros(len(rows))
    for objective in request.objectives:
        values = [[each.value for each in row.values if each.property == objective.property] for row in rows]
        utilities = np.array([utility(objective, np.mean(each)) if each else -np.inf for each in values])
        total += np.argsort(np.argsort(-utilities, kind="stable"), kind="stable")
    return [rows[place] for place in np.argsort(total, kind="stable")]
