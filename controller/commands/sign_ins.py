"""Signing in to the console and out of it, and what people sign in with."""

from sqlalchemy import select
from sqlmodel import col

from controller.access.actors import Actor, Forbidden, NotSignedIn, Role, new_secret, token_digest
from controller.access.sign_ins import CODE_LASTS, LASTS, new_code
from controller.commands.errors import Conflict
from controller.commands.lookup import find
from controller.store import Unit
from controller.store.tables import SignIn, SignInCode, Token, User

WRONG = "the name, the password or the code is wrong, or the user is disabled"


def create_code(unit: Unit, actor: Actor, name: str) -> str:
    """A code with which a user signs in once, within a day; returns it, which is stored as a hash only."""
    actor.require(Role.ADMIN)
    if find(unit.session, User, name).disabled:
        raise Conflict(f"{name} is disabled: a code would let nobody in")
    code = new_code()
    row = SignInCode(sha256=token_digest(code), user=name, made_at=unit.now, expires_at=unit.now + CODE_LASTS)
    unit.record("sign-in.code", row, subject=name, actor=actor.name)
    return code


def sign_in_by_secret(unit: Unit, given: str) -> str:
    """Begin a session with a code or a token; returns the session's secret. Raises `NotSignedIn`."""
    digest = token_digest(given.strip())
    code = unit.session.get(SignInCode, token_digest(given.strip().lower()))
    if code is not None:
        if code.used_at is not None or code.expires_at <= unit.now:
            raise NotSignedIn("this code was used before, or is older than a day; ask for another one")
        code.used_at = unit.now
        return _begin(unit, code.user, "code", code)
    token = unit.session.get(Token, digest)
    if token is None or token.revoked_at is not None:
        raise NotSignedIn(WRONG)
    return _begin(unit, token.user, "token", token=digest)


def sign_in_by_password(unit: Unit, name: str, verified: str) -> str:
    """Begin a session; `verified` is the hash that the password was found to have. Raises `NotSignedIn`."""
    user = unit.session.get(User, name)
    if user is None or user.password_hash != verified:
        raise NotSignedIn(WRONG)
    return _begin(unit, name, "password")


def _begin(unit: Unit, name: str, how: str, *rows: SignInCode, token: str | None = None) -> str:
    if unit.session.get_one(User, name).disabled:
        raise NotSignedIn(WRONG)
    secret = new_secret()
    row = SignIn(
        sha256=token_digest(secret), user=name, how=how, token=token, made_at=unit.now, expires_at=unit.now + LASTS
    )
    unit.record("sign-in", row, *rows, subject=name, actor=name, how=how)
    return secret


def sign_out(unit: Unit, secret: str) -> None:
    """End a session; nothing happens if it has ended."""
    row = unit.session.get(SignIn, token_digest(secret))
    if row is not None and row.ended_at is None:
        row.ended_at = unit.now
        unit.record("sign-out", row, subject=row.user, actor=row.user)


def set_password(unit: Unit, actor: Actor, name: str, password_hash: str, secret: str) -> User:
    """Set one's own password; ends all of one's sessions but the one of `secret`."""
    if actor.name != name:
        raise Forbidden("everybody sets their own password; an admin gives a sign-in code to who has forgotten theirs")
    user = find(unit.session, User, name)
    user.password_hash = password_hash
    unit.record("user.password", user, *_end_others(unit, name, secret), subject=name, actor=actor.name)
    return user


def end_others(unit: Unit, actor: Actor, secret: str) -> int:
    """End all of one's own sessions but the one of `secret`; returns how many there were."""
    if others := _end_others(unit, actor.name, secret):
        unit.record("sign-out.others", *others, subject=actor.name, actor=actor.name)
    return len(others)


def _end_others(unit: Unit, name: str, secret: str) -> list[SignIn]:
    query = select(SignIn).where(
        col(SignIn.user) == name,
        col(SignIn.ended_at).is_(None),
        col(SignIn.expires_at) > unit.now,
        col(SignIn.sha256) != token_digest(secret),
    )
    others = list(unit.session.scalars(query))
    for other in others:
        other.ended_at = unit.now
    return others
