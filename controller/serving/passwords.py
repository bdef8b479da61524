"""A person changes their own password: checked and hashed off the event loop."""

import asyncio

from sqlmodel import Session

from controller.access.actors import Actor, token_digest
from controller.access.passwords import hash_password, verify_password
from controller.commands import sign_ins
from controller.commands.errors import Invalid, NotFound
from controller.report.people import account
from controller.serving.services import Services
from controller.store.tables import SignIn, User

WRONG = "the present password is another one"


class WrongPassword(Invalid):
    """The present password is another one; whoever guesses is made to wait."""


async def change_password(services: Services, actor: Actor, secret: str, present: str, wanted: str) -> None:
    """Give the person of this session another password; ends their other sessions.

    Raises `NotFound`, `WrongPassword`, `Invalid` where the wanted one is too short or too long, or `Conflict` if the
    present one was changed while this went on.
    """
    kept = await services.store.read(lambda session: _asked(session, actor, secret))
    if kept is not None and not await asyncio.to_thread(verify_password, present, kept):
        raise WrongPassword(WRONG)
    try:
        fresh = await asyncio.to_thread(hash_password, wanted)
    except ValueError as error:
        raise Invalid(str(error)) from None
    await services.store.write(lambda unit: sign_ins.set_password(unit, actor, secret, kept, fresh), name="password")


def _asked(session: Session, actor: Actor, secret: str) -> str | None:
    """The hash that the present password must have; None where none is asked for."""
    row = session.get(SignIn, token_digest(secret))
    if row is None or row.user != actor.name:
        raise NotFound(f"this is no session of {actor.name}")
    found = account(session, secret)
    return session.get_one(User, found["name"]).password_hash if found["asks_password"] else None
