"""What people tell of steps that they carry out, and the files that they bring."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from adapters.instruments.messages import File
from controller.access.actors import Actor
from controller.commands import tasks
from controller.commands.values import Given
from controller.console.actions.registry import action, write
from controller.console.house import House
from controller.serving import uploads


@action
async def measure(
    house: House,
    actor: Actor,
    attempt: str,
    values: Mapping[str, Given],
    files: Sequence[File] = (),
    sample: str | None = None,
    why: str | None = None,
) -> Any:
    """Tell what a task gave."""
    return await write(
        house,
        "measure",
        lambda unit: tasks.measure(unit, actor, attempt, values, files=files, sample=sample, why=why),
    )


@action
async def fail_task(house: House, actor: Actor, attempt: str, kind: str, why: str) -> Any:
    """Tell how a task failed."""
    return await write(house, "fail-task", lambda unit: tasks.fail(unit, actor, attempt, kind, why))


@action
async def keep_file(house: House, actor: Actor, name: str, media_type: str, parts: AsyncIterator[bytes]) -> File:
    """Put a file into the store; what a task gave may then name it."""
    return await uploads.keep_of(house.services, actor, name, media_type, parts)
