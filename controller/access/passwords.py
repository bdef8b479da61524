"""Passwords of people, hashed with argon2id. Both functions take a tenth of a second: call them off the event loop."""

import secrets
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 12, 200  # characters


def hash_password(password: str) -> str:
    """What is stored of a password; raises `ValueError` for one that is too short, or too long to be one."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise ValueError(f"a password has at least {SHORTEST} and at most {LONGEST} characters")
    return _hasher().hash(password)


def verify_password(password: str, kept: str | None) -> bool:
    """Whether it is the one. Without a `kept` hash it takes as long, so that the time tells nothing of who there is."""
    from argon2.exceptions import VerificationError

    try:
        return _hasher().verify(kept or _nobody(), password[: LONGEST + 1]) and kept is not None
    except VerificationError:
        return False


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobody() -> str:
    return _hasher().hash(secrets.token_urlsafe())
