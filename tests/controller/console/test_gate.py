"""What passes the gate, and what a browser is told."""

import asyncio
import threading
from importlib.metadata import version
from typing import Any
from urllib.parse import urlencode

import pytest
from nicegui import Client
from websockets.asyncio.client import connect
from websockets.typing import Origin

from controller.access.actors import token_digest
from controller.commands import users
from controller.commands.instruments import record_estop
from controller.console import House
from controller.console.belonging import belongs
from controller.console.gate import COOKIE, Gate
from controller.console.texts import say
from controller.report.course import course
from controller.store import StoreUnavailable
from tests.controller.console.conftest import ORIGIN, Enter, session_of, signed_in
from tests.controller.console.places import pages
from tests.controller.world import ADMIN, World, served

PAGES = pages("reactor")


@pytest.mark.parametrize("path", [*PAGES, "/nothing-here", "/docs", "/_nicegui/client/x/upload/1"])
async def test_without_a_session_everything_leads_to_signing_in(client: Enter, path: str) -> None:
    async with client() as browser:
        answer = await browser.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("path", ["/raw/" + "0" * 64, "/drawn/molecule.svg?smiles=C", "/export/reactor.csv", "/raw/x"])
async def test_files_too_and_one_goes_on_to_them(world: World, client: Enter, path: str) -> None:
    async with client() as browser:
        answer = await browser.get(path)
        assert answer.status_code == 303
        there = answer.headers["location"]
        assert there == f"/sign-in?{urlencode({'next': path})}"
        answer = await browser.post(there, data={"code": world.tokens["viewer"]})
        assert answer.headers["location"] == path
        assert (await browser.get(path)).status_code != 303


async def test_the_api_takes_no_cookie(world: World, client: Enter) -> None:
    async with client() as browser:
        await signed_in(world, browser)
        answer = await browser.get("/api/v1/campaigns")
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("GET", "/api/v1/campaigns/reactor/pause", 405, "POST"),
        ("DELETE", "/api/v1/campaigns", 405, "GET"),  # Starlette names the methods of the first route only
        ("POST", "/health", 405, "GET"),
        ("GET", "/api/v1/nothing-here", 404, None),
    ],
)
async def test_a_program_that_asks_in_a_wrong_way_is_told_so(
    world: World, client: Enter, method: str, path: str, status: int, allowed: str | None
) -> None:
    async with client() as browser:
        answer = await browser.request(method, path, headers={"Authorization": f"Bearer {world.tokens['viewer']}"})
    assert (answer.status_code, answer.headers.get("allow")) == (status, allowed)
    assert "message" in answer.json()


@pytest.mark.parametrize("path", PAGES)
async def test_the_policy_of_a_page(world: World, client: Enter, path: str) -> None:
    async with client() as browser:
        await signed_in(world, browser)
        answers = [await browser.get(path) for _ in range(2)]
    policies = [answer.headers["content-security-policy"] for answer in answers]
    parts = dict(each.strip().partition(" ")[::2] for each in policies[0].split(";"))
    assert parts["default-src"] == "'none'"
    assert "'unsafe-inline'" not in parts["script-src"]
    assert parts["connect-src"] == parts["form-action"] == parts["font-src"] == "'self'"
    assert parts["frame-ancestors"] == "'none'"
    assert "http" not in policies[0]  # no other origin at all
    assert policies[0] != policies[1]  # the number is good for one page only
    nonce = parts["script-src"].partition("'nonce-")[2].partition("'")[0]
    assert answers[0].text.count("<script") == answers[0].text.count(f'<script nonce="{nonce}"') > 0
    assert answers[0].headers["x-content-type-options"] == "nosniff"


async def test_what_people_wrote_is_no_tag(world: World, house: House, client: Enter) -> None:
    bad = "<script>alert(1)</script><img src=x onerror=alert(1)>"

    await world.store.write(lambda unit: record_estop(unit, ADMIN, "e1", None, bad), name="test")
    async with client() as browser:
        await signed_in(world, browser)
        page = (await browser.get("/")).text
    assert "alert(1)" in page
    assert "<script>alert" not in page
    assert "<img" not in page


async def test_a_session_ends_with_its_token(world: World, client: Enter) -> None:
    async with client() as browser:
        await signed_in(world, browser)
        assert (await browser.get("/")).status_code == 200
        digest = token_digest(world.tokens["operator"])
        await world.store.write(lambda unit: users.revoke_token(unit, ADMIN, digest, "lost"), name="test")
        assert (await browser.get("/")).status_code == 303


