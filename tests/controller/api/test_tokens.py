"""Users, their tokens, and the token that the daemon leaves for its own machine."""

import os
import stat
from pathlib import Path

import pytest
from sqlmodel import select

from controller.access.actors import Actor, Forbidden, Role, token_digest
from controller.access.tokens import TokenFileError, ensure_admin_token, find_actor
from controller.commands import users
from controller.commands.errors import Conflict, Invalid, NotFound
from controller.store.tables import Event, Token, User
from tests.controller.world import ADMIN, World


async def _whose(world: World, path: Path) -> Actor | None:
    secret = path.read_text().strip()
    return await world.store.read(lambda session: find_actor(session, secret))


async def test_the_first_start_writes_a_token_that_only_this_account_can_read(world: World, tmp_path: Path) -> None:
    path = tmp_path / "data" / "admin-token"
    await ensure_admin_token(world.store, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert await _whose(world, path) == Actor("admin", Role.ADMIN)
    written = path.read_text()
    await ensure_admin_token(world.store, path)
    assert path.read_text() == written
    assert [each.name for each in path.parent.iterdir()] == ["admin-token"]
    secret = written.strip()
    events = await world.store.read(lambda session: [each.model_dump_json() for each in session.exec(select(Event))])
    assert not any(secret in event for event in events)


async def test_a_start_after_a_crash_between_file_and_row_makes_the_row(world: World, tmp_path: Path) -> None:
    path = tmp_path / "admin-token"
    path.write_text("t" * 43 + "\n")
    path.chmod(0o600)
    await ensure_admin_token(world.store, path)
    assert await _whose(world, path) == Actor("admin", Role.ADMIN)


async def test_a_lost_file_is_written_anew_and_a_revoked_token_stays_revoked(world: World, tmp_path: Path) -> None:
    path = tmp_path / "admin-token"
    await ensure_admin_token(world.store, path)
    path.unlink()
    await ensure_admin_token(world.store, path)
    digest = token_digest(path.read_text().strip())
    await world.store.write(lambda unit: users.revoke_token(unit, ADMIN, digest, "leaked"), name="test")
    await ensure_admin_token(world.store, path)
    assert await _whose(world, path) is None
    names = await world.store.read(lambda session: session.exec(select(User.name)).all())
    assert list(names).count("admin") == 1


async def test_a_file_that_others_can_read_or_made_is_refused(world: World, tmp_path: Path) -> None:
    path = tmp_path / "admin-token"
    path.write_text("t" * 43)
    path.chmod(0o640)
    with pytest.raises(TokenFileError, match="others"):
        await ensure_admin_token(world.store, path)
    path.unlink()
    path.symlink_to("/dev/null")
    with pytest.raises(TokenFileError, match="others"):
        await ensure_admin_token(world.store, path)
    path.unlink()
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    with pytest.raises(TokenFileError, match="no token"):
        await ensure_admin_token(world.store, path)


async def test_users_and_tokens_are_the_admins_business(world: World) -> None:
    operator = Actor("otto", Role.OPERATOR)
    write = world.store.write
    with pytest.raises(Forbidden):
        await write(lambda unit: users.create_user(unit, operator, "eve", Role.ADMIN), name="test")
    with pytest.raises(Forbidden):
        await write(lambda unit: users.create_token(unit, operator, "ada", "mine"), name="test")
    with pytest.raises(Conflict):
        await write(lambda unit: users.create_user(unit, ADMIN, "otto", Role.VIEWER), name="test")
    with pytest.raises(Invalid):
        await write(lambda unit: users.create_user(unit, ADMIN, "../x", Role.VIEWER), name="test")
    with pytest.raises(NotFound):
        await write(lambda unit: users.create_token(unit, ADMIN, "eve", "x"), name="test")
    with pytest.raises(Conflict):
        await write(lambda unit: users.set_disabled(unit, ADMIN, "ada", disabled=True), name="test")
    eve = Actor("eve", Role.ADMIN)  # disabled by ada a moment ago
    with pytest.raises(Conflict, match="last admin"):
        await write(lambda unit: users.set_disabled(unit, eve, "ada", disabled=True), name="test")
    with pytest.raises(Invalid, match="first 8"):
        await write(lambda unit: users.revoke_token(unit, ADMIN, "0", "x"), name="test")
    with pytest.raises(NotFound):
        await write(lambda unit: users.revoke_token(unit, ADMIN, "%%%%%%%%", "x"), name="test")
    own = await write(lambda unit: users.create_token(unit, operator, "otto", "phone"), name="test")
    assert await world.store.read(lambda session: find_actor(session, own)) == operator
    await write(lambda unit: users.revoke_token(unit, operator, token_digest(own), "lost"), name="test")
    assert await world.store.read(lambda session: find_actor(session, own)) is None
    with pytest.raises(Conflict):
        await write(lambda unit: users.revoke_token(unit, operator, token_digest(own), "lost"), name="test")
    kept = await world.store.read(lambda session: session.exec(select(Token.sha256)).all())
    assert own not in kept
