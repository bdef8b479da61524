"""Whether an answer makes sense: what a controller asks before it believes a strategy."""

from collections.abc import Mapping
from pathlib import Path

from strategies.optimize.known import taken_at
from strategies.request import Request, Response
from strategies.spaces import key_of_valid, space_contains


def check_response(request: Request, response: Response, files: Mapping[str, Path] | None = None) -> list[str]:
    """What is wrong with an answer, in words; empty when nothing is.

    Too many proposals, an unknown stage, a candidate outside the space, the same candidate twice at one stage, or one
    that is already observed or pending there or at a dearer stage, failed or rejected, and not meant as a repetition.
    """
    faults: list[str] = []
    if len(response.proposals) > request.n:
        faults.append(f"{len(response.proposals)} proposals, but {request.n} were asked for")
    stages = [stage.name for stage in request.stages]
    taken = {stage: taken_at(request, stage) for stage in stages}
    closed = {key_of_valid(row.candidate) for row in [*request.failures, *request.rejected]}
    measured = {key_of_valid(row.candidate) for row in request.observations} - closed
    known = {row.proposal for row in request.rows()}
    seen: set[tuple[str, str]] = set()
    for place, proposal in enumerate(response.proposals, start=1):
        violations = space_contains(request.space, proposal.candidate, files)
        if violations:
            faults.append(f"proposal {place}: {'; '.join(violations)}")
            continue
        if proposal.stage not in stages:
            faults.append(f"proposal {place}: no stage {proposal.stage!r}; known: {', '.join(stages)}")
        key = key_of_valid(proposal.candidate)
        if (key, proposal.stage) in seen:
            faults.append(f"proposal {place}: the same candidate twice")
        if strangers := sorted(set(proposal.parents) - known):
            faults.append(f"proposal {place}: no proposal {strangers[0]} that it could come from")
        if proposal.repeat and key not in measured:
            faults.append(f"proposal {place}: nothing to repeat, this candidate has not been measured")
        elif key in taken.get(proposal.stage, ()) and not proposal.repeat:
            faults.append(f"proposal {place}: this candidate was proposed before")
        seen.add((key, proposal.stage))
    return faults
