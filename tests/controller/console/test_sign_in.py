"""Signing in without a browser: what is let in, what is not, and what the cookie is like."""

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from sqlmodel import select

from controller.access.passwords import hash_password
from controller.commands import sign_ins, users
from controller.console import House
from controller.console.limiter import BY_ADDRESS, BY_NAME, WINDOW_S, Limiter
from controller.console.texts import say
from controller.report import audit
from controller.store.tables import SignIn, User
from tests.controller.console.conftest import ORIGIN, Enter, session_of, signed_in
from tests.controller.world import ADMIN, World

PASSWORD = "a furnace burns for days "  # with the space at its end


@pytest.fixture
async def otto(world: World) -> str:
    """A user who has a password."""

    def give(unit: object) -> None:
        user = unit.session.get_one(User, "otto")  # type: ignore[attr-defined]
        user.password_hash = hash_password(PASSWORD)
        unit.record("user.password", user)  # type: ignore[attr-defined]

    await world.store.write(give, name="test")
    return "otto"


async def _try(browser: httpx.AsyncClient, **form: str) -> httpx.Response:
    return await browser.post("/sign-in", data=form)


async def test_by_password(client: Enter, otto: str) -> None:
    async with client() as browser:
        answer = await _try(browser, name=otto, password=PASSWORD)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert (await browser.get("/")).status_code == 200
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "max-age=43200" in cookie


@pytest.mark.parametrize(
    "form",
    [
        {"name": "otto", "password": PASSWORD + "x"},
        {"name": "otto", "password": ""},
        {"name": "nobody", "password": PASSWORD},
        {"name": "vera", "password": ""},  # who has no password
        {"name": "\0", "password": "\0"},
        {"code": "abcd-abcd-abcd-abcd"},
        {"code": "x" * 100_000},
        {},
    ],
)
async def test_what_is_wrong_is_refused_and_says_nothing_of_who_there_is(
    client: Enter, otto: str, form: dict[str, str]
) -> None:
    async with client() as browser:
        answer = await _try(browser, **form)
        assert answer.status_code == 403
        assert (sign_ins.WRONG_CODE if "code" in form else sign_ins.WRONG) in answer.text
        assert "set-cookie" not in answer.headers


async def test_a_disabled_user_has_no_password(world: World, client: Enter, otto: str) -> None:
    await world.store.write(lambda unit: users.set_disabled(unit, ADMIN, otto, disabled=True), name="test")
    async with client() as browser:
        assert (await _try(browser, name=otto, password=PASSWORD)).status_code == 403


async def test_a_code_is_good_once_and_for_a_day(world: World, client: Enter) -> None:
    store = world.store
    first, second = [await store.write(lambda unit: sign_ins.create_code(unit, ADMIN, "vera"), name="t") for _ in "12"]
    async with client() as browser:
        assert (await _try(browser, code=f" {first} ")).status_code == 303
        assert (await _try(browser, code=first)).status_code == 403
        later = store.clock() + timedelta(hours=25)
        store.clock = lambda: later
        assert (await _try(browser, code=second)).status_code == 403


@pytest.mark.parametrize("retype", [str.upper, lambda code: code.replace("-", ""), lambda code: " ".join(code)])
async def test_a_code_may_be_typed_in_any_way(world: World, client: Enter, retype: Callable[[str], str]) -> None:
    code = await world.store.write(lambda unit: sign_ins.create_code(unit, ADMIN, "vera"), name="t")
    async with client() as browser:
        assert (await _try(browser, code=retype(code))).status_code == 303


async def test_whoever_comes_with_a_code_stays_at_its_form(client: Enter) -> None:
    async with client() as browser:
        offered = await browser.get("/sign-in", params={"code": "abcd-abcd"})
        refused = await _try(browser, code="abcd-abcd")
        plain = await browser.get("/sign-in")
    filled_in = say("sign_in.filled_in")
    for page, told in ((offered, filled_in), (refused, sign_ins.WRONG_CODE)):
        first, second = page.text.split("<form")[1:]
        assert told in first
        assert re.search('name="code"[^>]*autofocus', first)
        assert "autofocus" not in second
    assert filled_in not in refused.text + plain.text
    assert 'name="name"' in plain.text.split("<form")[1]


async def test_a_session_ends_after_a_shift(world: World, client: Enter) -> None:
    async with client() as browser:
        await signed_in(world, browser)
        later = world.store.clock() + timedelta(hours=13)
        world.store.clock = lambda: later
        assert (await browser.get("/")).status_code == 303


async def test_a_new_password_ends_the_other_sessions(world: World, client: Enter) -> None:
    async with client() as one, client() as other:
        await signed_in(world, one)
        kept = session_of(await signed_in(world, other))
        actor = ADMIN.__class__("otto", ADMIN.role)
        await world.store.write(
            lambda unit: sign_ins.set_password(unit, actor, kept, None, hash_password(PASSWORD)), name="test"
        )
        assert (await one.get("/")).status_code == 303
        assert (await other.get("/")).status_code == 200


