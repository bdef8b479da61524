"""The start of a campaign that has sources."""

from collections.abc import Callable, Mapping
from pathlib import Path

from strategies.learn.data import modelled_properties, property_data
from strategies.learn.transfer.guard import JUDGED_FROM
from strategies.optimize.bayesian import optimize
from strategies.represent.encoding import Encoding
from strategies.request import Open, Request, Response
from strategies.spaces import key_of_valid

Fill = Callable[[Request, Mapping[str, Path]], Response]


def begin(request: Request, files: Mapping[str, Path], encoding: Encoding, fill: Fill, starting: bool) -> Response:
    """Every other point by `fill` (space-filling) until the sources can be judged.

    From then on, while the start lasts (`starting`), all points by `fill` if all sources are dropped.
    """
    values = min(len(property_data(request, encoding, name)) for name in modelled_properties(request))
    if values < JUDGED_FROM:
        return _half(request, files, encoding, fill)
    informed = optimize(request, files, encoding)
    if not starting or any(each["weight"] > 0 for each in informed.report["transfer"]):
        return informed
    plain = fill(request, files)
    return plain.model_copy(update={"report": {**plain.report, "transfer": informed.report["transfer"]}})


def _half(request: Request, files: Mapping[str, Path], encoding: Encoding, fill: Fill) -> Response:
    """The points of even number by `fill`, those of odd number by the model, with the others under way."""
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
