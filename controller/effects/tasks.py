"""What runs in worker processes: plain data in and out, no database."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strategies.request import Candidate, Request, Suggestion


def propose(payload: dict[str, Any]) -> dict[str, Any]:
    """Ask the strategy; answers its response, the canonical keys, and the facts that approval rules compare."""
    from strategies import Request, check_response
    from strategies import propose as ask
    from strategies.spaces import candidate_key

    request = Request.model_validate(payload["request"])
    files = {sha256: Path(path) for sha256, path in payload["files"].items()}
    response = ask(request, files)
    if faults := check_response(request, response, files):
        raise ValueError("; ".join(faults))
    keys = [candidate_key(each.candidate) for each in response.proposals]
    facts = [_facts(request, each, files, payload["region"]) for each in response.proposals]
    return {"response": response.model_dump(mode="json"), "keys": keys, "facts": facts, "versions": versions()}


def assess(payload: dict[str, Any]) -> dict[str, Any]:
    """Look at a candidate that a person puts forward: what speaks against it, its key, prediction and facts."""
    from strategies import Request, predict
    from strategies.request import Suggestion
    from strategies.spaces import candidate_key, space_contains

    request = Request.model_validate(payload["request"])
    files = {sha256: Path(path) for sha256, path in payload["files"].items()}
    candidate = payload["candidate"]
    if faults := space_contains(request.space, candidate, files):
        return {"faults": faults}
    found = predict(request, candidate, files)
    suggestion = Suggestion(candidate=candidate, stage=payload["stage"], prediction=found, reason="")
    return {
        "faults": [],
        "key": candidate_key(candidate),
        "prediction": {name: each.model_dump() for name, each in found.items()},
        "facts": _facts(request, suggestion, files, region=True),
    }


def analyse(payload: dict[str, Any]) -> dict[str, Any]:
    """Read one file: values by name, each with its unit; or why it holds none, or cannot be read."""
    from adapters.analysis import NothingThere, UnreadableFile, analyse, version

    function = payload["function"]
    try:
        found = analyse(function, Path(payload["path"]), payload["options"])
    except NothingThere as error:
        return {"nothing": str(error)}
    except UnreadableFile as error:
        return {"fault": str(error)}
    return {"values": {name: each._asdict() for name, each in found.items()}, "version": version(function)}


def draw_molecule(payload: dict[str, Any]) -> dict[str, Any]:
    """A picture of a SMILES; or why there is none."""
    from controller.report.drawings import NotDrawable, molecule_svg

    try:
        return {"svg": molecule_svg(payload["smiles"])}
    except NotDrawable as error:
        return {"why": str(error)}


def draw_crystal(payload: dict[str, Any]) -> dict[str, Any]:
    """A crystal's cell in space; or why there is none."""
    from controller.report.drawings import NotDrawable, crystal_scene

    try:
        return {"scene": asdict(crystal_scene(payload["candidate"]))}
    except NotDrawable as error:
        return {"why": str(error)}


def look_into(payload: dict[str, Any]) -> dict[str, Any]:
    """What of a stored file can be shown."""
    from controller.report.reading import look

    return asdict(look(Path(payload["path"])))


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


def _facts(request: "Request", suggestion: "Suggestion", files: Mapping[str, Path], region: bool) -> dict[str, float]:
    facts: dict[str, float] = {}
    if (deviation := _deviation(request.objectives, request.observations, suggestion.prediction)) is not None:
        facts["predicted_deviation"] = deviation
    if region and (outside := _outside(request, suggestion.candidate, files)) is not None:
        facts["known_region"] = outside
    if suggestion.feasibility is not None:
        facts["feasibility"] = suggestion.feasibility
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


def _outside(request: "Request", candidate: "Candidate", files: Mapping[str, Path]) -> float | None:
    """Distance outside the convex range of candidates with an ok measurement; None where there are none."""
    from strategies.represent.region import distance_outside

    known = [row.candidate for row in request.observations if any(value.status == "ok" for value in row.values)]
    return distance_outside(request.space, known, candidate, files) if known else None
