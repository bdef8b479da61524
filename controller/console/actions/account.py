"""What people ask for about their own account."""

from typing import Any

from controller.access.actors import Actor
from controller.commands import sign_ins
from controller.commands.errors import Conflict
from controller.console.actions.registry import action, write
from controller.console.house import House
from controller.console.texts import say
from controller.serving import passwords


@action
async def change_password(house: House, actor: Actor, secret: str, present: str, wanted: str) -> Any:
    """Choose another password; whoever guesses the present one is made to wait."""
    key = f"account {actor.name}"
    if (wait := house.limiter.wait_s(key, key)) > 0:
        raise Conflict(say("sign_in.too_many", minutes=f"{wait / 60:.0f}"))
    house.limiter.tries(key, key)
    guessed = False
    try:
        await passwords.change_password(house.services, actor, secret, present, wanted)
    except passwords.WrongPassword:
        guessed = True
        raise
    finally:
        if not guessed:
            house.limiter.forgive(key, key)


@action
async def end_other_sessions(house: House, actor: Actor, secret: str) -> Any:
    """Sign out everywhere else."""
    return await write(house, "sign-out", lambda unit: sign_ins.end_others(unit, actor, secret))
