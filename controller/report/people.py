"""Who may use the system, and with which tokens; the tokens themselves are kept nowhere."""

from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from controller.access.actors import Actor, Role
from controller.report.lists import as_dict
from controller.store.tables import Token, User


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
