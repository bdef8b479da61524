"""Candidates that people put forward are looked at in a worker before they are written."""

from typing import Any

from adapters.compute import TaskFailed
from controller.api.services import Services
from controller.commands.candidates import Assessment, question
from controller.commands.errors import Invalid
from controller.effects.propose import needed_files

TASK = "controller.effects.tasks:assess"
DEADLINE_S = 120.0


async def assess(services: Services, campaign: str, candidate: dict[str, Any], stage: str) -> Assessment:
    """The candidate with its key, a fresh prediction and facts; raises `Invalid` where the space does not hold it."""
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
