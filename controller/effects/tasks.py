"""What runs in worker processes: plain data in and out, no database."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strategies import Request, Response


def propose(payload: dict[str, Any]) -> dict[str, Any]:
    """Ask the strategy; answers its response, the canonical keys, and the facts that approval rules compare."""
    from strategies import Request
    from strategies import propose as ask
    from strategies.spaces import candidate_key

    request = Request.model_validate(payload["request"])
    files = {sha256: Path(path) for sha256, path in payload["files"].items()}
    response = ask(request, files)
    _check(request, response, files)
    keys = [candidate_key(each.candidate) for each in response.proposals]
    facts = [_facts(request, each) for each in response.proposals]
    return {"response": response.model_dump(mode="json"), "keys": keys, "facts": facts, "versions": versions()}


def _check(request: "Request", response: "Response", files: Mapping[str, Path]) -> None:
    """Refuse an answer that makes no sense, whatever the strategy; raises `ValueError`."""
    from strategies.spaces import space_contains

    stages = {stage.name for stage in request.stages}
    if len(response.proposals) > request.n:
        raise ValueError(f"answered {len(response.proposals)} proposals where {request.n} were asked for")
    for each in response.proposals:
        if each.stage not in stages:
            raise ValueError(f"proposed for the stage {each.stage!r}, which the campaign does not have")
        if faults := space_contains(request.space, each.candidate, files):
            raise ValueError(f"proposed a candidate outside the space: {'; '.join(faults)}")


def versions() -> dict[str, Any]:
    """What a repetition must have in common to be comparable."""
    import platform
    import sys
    from importlib import metadata

    loaded = [name for name in ("numpy", "scipy", "torch", "botorch", "gpytorch", "rdkit") if name in sys.modules]
    return {
        "tatara": metadata.version("tatara"),
        "python": platform.python_version(),
        "cpu": _cpu(),
        "threads": 1,
        **{name: metadata.version(name) for name in loaded},
    }


def _cpu() -> str:
    import platform

    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _facts(request: Any, suggestion: Any) -> dict[str, float]:
    facts: dict[str, float] = {}
    if (deviation := _deviation(request.objectives, request.observations, suggestion.prediction)) is not None:
        facts["predicted_deviation"] = deviation
    if (outside := _outside(request, suggestion.candidate)) is not None:
        facts["known_region"] = outside
    return facts


def _deviation(objectives: Sequence[Any], observations: Sequence[Any], prediction: Mapping[str, Any]) -> float | None:
    """Largest predicted standard deviation over the objective's scale: the range measured so far."""
    ratios = []
    for objective in objectives:
        measured = [v.value for row in observations for v in row.values if v.property == objective.property]
        if objective.property not in prediction or len(measured) < 2 or max(measured) == min(measured):
            return None
        ratios.append(prediction[objective.property].standard_deviation / (max(measured) - min(measured)))
    return max(ratios, default=None)


def _outside(request: Any, candidate: Mapping[str, Any]) -> float | None:
    """Distance outside the convex range of candidates with an ok measurement; None while there are none."""
    if not request.observations:
        return None
    from strategies.represent.region import distance_outside

    return float(distance_outside(request.space, [row.candidate for row in request.observations], candidate))
