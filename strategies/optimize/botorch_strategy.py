"""Strategy `botorch`: space-filling start, then Bayesian optimization with Gaussian processes.

A pure function of the request: one thread, float64, all random numbers from the seed and the number of known rows.
Several proposals of one request are chosen one after the other, each with the earlier ones pending.

With sources (`strategies.learn.transfer`) every other point of the start is chosen by what they say, until there are
enough own values to judge them; from then on the start is over, unless all of them are dropped.
"""

from collections.abc import Mapping
from pathlib import Path

from strategies.levels import levels_of
from strategies.objectives import fault_together
from strategies.optimize.known import check_any_left, exhausted, first_stage
from strategies.optimize.options import BotorchOptions
from strategies.optimize.sobol import fill
from strategies.optimize.staged_start import cheap_start, is_learnable, staged_start
from strategies.represent.encoding import Encoding
from strategies.request import Candidate, Prediction, Request, Response, Suggestion
from strategies.spaces import key_of_valid


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
        first = staged_start(request, files, encoding, max(options.start, cheap_start(request)))
        if first is not None:
            return first
    elif not is_learnable(request, encoding) or (_is_starting(request, options) and not request.sources):
        return _start(request, files)
    if request.sources:
        from strategies.optimize.informed_start import begin

        return begin(request, files, encoding, _start, _is_starting(request, options))
    from strategies.optimize.bayesian import optimize  # imports torch

    return optimize(request, files, encoding)


def predict(request: Request, candidate: Candidate, files: Mapping[str, Path]) -> dict[str, Prediction]:
    """The models' predictions for one candidate; none where there are too few values for models."""
    encoding = Encoding.of(request.space, files)
    if not is_learnable(request, encoding):
        return {}
    from strategies.optimize.bayesian import predictions  # imports torch

    return predictions(request, encoding, candidate)


def _is_starting(request: Request, options: BotorchOptions) -> bool:
    rows = [*request.observations, *request.failures, *request.pending]
    return len({key_of_valid(row.candidate) for row in rows}) < options.start


def _start(request: Request, files: Mapping[str, Path]) -> Response:
    stage = first_stage(request)
    chosen = fill(request, files)
    proposals = [Suggestion(candidate=one, stage=stage, reason="space-filling start") for one in chosen]
    check_any_left(request, len(proposals))
    warnings = exhausted(len(proposals), request.n, "pool" if request.space.pool else "space")
    report = {"strategy": "botorch", "phase": "start", "n": len(request.observations), "warnings": warnings}
    return Response(proposals=proposals, report=report)
