"""What admins ask for about people and their tokens."""

from typing import Any

from controller.access.actors import Actor, Role
from controller.commands import sign_ins, users
from controller.console.actions.registry import action, write
from controller.console.house import House


@action
async def create_user(house: House, actor: Actor, name: str, role: str) -> Any:
    """Let a person in."""
    return await write(house, "user", lambda unit: users.create_user(unit, actor, name, Role(role)))


@action
async def disable_user(house: House, actor: Actor, name: str, why: str) -> Any:
    """Shut a person out, with all their tokens and sessions."""
    return await write(house, "disable", lambda unit: users.set_disabled(unit, actor, name, disabled=True, why=why))


@action
async def enable_user(house: House, actor: Actor, name: str, why: str) -> Any:
    """Let a person in again."""
    return await write(house, "enable", lambda unit: users.set_disabled(unit, actor, name, disabled=False, why=why))


@action
async def make_code(house: House, actor: Actor, name: str) -> Any:
    """A code with which a person signs in once."""
    return await write(house, "code", lambda unit: sign_ins.create_code(unit, actor, name))


@action
async def make_token(house: House, actor: Actor, name: str, label: str) -> Any:
    """A token of a person, shown once."""
    return await write(house, "token", lambda unit: users.create_token(unit, actor, name, label))


@action
async def revoke_token(house: House, actor: Actor, token: str, why: str) -> Any:
    """End a token."""
    return await write(house, "revoke", lambda unit: users.revoke_token(unit, actor, token, why))
