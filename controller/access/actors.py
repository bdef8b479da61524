"""People and their roles, and what a role may do."""

import hashlib
import secrets
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Each role may do what the one before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


_RANK = {Role.VIEWER: 0, Role.OPERATOR: 1, Role.ADMIN: 2}


class Forbidden(PermissionError):
    """The role does not allow it."""


class NotSignedIn(PermissionError):
    """Nobody is known by this; the text says what to do."""


@dataclass(frozen=True)
class Actor:
    """Who asks."""

    name: str
    role: Role

    def require(self, role: Role) -> None:
        """Raise `Forbidden` unless this actor has that role or a higher one."""
        if _RANK[self.role] < _RANK[role]:
            raise Forbidden(f"{self.name} is {self.role}; this takes the role {role}")


def new_secret() -> str:
    """A fresh secret of 256 bits."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> str:
    """What is stored of a token. It has 256 bits of randomness, so a plain hash suffices."""
    return hashlib.sha256(token.encode()).hexdigest()
