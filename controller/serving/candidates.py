"""Candidates that people put forward are looked at in a worker before they are written."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlmodel import Session

from adapters.compute import TaskFailed
from controller.access.actors import Actor, Role
from controller.commands import candidates
from controller.commands.candidates import Assessment, candidate_from, question
from controller.commands.errors import Conflict, Invalid
from controller.commands.lookup import find
from controller.effects.propose import needed_files
from controller.serving.services import Services
from controller.store.tables import Proposal
from strategies import Request

TASK = "controller.effects.tasks:assess"
DEADLINE_S = 120.0

Plain = dict[str, Any]
Values = Mapping[str, float | str]  # by parameter, in the unit of the space


async def inject(
    services: Services,
    actor: Actor,
    campaign: str,
    values: Values,
    why: str,
    stage: str | None = None,
    shown: str | None = None,
) -> Proposal:
    """Put a candidate forward; without a stage for the first one.

    `shown`: the digest of the assessment that the person has seen, where there was one. Raises `Invalid` where the
    space does not hold the candidate, `Conflict` where the assessment is another one by now.
    """
    assessed = await assess_new(services, actor, campaign, values, stage)
    _as_shown(assessed, shown)
    return await services.store.write(
        lambda unit: candidates.inject(unit, actor, campaign, assessed, why, stage), name="inject"
    )


async def assess_new(
    services: Services, actor: Actor, campaign: str, values: Values, stage: str | None = None
) -> Assessment:
    """What is known of a candidate before it is put forward."""
    actor.require(Role.OPERATOR)

    def ask(session: Session) -> Plain:
        spec, request = question(session, campaign)
        return _payload(services, request, candidate_from(spec, values), stage or spec.stages[0].name)

    return await _assess(services, ask)


async def edit(
    services: Services,
    actor: Actor,
    proposal_id: str,
    digest: str,
    values: Values,
    why: str,
    shown: str | None = None,
) -> Proposal:
    """Put a proposal with the `values` that change in the place of the one of that digest; `shown` as for `inject`."""
    assessed = await assess_edit(services, actor, proposal_id, values)
    _as_shown(assessed, shown)
    return await services.store.write(
        lambda unit: candidates.edit(unit, actor, proposal_id, digest, assessed, why), name="edit"
    )


async def assess_edit(services: Services, actor: Actor, proposal_id: str, values: Values) -> Assessment:
    """What is known of a proposal with the `values` that change."""
    actor.require(Role.OPERATOR)

    def ask(session: Session) -> Plain:
        old = find(session, Proposal, proposal_id)
        spec, request = question(session, old.campaign_id)
        return _payload(services, request, candidate_from(spec, values, old.candidate), old.stage)

    return await _assess(services, ask)


def _as_shown(assessed: Assessment, shown: str | None) -> None:
    if shown is not None and shown != assessed.digest:
        raise Conflict(
            "nothing was put forward: the prediction is not what was shown any more, since something was measured or "
            "changed meanwhile; look at it as it is now and put it forward again"
        )


def _payload(services: Services, request: Request, candidate: Plain, stage: str) -> Plain:
    """Runs in the reader's thread: with a long history it is large."""
    return {
        "request": request.model_dump(mode="json"),
        "files": services.files.paths(needed_files(request)),
        "candidate": candidate,
        "stage": stage,
    }


async def _assess(services: Services, ask: Callable[[Session], Plain]) -> Assessment:
    payload = await services.store.read(ask)
    try:
        answer = await services.workers.run(TASK, payload, DEADLINE_S)
    except TaskFailed as error:
        raise Invalid(f"the candidate could not be looked at: {error}") from error
    if answer["faults"]:
        raise Invalid("; ".join(answer["faults"]))
    return Assessment(payload["candidate"], answer["key"], answer["prediction"], answer["facts"])
