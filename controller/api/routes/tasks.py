"""Steps by hand: what is to be done, and what came out."""

from typing import Any

from fastapi import APIRouter, Response

from controller.access.actors import Actor
from controller.api.bodies import Asking, Key, Measured, Serving, listed
from controller.commands import tasks as commands
from controller.commands.errors import Invalid
from controller.report import lists
from controller.store import Unit
from controller.store.tables import Attempt

router = APIRouter(prefix="/tasks", tags=["tasks"])


@router.get("")
async def list_tasks(services: Serving) -> Response:
    """Tasks that wait for somebody, oldest first."""
    return await listed(services, lists.tasks)


@router.post("/{attempt_id}/measure")
async def measure(services: Serving, actor: Asking, attempt_id: Key, body: Measured) -> dict[str, Any]:
    """Tell what a task gave, or how it failed."""
    if body.failed is not None and (body.values is not None or body.files or body.sample is not None):
        raise Invalid("what failed has no values, no files and no sample")
    return await services.store.write(
        lambda unit: lists.as_dict(_measure(unit, actor, attempt_id, body)), name="measure"
    )


def _measure(unit: Unit, actor: Actor, attempt_id: str, body: Measured) -> Attempt:
    if body.failed is not None:
        return commands.fail(unit, actor, attempt_id, body.failed, body.why)
    given = {name: (each.value, each.unit) for name, each in (body.values or {}).items()}
    return commands.measure(unit, actor, attempt_id, given, files=body.files, sample=body.sample, why=body.why)
