"""Commands on users and their tokens."""

import re

from controller.access.actors import Actor, Forbidden, Role, new_secret
from controller.access.tokens import add_token, add_user
from controller.commands.errors import Conflict, Invalid
from controller.commands.lookup import find
from controller.store import Unit
from controller.store.tables import Token, User

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


def create_user(unit: Unit, actor: Actor, name: str, role: Role) -> User:
    """Let a person in."""
    actor.require(Role.ADMIN)
    if not _NAME.fullmatch(name):
        raise Invalid(f"{name!r} is no name for a user; use small letters, digits, dots and dashes")
    if unit.session.get(User, name) is not None:
        raise Conflict(f"there is a user {name!r} already")
    return add_user(unit, name, role, by=actor.name)


def set_disabled(unit: Unit, actor: Actor, name: str, *, disabled: bool) -> User:
    """Shut a person out, or let them in again; what they did stays theirs."""
    actor.require(Role.ADMIN)
    user = find(unit.session, User, name)
    if disabled and name == actor.name:
        raise Conflict("nobody can disable themselves; another admin must")
    user.disabled = disabled
    unit.record("user.disable" if disabled else "user.enable", user, subject=name, actor=actor.name)
    return user


def create_token(unit: Unit, actor: Actor, user: str, label: str) -> str:
    """Make a token of a user; returns it, which is shown once and stored as a hash only."""
    _own_or_admin(actor, user)
    find(unit.session, User, user)
    secret = new_secret()
    add_token(unit, user, label, by=actor.name, secret=secret)
    return secret


def revoke_token(unit: Unit, actor: Actor, sha256: str, why: str) -> Token:
    """End a token, named by its digest."""
    token = find(unit.session, Token, sha256)
    _own_or_admin(actor, token.user)
    if token.revoked_at is not None:
        raise Conflict("this token was revoked already")
    token.revoked_at = unit.now
    unit.record("token.revoke", token, subject=token.user, actor=actor.name, label=token.label, why=why)
    return token


def _own_or_admin(actor: Actor, user: str) -> None:
    if actor.name != user and actor.role is not Role.ADMIN:
        raise Forbidden(f"{actor.name} may not handle the tokens of {user}")
