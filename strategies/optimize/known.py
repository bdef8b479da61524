"""What a request already holds: points that are not to be proposed again."""

from collections.abc import Mapping
from pathlib import Path

from strategies.request import Candidate, Request
from strategies.spaces import finite_rows, key_of_valid, values_in
from strategies.spaces.membership import faults_in


def taken_keys(request: Request) -> set[str]:
    """Canonical keys of all points observed, failed, pending or rejected."""
    return {key_of_valid(row.candidate) for row in request.rows()}


def asked_in_order(request: Request) -> list[bool]:
    """For each point that was carried out or failed, in the order of the proposals' numbers, whether it failed.

    What has no number (imports) comes first, failures after the rest.
    """
    rows = [(row, False) for row in request.observations] + [(row, True) for row in request.failures]
    return [failed for _, failed in sorted(rows, key=lambda pair: _number(pair[0].proposal))]


def _number(proposal: str | None) -> int:
    return int(proposal) if proposal is not None and proposal.isdecimal() else -1


def taken_at(request: Request, stage: str) -> set[str]:
    """Keys of the points not to be proposed for a stage: put forward for it or a dearer one, failed, or rejected."""
    names = [each.name for each in request.stages]
    before = set(names[: names.index(stage)])
    rows = [row for row in [*request.observations, *request.pending] if row.stage not in before]
    return {key_of_valid(row.candidate) for row in [*rows, *request.failures, *request.rejected]}


def earlier(request: Request, candidate: Candidate, stage: str) -> list[str]:
    """The proposal by which a candidate was last put forward for a stage before this one, if there is any."""
    names = [each.name for each in request.stages]
    before, key = set(names[: names.index(stage)]), key_of_valid(candidate)
    rows = [row for row in [*request.observations, *request.pending] if row.stage in before]
    found = [row.proposal for row in rows if row.proposal and key_of_valid(row.candidate) == key]
    return found[-1:]


def exhausted(made: int, asked: int, space: str) -> list[str]:
    """A warning when fewer proposals were made than asked for."""
    if made == asked:
        return []
    return [f"{made} of {asked} proposals made: no further new candidate is left in the {space}"]


def measured_outside(request: Request, files: Mapping[str, Path]) -> list[str]:
    """A warning that names how many measured points lie outside the space; they are data all the same."""
    space = request.space
    if space.pool is not None:
        found = finite_rows(space, files).find_all([row.candidate for row in request.observations])
        places = [place for place, row in enumerate(found) if row is None]
    else:
        values = (values_in(space, row.candidate) for row in request.observations)
        places = [place for place, each in enumerate(values) if faults_in(space, each)]
    if not places:
        return []
    return [
        f"{len(places)} of {len(request.observations)} measured points lie outside the space; they are used as data"
    ]


def check_any_left(request: Request, made: int) -> None:
    """Raise `ValueError` when a space gave no point although none of its points is taken: it has none at all."""
    if made == 0 and not request.rows():
        raise ValueError("no point of the space keeps its constraints; loosen them or widen the parameters' ranges")


def first_stage(request: Request) -> str:
    """The stage that new candidates enter; raises `ValueError` without any."""
    if not request.stages:
        raise ValueError("the request names no stage")
    return request.stages[0].name
