"""Candidates that people put forward are looked at in a worker before they are written."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from adapters.compute import TaskFailed
from controller.access.actors import Actor, Role
from controller.commands import candidates
from controller.commands.candidates import Assessment, candidate_from, question
from controller.commands.errors import Invalid
from controller.commands.lookup import find
from controller.effects.propose import needed_files
from controller.serving.services import Services
from controller.spec import Campaign as Spec
from controller.store.specs import spec_of
from controller.store.tables import Campaign, Proposal

TASK = "controller.effects.tasks:assess"
DEADLINE_S = 120.0

Values = Mapping[str, float | str]  # by parameter, in the unit of the space


async def inject(
    services: Services, actor: Actor, campaign: str, values: Values, why: str, stage: str | None = None
) -> Proposal:
    """Put a candidate forward; without a stage for the first one. Raises `Invalid` where the space does not hold it."""
    assessed = await assess_new(services, actor, campaign, values, stage)
    return await services.store.write(
        lambda unit: candidates.inject(unit, actor, campaign, assessed, why, stage), name="inject"
    )


async def assess_new(
    services: Services, actor: Actor, campaign: str, values: Values, stage: str | None = None
) -> Assessment:
    """What is known of a candidate before it is put forward."""
    actor.require(Role.OPERATOR)
    spec, _ = await services.store.read(lambda session: question(session, campaign))
    return await _assess(services, campaign, candidate_from(spec, values), stage or spec.stages[0].name)


async def edit(services: Services, actor: Actor, proposal_id: str, digest: str, values: Values, why: str) -> Proposal:
    """Put a proposal with the `values` that change in the place of the one of that digest."""
    assessed = await assess_edit(services, actor, proposal_id, values)
    return await services.store.write(
        lambda unit: candidates.edit(unit, actor, proposal_id, digest, assessed, why), name="edit"
    )


async def assess_edit(services: Services, actor: Actor, proposal_id: str, values: Values) -> Assessment:
    """What is known of a proposal with the `values` that change."""
    actor.require(Role.OPERATOR)
    old, spec = await services.store.read(lambda session: _with_spec(session, proposal_id))
    return await _assess(services, old.campaign_id, candidate_from(spec, values, old.candidate), old.stage)


def _with_spec(session: Session, proposal_id: str) -> tuple[Proposal, Spec]:
    row = find(session, Proposal, proposal_id)
    return row, spec_of(session, session.get_one(Campaign, row.campaign_id))


async def _assess(services: Services, campaign: str, candidate: dict[str, Any], stage: str) -> Assessment:
    _, request = await services.store.read(lambda session: question(session, campaign))
    payload = {
        "request": request.model_dump(mode="json"),
        "files": services.files.paths(needed_files(request)),
        "candidate": candidate,
        "stage": stage,
    }
    try:
        answer = await services.workers.run(TASK, payload, DEADLINE_S)
    except TaskFailed as error:
        raise Invalid(f"the candidate could not be looked at: {error}") from error
    if answer["faults"]:
        raise Invalid("; ".join(answer["faults"]))
    return Assessment(candidate, answer["key"], answer["prediction"], answer["facts"])
