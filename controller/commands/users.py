"""Commands on users and their tokens."""

import re

from sqlalchemy import func, select
from sqlmodel import col

from controller.access.actors import Actor, Forbidden, Role, new_secret
from controller.access.tokens import add_token, add_user
from controller.commands.errors import Conflict, Invalid, NotFound
from controller.commands.lookup import find
from controller.store import Unit
from controller.store.tables import Token, User

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
SHORTEST = 8  # characters of a token's digest that name it


def create_user(unit: Unit, actor: Actor, name: str, role: Role) -> User:
    """Let a person in."""
    actor.require(Role.ADMIN)
    if not _NAME.fullmatch(name):
        raise Invalid(f"{name!r} is no name for a user; use small letters, digits, dots and dashes")
    if unit.session.get(User, name) is not None:
        raise Conflict(f"there is a user {name!r} already")
    return add_user(unit, name, role, by=actor.name)


def set_disabled(unit: Unit, actor: Actor, name: str, *, disabled: bool, why: str | None = None) -> User:
    """Shut a person out, or let them in again; what they did stays theirs."""
    actor.require(Role.ADMIN)
    user = find(unit.session, User, name)
    if disabled and name == actor.name:
        raise Conflict("nobody can disable themselves; another admin must")
    if user.disabled == disabled:
        raise Conflict(f"{name} is {'disabled' if disabled else 'not disabled'} already")
    if disabled and user.role == Role.ADMIN.value and _other_admins(unit, name) == 0:
        raise Conflict(f"{name} is the last admin; make another one first")
    user.disabled = disabled
    unit.record("user.disable" if disabled else "user.enable", user, subject=name, actor=actor.name, why=why)
    return user


def _other_admins(unit: Unit, name: str) -> int:
    """Counted in the transaction: two admins who disable each other at one moment must not both succeed."""
    others = select(func.count()).where(
        col(User.role) == Role.ADMIN.value, col(User.disabled).is_(False), col(User.name) != name
    )
    return unit.session.scalar(others) or 0


def create_token(unit: Unit, actor: Actor, user: str, label: str) -> str:
    """Make a token of a user; returns it, which is shown once and stored as a hash only."""
    _own_or_admin(actor, user)
    if find(unit.session, User, user).disabled:
        raise Conflict(f"{user} is disabled: a token would let nobody in")
    secret = new_secret()
    add_token(unit, user, label, by=actor.name, secret=secret)
    return secret


def revoke_token(unit: Unit, actor: Actor, token: str, why: str) -> Token:
    """End a token, named by its digest or the beginning of that."""
    row = _find_token(unit, token)
    _own_or_admin(actor, row.user)
    if row.revoked_at is not None:
        raise Conflict("this token was revoked already")
    row.revoked_at = unit.now
    unit.record("token.revoke", row, subject=row.user, actor=actor.name, label=row.label, why=why)
    return row


def _find_token(unit: Unit, beginning: str) -> Token:
    if len(beginning) < SHORTEST:
        raise Invalid(f"name a token by at least the first {SHORTEST} characters of its digest")
    found = unit.session.scalars(select(Token).where(col(Token.sha256).startswith(beginning, autoescape=True))).all()
    if len(found) != 1:
        raise NotFound(f"{len(found)} tokens begin with {beginning!r}" if found else f"no token {beginning!r}")
    return found[0]


def _own_or_admin(actor: Actor, user: str) -> None:
    if actor.name != user and actor.role is not Role.ADMIN:
        raise Forbidden(f"{actor.name} may not handle the tokens of {user}")
