"""One's own password and sessions."""

import asyncio

import pytest

from controller.access.actors import Actor, NotSignedIn, Role, token_digest
from controller.access.passwords import verify_password
from controller.commands import sign_ins
from controller.commands.errors import Conflict, Invalid, NotFound
from controller.console import House, actions
from controller.report import people
from controller.report.audit import audit
from controller.serving import passwords
from controller.store.tables import SignIn, User
from tests.controller.world import ADMIN, World

OTTO = Actor("otto", Role.OPERATOR)
FIRST, SECOND = "a first long password", "a second long password"


@pytest.fixture
def house(world: World) -> House:
    state = world.app.state
    return House(state.services, state.bell, state.recorder)


async def begin(world: World) -> str:
    """A session that began with a token."""
    return await world.store.write(lambda unit: sign_ins.sign_in_by_secret(unit, world.tokens["operator"]), name="t")


async def kept(world: World) -> str:
    return await world.store.read(lambda session: session.get_one(User, "otto").password_hash or "")


async def change(house: House, secret: str, present: str, wanted: str) -> None:
    await actions.change_password(house, OTTO, secret=secret, present=present, wanted=wanted)


async def test_the_present_password_is_asked_for_and_guessing_takes_long(world: World, house: House) -> None:
    here, there = await begin(world), await begin(world)
    await change(house, here, "", FIRST)
    assert verify_password(FIRST, await kept(world))
    assert await house.actor(there) is None, "sessions elsewhere end"
    assert await house.actor(here) == OTTO
    with pytest.raises(Invalid, match="at least 12"):
        await change(house, here, FIRST, "short")
    for _ in range(5):
        with pytest.raises(Invalid, match="present password"):
            await change(house, here, "another one", SECOND)
    with pytest.raises(Conflict, match="Too many"):
        await change(house, here, FIRST, SECOND)
    assert verify_password(FIRST, await kept(world))
    assert (await world.store.read(audit)).ok


async def test_of_two_changes_at_once_one_counts(world: World, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    here = await begin(world)
    await change(house, here, "", FIRST)
    verify = passwords.verify_password
    later = asyncio.get_running_loop()

    def meanwhile(present: str, kept: str | None) -> bool:
        """While the present password is looked at, somebody else in the same session changes it."""
        monkeypatch.setattr(passwords, "verify_password", verify)
        asyncio.run_coroutine_threadsafe(change(house, here, FIRST, SECOND), later).result()
        return verify(present, kept)

    monkeypatch.setattr(passwords, "verify_password", meanwhile)
    with pytest.raises(Conflict, match="a moment ago"):
        await change(house, here, FIRST, "a third long password")
    assert verify_password(SECOND, await kept(world))


async def test_a_session_that_has_ended_meanwhile_changes_nothing(
    world: World, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = await begin(world), await begin(world)
    hash_it = passwords.hash_password
    later = asyncio.get_running_loop()

    def meanwhile(wanted: str) -> str:
        asyncio.run_coroutine_threadsafe(actions.end_other_sessions(house, OTTO, secret=there), later).result()
        return hash_it(wanted)

    monkeypatch.setattr(passwords, "hash_password", meanwhile)
    with pytest.raises(NotFound):
        await change(house, here, "", FIRST)
    assert await kept(world) == ""
    with pytest.raises(NotFound):
        await actions.end_other_sessions(house, OTTO, secret=here)
    assert await house.actor(there) == OTTO


async def test_who_came_with_a_code_has_forgotten_it(world: World, house: House) -> None:
    await change(house, await begin(world), "", FIRST)
    code = await world.store.write(lambda unit: sign_ins.create_code(unit, ADMIN, "otto"), name="t")
    secret = await world.store.write(lambda unit: sign_ins.sign_in_by_secret(unit, code), name="t")
    await change(house, secret, "", SECOND)
    assert verify_password(SECOND, await kept(world))
    with pytest.raises(NotSignedIn):
        await world.store.write(lambda unit: sign_ins.sign_in_by_secret(unit, code), name="t")


async def test_nobody_uses_the_session_of_another(world: World, house: House) -> None:
    vera = await world.store.write(lambda unit: sign_ins.sign_in_by_secret(unit, world.tokens["viewer"]), name="t")
    with pytest.raises(NotFound):
        await change(house, vera, "", FIRST)
    assert await kept(world) == ""


async def test_all_other_sessions_end_and_only_ones_own(world: World, house: House) -> None:
    mine, others = await begin(world), [await begin(world), await begin(world)]
    vera = await world.store.write(lambda unit: sign_ins.sign_in_by_secret(unit, world.tokens["viewer"]), name="t")
    now = world.store.clock()
    shown = await world.store.read(lambda session: people.sign_ins(session, mine, now))
    assert [row["this"] for row in shown].count(True) == 1
    assert len(shown) == 3
    assert await actions.end_other_sessions(house, OTTO, secret=mine) == 2
    assert await actions.end_other_sessions(house, OTTO, secret=mine) == 0
    assert [await house.actor(each) for each in others] == [None, None]
    assert await house.actor(mine) == OTTO
    assert await house.actor(vera) is not None
    ended = await world.store.read(lambda session: session.get_one(SignIn, token_digest(others[0])).ended_at)
    assert ended is not None
    assert (await world.store.read(audit)).ok
