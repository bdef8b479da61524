"""Who sits before a browser: sessions of the console, and the codes that begin one."""

import secrets
from datetime import datetime, timedelta

from sqlmodel import Session

from controller.access.actors import Actor, Role, token_digest
from controller.store.tables import SignIn, Token, User

LASTS = timedelta(hours=12)  # a shift and what comes before and after it
CODE_LASTS = timedelta(hours=24)

_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that is taken for another
_GROUPS, _GROUP = 4, 4  # 79 bits
_LONGEST = 100  # characters that a code can have been typed with


def find_signed_in(session: Session, secret: str, now: datetime) -> Actor | None:
    """Whose browser this is; None if the session is unknown or has ended, or its user is disabled."""
    row = session.get(SignIn, token_digest(secret))
    if row is None or row.ended_at is not None or row.expires_at <= now:
        return None
    token = session.get(Token, row.token) if row.token else None
    if token is not None and token.revoked_at is not None:
        return None
    user = session.get_one(User, row.user)
    return None if user.disabled else Actor(user.name, Role(user.role))


def new_code() -> str:
    """A code that a person can read out and type."""
    return _grouped("".join(secrets.choice(_LETTERS) for _ in range(_GROUPS * _GROUP)))


def as_code(typed: str) -> str:
    """A code as it was made, however it was typed: spaces, dashes and capitals do not matter."""
    return _grouped("".join(each for each in typed[:_LONGEST] if each.isalnum()).lower())


def _grouped(letters: str) -> str:
    return "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))
