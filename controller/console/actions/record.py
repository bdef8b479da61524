"""What is asked for about the record: to verify it, to correct it, to settle what was refused."""

from typing import Any

from controller.access.actors import Actor
from controller.commands import corrections, quarantine
from controller.console.actions.registry import action, write
from controller.console.given import number
from controller.console.house import House


@action
async def verify(house: House, actor: Actor) -> Any:
    """Check the whole audit trail, and all rows against it."""
    return await house.auditor.verify(actor)


@action
async def correct(house: House, actor: Actor, measurement: str, value: float, why: str) -> Any:
    """Put another value in the place of a measured one."""
    return await write(house, "correct", lambda unit: corrections.correct(unit, actor, measurement, number(value), why))


@action
async def discard(house: House, actor: Actor, message: str, why: str) -> Any:
    """Say that nothing comes of a refused message."""
    return await write(house, "discard", lambda unit: quarantine.discard(unit, actor, message, why))


@action
async def accept_corrected(house: House, actor: Actor, message: str, payload: str, why: str) -> Any:
    """Take a corrected result in the place of a refused one; what became of it."""
    row = await write(house, "accept", lambda unit: quarantine.accept(unit, actor, message, payload, why))
    return row.settled_how
