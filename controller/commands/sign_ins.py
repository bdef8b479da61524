"""Signing in to the console and out of it, and what people sign in with."""

from sqlalchemy import select
from sqlmodel import col

from controller.access.actors import Actor, NotSignedIn, Role, new_secret, token_digest
from controller.access.sign_ins import CODE_LASTS, LASTS, as_code, find_signed_in, new_code
from controller.commands.errors import Conflict, NotFound
from controller.commands.lookup import find
from controller.store import Unit
from controller.store.tables import SignIn, SignInCode, Token, User

WRONG = "the name or the password is wrong, or the user is disabled"
WRONG_CODE = "this code is wrong or has been used, or the user is disabled; ask an admin for another one"


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
    code = unit.session.get(SignInCode, token_digest(as_code(given)))
    if code is not None:
        if code.used_at is not None or code.expires_at <= unit.now:
            raise NotSignedIn("this code was used before, or is older than a day; ask for another one")
        code.used_at = unit.now
        return _begin(unit, code.user, "code", code)
    token = unit.session.get(Token, digest)
    if token is None or token.revoked_at is not None:
        raise NotSignedIn(WRONG_CODE)
    return _begin(unit, token.user, "token", token=digest)


def sign_in_by_password(unit: Unit, name: str, verified: str) -> str:
    """Begin a session; `verified` is the hash that the password was found to have. Raises `NotSignedIn`."""
    user = unit.session.get(User, name)
    if user is None or user.password_hash != verified:
        raise NotSignedIn(WRONG)
    return _begin(unit, name, "password")


def _begin(unit: Unit, name: str, how: str, *rows: SignInCode, token: str | None = None) -> str:
    if unit.session.get_one(User, name).disabled:
        raise NotSignedIn(WRONG if how == "password" else WRONG_CODE)
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


def set_password(unit: Unit, actor: Actor, secret: str, verified: str | None, password_hash: str) -> User:
    """Set one's own password from the session of `secret`; ends all of one's other sessions.

    `verified` is the hash that the present password was found to have; who came with a code is asked for none.
    """
    session = _own_session(unit, actor, secret)
    user = unit.session.get_one(User, actor.name)
    if session.how != "code" and user.password_hash != verified:
        raise Conflict("the password was changed a moment ago, from elsewhere; try again with the new one")
    user.password_hash = password_hash
    unit.record("user.password", user, *_end_others(unit, session), subject=user.name, actor=actor.name)
    return user


def end_others(unit: Unit, actor: Actor, secret: str) -> int:
    """End all of one's own sessions but the one of `secret`; returns how many there were."""
    if others := _end_others(unit, _own_session(unit, actor, secret)):
        unit.record("sign-out.others", *others, subject=actor.name, actor=actor.name)
    return len(others)


def _own_session(unit: Unit, actor: Actor, secret: str) -> SignIn:
    """It may have ended since it was looked at: then nothing is done in its name. Raises `NotFound`."""
    known = find_signed_in(unit.session, secret, unit.now)
    if known is None or known.name != actor.name:
        raise NotFound(f"this is no session of {actor.name}")
    return unit.session.get_one(SignIn, token_digest(secret))


def _end_others(unit: Unit, session: SignIn) -> list[SignIn]:
    query = select(SignIn).where(
        col(SignIn.user) == session.user,
        col(SignIn.ended_at).is_(None),
        col(SignIn.expires_at) > unit.now,
        col(SignIn.sha256) != session.sha256,
    )
    others = list(unit.session.scalars(query))
    for other in others:
        other.ended_at = unit.now
    return others
