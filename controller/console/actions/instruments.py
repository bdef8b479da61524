"""What is asked for about instruments, and the e-stop."""

from datetime import timedelta
from typing import Any

from controller.access.actors import Actor
from controller.commands import instruments
from controller.commands.errors import Invalid
from controller.console.actions.registry import action, write
from controller.console.given import number
from controller.console.house import House
from controller.console.texts import say

LONGEST_ARMED_H = 30 * 24.0  # as the API has it


@action
async def estop(house: House, actor: Actor, instrument: str | None = None) -> Any:
    """Stop one instrument or all, at once; the reason is asked for afterwards."""
    return await house.recorder.stop(actor, instrument, "")


@action
async def explain_estop(house: House, actor: Actor, estop: str, why: str) -> Any:
    """Say why an e-stop was pressed."""
    return await write(house, "estop-why", lambda unit: instruments.explain_estop(unit, actor, estop, why))


@action
async def reset(house: House, actor: Actor, estop: str, why: str) -> Any:
    """End an e-stop."""
    return await write(house, "reset", lambda unit: instruments.reset(unit, actor, estop, why))


@action
async def pause_instrument(house: House, actor: Actor, instrument: str, why: str) -> Any:
    """Give it nothing new."""
    return await write(
        house, "pause", lambda unit: instruments.set_paused(unit, actor, instrument, paused=True, why=why)
    )


@action
async def resume_instrument(house: House, actor: Actor, instrument: str, why: str) -> Any:
    """Give it work again."""
    return await write(
        house, "resume", lambda unit: instruments.set_paused(unit, actor, instrument, paused=False, why=why)
    )


@action
async def arm(house: House, actor: Actor, instrument: str, hours: float) -> Any:
    """Let a real instrument take work for a while."""
    if number(hours) > LONGEST_ARMED_H:
        raise Invalid(say("instruments.too_long"))
    length = timedelta(hours=hours)
    return await write(house, "arm", lambda unit: instruments.arm(unit, actor, instrument, unit.now + length))


@action
async def disarm(house: House, actor: Actor, instrument: str) -> Any:
    """Let it take no further work."""
    return await write(house, "disarm", lambda unit: instruments.disarm(unit, actor, instrument))


@action
async def accept_description(house: House, actor: Actor, instrument: str, digest: str) -> Any:
    """Accept what an instrument says of itself."""
    return await write(house, "accept", lambda unit: instruments.accept_description(unit, actor, instrument, digest))
