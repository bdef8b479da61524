"""Who may use the system, and with which tokens; the tokens themselves are kept nowhere."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from controller.access.actors import Actor, Role, token_digest
from controller.report.lists import as_dict
from controller.store.tables import SignIn, Token, User


def users(session: Session) -> list[dict[str, Any]]:
    """All users by name."""
    return [user(row) for row in session.scalars(select(User).order_by(col(User.name)))]


def user(row: User) -> dict[str, Any]:
    """One user, without the hash of their password."""
    return {**as_dict(row, "name", "role", "disabled"), "has_password": row.password_hash is not None}


def tokens(session: Session, actor: Actor, name: str | None) -> list[dict[str, Any]]:
    """Tokens by user and age: to an admin all of them, to others their own."""
    query = select(Token).order_by(col(Token.user), col(Token.made_at))
    if actor.role is not Role.ADMIN:
        query = query.where(col(Token.user) == actor.name)
    if name is not None:
        query = query.where(col(Token.user) == name)
    return [as_dict(row) for row in session.scalars(query)]


def account(session: Session, secret: str) -> dict[str, Any]:
    """Of the person whose session this is: their name, and whether a change of password takes the present one.

    Who has forgotten it signs in with a code from an admin, and chooses another one.
    """
    row = session.get_one(SignIn, token_digest(secret))
    known = session.get_one(User, row.user).password_hash is not None
    return {"name": row.user, "has_password": known, "asks_password": known and row.how != "code"}


def sign_ins(session: Session, secret: str, now: datetime) -> list[dict[str, Any]]:
    """The open sessions of the person whose session this is, the latest first."""
    this = session.get_one(SignIn, token_digest(secret))
    query = select(SignIn).where(
        col(SignIn.user) == this.user, col(SignIn.ended_at).is_(None), col(SignIn.expires_at) > now
    )
    rows = session.scalars(query.order_by(col(SignIn.made_at).desc()))
    return [{**as_dict(row, "how", "made_at", "expires_at"), "this": row.sha256 == this.sha256} for row in rows]
