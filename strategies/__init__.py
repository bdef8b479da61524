"""Which candidate next: a library that knows no database, network or device.

`propose` asks the strategy that a request names. It is a pure function of the request and the files named in it, and
is meant for a worker process: the model libraries are imported only when a strategy needs them.
"""

from collections.abc import Mapping
from pathlib import Path

from strategies.check import check_response
from strategies.digest import request_digest
from strategies.registry import check_strategy, load_predictor, load_strategy, strategy_names
from strategies.request import Candidate, Prediction, Request, Response
from strategies.spaces import validate_candidate

__all__ = [
    "Request",
    "Response",
    "check_response",
    "check_strategy",
    "predict",
    "propose",
    "request_digest",
    "strategy_names",
]


def predict(request: Request, candidate: Candidate, files: Mapping[str, Path] | None = None) -> dict[str, Prediction]:
    """What the named strategy predicts for a candidate; nothing where it has no model yet. Raises `ValueError`."""
    validate_candidate(candidate)
    predictor = load_predictor(request.strategy.name)
    return {} if predictor is None else predictor(request, candidate, files or {})


def propose(request: Request, files: Mapping[str, Path] | None = None) -> Response:
    """Ask the named strategy; `files` maps SHA-256 to path for pools and artifacts. Raises `ValueError`."""
    check_strategy(request.strategy.name, request.strategy.options)
    for row in [*request.rows(), *(row for source in request.sources for row in source.observations)]:
        validate_candidate(row.candidate)
    return load_strategy(request.strategy.name)(request, files or {})