async def test_what_is_sent_from_another_page_is_refused(world: World, client: Enter) -> None:
    async with client() as browser:
        await signed_in(world, browser)
        elsewhere = {"Origin": "https://evil.example"}
        answers = [await browser.post("/approvals", headers=elsewhere)]
        polling = "/_nicegui_ws/socket.io/?EIO=4&transport=polling"
        answers += [await browser.get(path, headers=elsewhere) for path in ("/", polling)]
    assert [(each.status_code, each.text) for each in answers] == [(403, say("gate.other_page"))] * 3


async def test_without_a_database_nothing_is_shown(
    world: World, client: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_function: Any) -> Any:
        raise StoreUnavailable("away")

    async with client() as browser:
        await signed_in(world, browser)
        monkeypatch.setattr(world.store, "read", away)
        answer = await browser.get("/")
    assert (answer.status_code, answer.text) == (503, say("gate.no_database"))


@pytest.mark.parametrize(
    ("origin", "signed", "passes"),
    [
        (ORIGIN, True, True),
        ("https://evil.example", True, False),
        ("null", True, False),
        (None, True, False),
        (ORIGIN, False, False),
    ],
)
async def test_whose_websocket_is_opened(
    world: World, house: House, client: Enter, origin: str | None, signed: bool, passes: bool
) -> None:
    async with client() as browser:
        secret = session_of(await signed_in(world, browser))
    reached: list[str] = []
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["path"])

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"127.0.0.1:8000")]
    headers += [(b"origin", origin.encode())] if origin else []
    headers += [(b"cookie", f"{COOKIE}={secret}".encode())] if signed else []
    scope = {"type": "websocket", "path": "/_nicegui_ws/socket.io/", "query_string": b"", "headers": headers}
    await Gate(app, house)(scope, receive, send)
    assert bool(reached) == passes
    assert [each["type"] for each in sent] == ([] if passes else ["websocket.close"])


@pytest.mark.parametrize("away", ["it refuses", "it is silent"])
async def test_a_page_is_come_back_to_while_the_database_is_away(
    world: World, house: House, client: Enter, monkeypatch: pytest.MonkeyPatch, away: str
) -> None:
    async with client() as browser:
        secret = session_of(await signed_in(world, browser))
        await browser.get("/")
    number = next(each.id for each in Client.instances.values() if belongs(each.id, secret))
    there = f"/_nicegui_ws/socket.io/?EIO=4&transport=websocket&client_id={number}"

    async def read(_: Any) -> Any:
        if away == "it is silent":
            await asyncio.Event().wait()
        raise StoreUnavailable("away")

    async with served(world.app) as url:
        monkeypatch.setattr(house.services.store, "read", read)
        monkeypatch.setattr("controller.console.gate.PATIENCE_S", 0.1)
        address = url.replace("http", "ws")
        ours, other = ({"Cookie": f"{COOKIE}={each}"} for each in (secret, "another"))
        async with connect(address + there, origin=Origin(url), additional_headers=ours) as line:
            assert str(await line.recv()).startswith("0{")
            await line.send("40")
            assert str(await line.recv()).startswith("40{")
        async with connect(address + there, origin=Origin(url), additional_headers=other) as line:
            await line.recv()
            await line.send("40")
            assert str(await line.recv()).startswith("44{")  # refused: it is not their page


async def test_a_first_look_at_a_long_campaign_holds_nobody_up(
    world: World, client: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking = threading.Event()
    monkeypatch.setattr("controller.report.curves.course", lambda *asked: looking.wait(20) and course(*asked))
    async with client() as browser:
        await signed_in(world, browser)
        waiting = [asyncio.create_task(browser.get("/campaigns/reactor")) for _ in range(3)]
        try:
            await asyncio.sleep(0.5)
            assert (await asyncio.wait_for(browser.get("/account"), 5)).status_code == 200
            await asyncio.sleep(3.0)  # longer than the library would wait
            assert not any(each.done() for each in waiting)
        finally:
            looking.set()
            answers = await asyncio.gather(*waiting)
    assert [each.status_code for each in answers] == [200, 200, 200]


async def test_no_page_is_made_for_whoever_has_no_session(world: World, client: Enter) -> None:
    library = f"/_nicegui/{version('nicegui')}"
    wanted = ("x", "static/x", "libraries/x", "components/x", "resources/x/y", "esm/x/y", "dynamic_resources/x")
    outside = ("static/../../../nicegui.py", "static/%2e%2e/nicegui.py", "esm/../../../x", "../../campaigns/reactor")
    async with client() as browser:
        await browser.get(f"{library}/static/nicegui.js")
        before = len(Client.instances)
        for path in (*wanted, *outside):
            answer = await browser.get(f"{library}/{path}")
            assert answer.status_code in (303, 403, 404), path
    assert len(Client.instances) == before