async def test_whoever_guesses_waits(client: Enter, house: House, otto: str) -> None:
    now = [0.0]
    house.limiter = Limiter(lambda: now[0])
    async with client() as browser:
        for _ in range(BY_NAME):
            assert (await _try(browser, name=otto, password="wrong")).status_code == 403
        answer = await _try(browser, name=otto, password=PASSWORD)
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) > 0
        assert (await _try(browser, name="vera", password="wrong")).status_code == 403  # others do not
        now[0] += WINDOW_S + 1
        assert (await _try(browser, name=otto, password=PASSWORD)).status_code == 303


async def test_many_guesses_at_one_moment_are_not_looked_at_either(client: Enter, otto: str) -> None:
    async with client() as browser:
        tries = (_try(browser, name=otto, password=f"wrong number {number}") for number in range(3 * BY_NAME))
        answers = [answer.status_code for answer in await asyncio.gather(*tries)]
    assert answers.count(403) == BY_NAME
    assert answers.count(429) == 2 * BY_NAME


async def test_wrong_codes_keep_nobody_else_from_using_theirs(world: World, client: Enter, house: House) -> None:
    for _ in range(BY_NAME + 1):
        house.limiter.tries("code from 10.9.9.9", "10.9.9.9")
    async with client() as browser:
        for _ in range(BY_NAME - 1):
            assert (await _try(browser, code="wrong")).status_code == 403
        assert (await signed_in(world, browser)).status_code == 303


async def test_signing_in_often_is_no_guessing(world: World, client: Enter) -> None:
    async with client() as browser:
        for _ in range(BY_ADDRESS + 1):
            assert (await signed_in(world, browser)).status_code == 303


@pytest.mark.parametrize("bad", ["a\0b", "\N{PILE OF POO}" * 1000, "x" * 100_000, "%ED%A0%80"])
async def test_names_and_codes_that_are_none(client: Enter, bad: str) -> None:
    async with client() as browser:
        for form in ({"name": bad, "password": bad}, {"code": bad}):
            assert (await _try(browser, **form)).status_code == 403
        for body in (b"name=%ED%A0%80&password=%00", b"code=\xff\xfe", b"name=%&password=%zz"):
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            assert (await browser.post("/sign-in", content=body, headers=headers)).status_code in (403, 429)


@pytest.mark.parametrize("header", ["Origin", "Host"])
@pytest.mark.parametrize("bad", ["http://[", "[", "http://[::1", "", "\xff"])
async def test_addresses_that_are_none(client: Enter, header: str, bad: str) -> None:
    async with client() as browser:
        for path in ("/", "/sign-in", "/sign-out"):
            for method in ("GET", "POST"):
                answer = await browser.request(method, path, headers={header: bad.encode("latin-1")})  # type: ignore[dict-item]
                assert answer.status_code < 500, (method, path)


def test_an_address_that_tries_many_names_waits() -> None:
    limiter = Limiter(lambda: 0.0)
    for number in range(BY_ADDRESS):
        assert limiter.wait_s(f"name-{number}", "10.0.0.1") == 0
        limiter.tries(f"name-{number}", "10.0.0.1")
    assert limiter.wait_s("another", "10.0.0.1") > 0
    assert limiter.wait_s("another", "10.0.0.2") == 0


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None])
async def test_the_form_of_another_page_is_refused(world: World, client: Enter, origin: str | None) -> None:
    async with client(origin=origin) as browser:
        assert (await signed_in(world, browser)).status_code == 403


async def test_in_the_open_nobody_signs_in(world: World, client: Enter) -> None:
    async with client(origin="http://lab.example:8000", base="http://lab.example:8000") as browser:
        answer = await signed_in(world, browser)
    assert answer.status_code == 403
    assert "https" in answer.text


async def test_over_tls_the_cookie_is_for_tls_only(world: World, client: Enter) -> None:
    async with client(origin="https://lab.example", base="https://lab.example") as browser:
        answer = await signed_in(world, browser)
    assert answer.status_code == 303
    assert "; secure" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    ("wanted", "led"),
    [
        ("/approvals", "/approvals"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("", "/"),
    ],
)
async def test_one_is_led_to_pages_of_ours_only(world: World, client: Enter, wanted: str, led: str) -> None:
    async with client() as browser:
        answer = await browser.post("/sign-in", params={"next": wanted}, data={"code": world.tokens["operator"]})
    assert answer.headers["location"] == led


async def test_the_trail_holds_who_came_and_no_secret(world: World, client: Enter, otto: str) -> None:
    async with client() as browser:
        secret = session_of(await _try(browser, name=otto, password=PASSWORD))
        await browser.post("/sign-out", headers={"Origin": ORIGIN})
    found = await world.store.read(lambda session: session.scalars(select(SignIn)).one())
    assert (found.user, found.how) == (otto, "password")
    assert found.ended_at is not None
    assert secret not in repr(found)
    assert (await world.store.read(audit.audit)).ok


async def test_another_page_signs_nobody_out(world: World, client: Enter) -> None:
    async with client() as browser:
        await signed_in(world, browser)
        answer = await browser.post("/sign-out", headers={"Origin": "https://evil.example"})
        assert "set-cookie" not in answer.headers
        assert (await browser.get("/")).status_code == 200
        await browser.post("/sign-out")
        assert (await browser.get("/")).status_code == 303
