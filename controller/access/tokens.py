"""Users and their tokens as rows, and the token that the daemon leaves for the command line on its own machine."""

import os
import stat
import tempfile
from pathlib import Path

from sqlmodel import Session

from controller.access.actors import Actor, Role, new_secret, token_digest
from controller.loop.instrument import REMOVED
from controller.store import Store, Unit
from controller.store.tables import Instrument, Token, User

ADMIN = "admin"


class TokenFileError(RuntimeError):
    """The token file cannot be trusted; the text says what to do."""


def find_actor(session: Session, token: str) -> Actor | None:
    """Whose token this is; None if it is unknown or revoked, or its user is disabled."""
    row = session.get(Token, token_digest(token))
    if row is None or row.revoked_at is not None:
        return None
    user = session.get_one(User, row.user)
    return None if user.disabled else Actor(user.name, Role(user.role))


def find_password_hash(session: Session, instrument: str) -> str | None:
    """Of an enrolled instrument that was not removed."""
    row = session.get(Instrument, instrument)
    return None if row is None or row.state == REMOVED else row.password_hash


def add_user(unit: Unit, name: str, role: Role, by: str) -> User:
    """Make the row of a new user."""
    user = User(name=name, role=role.value)
    unit.record("user.create", user, subject=name, actor=by, role=role.value)
    return user


def add_token(unit: Unit, user: str, label: str, by: str, secret: str) -> Token:
    """Make the row of a token; the secret itself is stored nowhere in the database."""
    token = Token(sha256=token_digest(secret), user=user, label=label, made_at=unit.now)
    unit.record("token.create", token, subject=user, actor=by, label=label)
    return token


async def ensure_admin_token(store: Store, path: Path) -> None:
    """See that the user `admin` exists and that `path` holds a token of it, readable by this account only.

    The file comes first and its row second; after a crash between them the next call makes the row. A token that an
    admin has revoked stays revoked. Raises `TokenFileError`.
    """
    secret = _read(path) if path.exists() else _write(path, new_secret())
    if not await store.read(lambda session: session.get(Token, token_digest(secret))):
        await store.write(lambda unit: _adopt(unit, secret), name="admin-token")


def _adopt(unit: Unit, secret: str) -> None:
    if unit.session.get(User, ADMIN) is None:
        add_user(unit, ADMIN, Role.ADMIN, by="daemon")
    add_token(unit, ADMIN, "command line on the daemon's machine", by="daemon", secret=secret)


def _read(path: Path) -> str:
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise TokenFileError(f"{path} can be read or was made by others; delete it, and a new one is made at the start")
    secret = path.read_text(encoding="ascii", errors="replace").strip()
    if len(secret) < 43:  # 256 bits in base64
        raise TokenFileError(f"{path} holds no token; delete it, and a new one is made at the start")
    return secret


def _write(path: Path, secret: str) -> str:
    """The file appears whole or not at all; `mkstemp` makes it with O_EXCL and mode 0600."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secret + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(name, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return secret
