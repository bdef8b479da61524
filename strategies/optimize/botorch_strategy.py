"""Strategy `botorch`: space-filling start, then Bayesian optimization with Gaussian processes.

A pure function of the request: one thread, float64, all random numbers from the seed and the number of known rows.
Several proposals of one request are chosen one after the other, each with the earlier ones pending.

With sources (`strategies.learn.transfer`) every other point is chosen by what they say, until there are enough own
values to judge them.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from strategies.learn.transfer.sources import have_values, is_waiting
from strategies.levels import levels_of
from strategies.objectives import fault_together
from strategies.optimize.known import check_any_left, exhausted, first_stage
from strategies.optimize.options import BotorchOptions
from strategies.optimize.sobol import fill
from strategies.optimize.staged_start import cheap_start, is_learnable, staged_start
from strategies.represent.encoding import Encoding
from strategies.request import Candidate, Prediction, Request, Response, Suggestion
from strategies.spaces import key_of_valid, read_pool
from strategies.spaces.settings import levels

MOST = 10  # points of the start, unless more are asked for
COARSE = 3


def propose(request: Request, files: Mapping[str, Path]) -> Response:
    """Propose `request.n` candidates, or fewer with a warning when no new ones are left; raises `ValueError`."""
    options = BotorchOptions.model_validate(request.strategy.options)
    if not request.objectives:
        raise ValueError("strategy 'botorch' needs at least one objective")
    if fault := fault_together(request.objectives):
        raise ValueError(fault)
    encoding = Encoding.of(request.space, files)
    if len(levels_of(request)) > 1:
        if request.sources:
            raise ValueError(
                "transfer from earlier campaigns needs stages that follow by rules: none with promote: strategy"
            )
        first = staged_start(request, files, encoding, options.start or cheap_start(request))
        if first is not None:
            return first
    elif not _is_informed(request, encoding) or (
        not request.sources and _is_starting(request, options, encoding, files)
    ):
        return _start(request, files)
    elif request.sources and is_waiting(request, encoding):
        from strategies.optimize.informed_start import half  # imports torch

        return half(request, files, encoding, _start)
    from strategies.optimize.bayesian import optimize  # imports torch

    return optimize(request, files, encoding)


def predict(request: Request, candidate: Candidate, files: Mapping[str, Path]) -> dict[str, Prediction]:
    """The models' predictions for one candidate; none where there are too few values for models."""
    encoding = Encoding.of(request.space, files)
    if not _is_informed(request, encoding):
        return {}
    from strategies.optimize.bayesian import predictions  # imports torch

    return predictions(request, encoding, candidate)


def _is_informed(request: Request, encoding: Encoding) -> bool:
    """Whether there are values for a model: the campaign's own, or of a source."""
    return is_learnable(request, encoding) or have_values(request, encoding)


def _is_starting(request: Request, options: BotorchOptions, encoding: Encoding, files: Mapping[str, Path]) -> bool:
    rows = [*request.observations, *request.failures, *request.pending]
    known = len({key_of_valid(row.candidate) for row in rows})
    return known < (options.start or min(1 + _numbers(encoding, files), MOST))


def _numbers(encoding: Encoding, files: Mapping[str, Path]) -> int:
    """How many parameters are numbers of more than `COARSE` values."""
    space = encoding.space
    numbers = [column.name for column in encoding.columns if column.kind == "number"]
    if space.pool is not None:
        columns = read_pool(space, files).columns
        return sum(len(np.unique(np.asarray(columns[name]))) > COARSE for name in numbers)
    counts = [levels(parameter) for name in numbers if (parameter := space.parameter(name)) is not None]
    return sum(count is None or count > COARSE for count in counts)


def _start(request: Request, files: Mapping[str, Path]) -> Response:
    stage = first_stage(request)
    chosen = fill(request, files)
    proposals = [Suggestion(candidate=one, stage=stage, reason="space-filling start") for one in chosen]
    check_any_left(request, len(proposals))
    warnings = exhausted(len(proposals), request.n, "pool" if request.space.pool else "space")
    report = {"strategy": "botorch", "phase": "start", "n": len(request.observations), "warnings": warnings}
    return Response(proposals=proposals, report=report)
