"""The start of a campaign that has sources."""

from collections.abc import Callable, Mapping
from pathlib import Path

from strategies.optimize.bayesian import optimize
from strategies.represent.encoding import Encoding
from strategies.request import Open, Request, Response
from strategies.spaces import key_of_valid

Fill = Callable[[Request, Mapping[str, Path]], Response]


def half(request: Request, files: Mapping[str, Path], encoding: Encoding, fill: Fill) -> Response:
    """The points of even number by `fill`, those of odd number by the model, with the others under way.

    So until the sources can be judged (`transfer.sources.is_waiting`).
    """
    count = _filling(request)
    if count == request.n:
        return fill(request, files)
    if count == 0:
        return _started(optimize(request, files, encoding))
    filling = fill(request.model_copy(update={"n": count}), files)
    under_way = [Open(candidate=each.candidate, stage=each.stage) for each in filling.proposals]
    rest = {"n": request.n - count, "pending": [*request.pending, *under_way]}
    informed = _started(optimize(request.model_copy(update=rest), files, encoding))
    return informed.model_copy(update={"proposals": [*filling.proposals, *informed.proposals]})


def _filling(request: Request) -> int:
    """How many of the next points fill the space; all or none where a batch has something in common."""
    rows = [*request.observations, *request.failures, *request.pending]
    known = len({key_of_valid(row.candidate) for row in rows})
    if any(rule.same_in_batch for rule in request.space.rules):
        return request.n if (known // request.n) % 2 == 0 else 0
    return sum((known + place) % 2 == 0 for place in range(request.n))


def _started(response: Response) -> Response:
    return response.model_copy(update={"report": {**response.report, "phase": "start"}})
