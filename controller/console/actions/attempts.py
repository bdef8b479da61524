"""What is asked for about attempts: to call one off, to settle one in doubt."""

from collections.abc import Mapping
from typing import Any

from controller.access.actors import Actor
from controller.commands import attempts, doubts
from controller.commands.values import Given
from controller.console.actions.registry import action, write
from controller.console.house import House


@action
async def cancel_attempt(house: House, actor: Actor, attempt: str, why: str) -> Any:
    """Call one off that is under way."""
    return await write(house, "cancel", lambda unit: attempts.cancel(unit, actor, attempt, why))


@action
async def ask_again(house: House, actor: Actor, attempt: str, why: str) -> Any:
    """Ask the instrument what became of it."""
    return await write(house, "ask-again", lambda unit: doubts.ask_again(unit, actor, attempt, why))


@action
async def repeat(house: House, actor: Actor, attempt: str, why: str) -> Any:
    """Do it once more."""
    return await write(house, "repeat", lambda unit: doubts.repeat(unit, actor, attempt, why))


@action
async def fail(house: House, actor: Actor, attempt: str, kind: str, why: str) -> Any:
    """Say that it failed."""
    return await write(house, "fail", lambda unit: doubts.fail(unit, actor, attempt, why, kind))


@action
async def enter(
    house: House, actor: Actor, attempt: str, values: Mapping[str, Given], why: str, sample: str | None = None
) -> Any:
    """Say what it gave."""
    return await write(house, "enter", lambda unit: doubts.value(unit, actor, attempt, dict(values), why, sample))
