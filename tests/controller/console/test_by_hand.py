"""What whoever has a session, and knows how the pages talk, can make them do by hand."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from nicegui import Client, ui
from sqlmodel import col, select

from controller.commands import users
from controller.console import desk, texts
from controller.console.gate import COOKIE, Gate
from controller.store import StoreUnavailable, Unit
from controller.store.tables import EStop, Proposal
from tests.controller.console import hall
from tests.controller.console.by_hand import look, sign_in, wired
from tests.controller.console.opened import Opened, opened
from tests.controller.stand import ADMIN


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Opened]:
    async with opened(tmp_path) as there:
        yield there


async def _stops(there: Opened) -> list[str]:
    return await there.stand.store.read(lambda session: list(session.scalars(select(col(EStop.by)))))


async def test_a_button_is_pressed(there: Opened) -> None:
    vera = await sign_in(there.url, there.tokens["viewer"])
    sheet = await look(vera, "/")
    async with wired(vera, sheet.query) as wire:
        assert wire is not None
        await wire.say("event", sheet.event(sheet.find("Emergency stop of all instruments"), "click", None))
        await wire.hear(1.0)
    assert len(await _stops(there)) == 1


async def test_nobody_presses_the_buttons_of_somebody_elses_page(there: Opened) -> None:
    ada = await sign_in(there.url, there.tokens["admin"])
    vera = await sign_in(there.url, there.tokens["viewer"])
    hers, own = await look(ada, "/"), await look(vera, "/")
    async with wired(ada, hers.query), wired(vera, {**own.query, "tab_id": "v"}) as wire:
        assert wire is not None
        await wire.say("event", hers.event(hers.find("Emergency stop of all instruments"), "click", None))
        await wire.hear(1.0)
    assert await _stops(there) == []


async def test_nobody_listens_to_somebody_elses_page(there: Opened) -> None:
    ada = await sign_in(there.url, there.tokens["admin"])
    vera = await sign_in(there.url, there.tokens["viewer"])
    hers, own = await look(ada, "/"), await look(vera, "/")
    for query in (hers.query, {**hers.query, "implicit_handshake": False}, {"implicit_handshake": True}):
        async with wired(vera, query) as refused:
            assert refused is None
    async with wired(vera, {**own.query, "implicit_handshake": False}) as wire:
        assert wire is not None
        said = {"tab_id": "t", "document_id": "d"}
        assert await wire.ask("handshake", {**hers.query, **said}) is False
        assert await wire.ask("handshake", {**own.query, **said}) is True


async def test_nobody_uploads_to_somebody_elses_page(there: Opened) -> None:
    ada = await sign_in(there.url, there.tokens["admin"])
    vera = await sign_in(there.url, there.tokens["viewer"])
    hers = await look(ada, "/tasks")
    answer = await vera.post(f"/_nicegui/client/{hers.client}/upload/1", content=b"")
    assert answer.status_code == 403
    answer = await ada.post(f"/_nicegui/client/{hers.client}/upload/1", content=b"")
    assert answer.status_code == 404


async def test_a_viewer_uploads_nothing_and_nothing_of_it_is_read(there: Opened) -> None:
    vera = await sign_in(there.url, there.tokens["viewer"])
    sheet = await look(vera, "/tasks")
    host = there.url.removeprefix("http://").encode()
    cookie = f"{COOKIE}={vera.cookies[COOKIE]}".encode()
    headers = [(b"host", host), (b"origin", there.url.encode()), (b"cookie", cookie)]
    path = f"/_nicegui/client/{sheet.client}/upload/1"
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
    sent: list[Any] = []

    async def receive() -> Any:
        raise AssertionError("its body was read")

    async def send(message: Any) -> None:
        sent.append(message)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("it came to the page")

    await Gate(app, there.house)(scope, receive, send)
    assert [each["status"] for each in sent if "status" in each] == [403]


async def test_the_estop_works_while_the_database_cannot_be_read(there: Opened) -> None:
    vera = await sign_in(there.url, there.tokens["viewer"])
    sheet = await look(vera, "/")
    async with wired(vera, sheet.query) as wire:
        assert wire is not None
        await wire.hear(0.5)
        there.stand.store.read = _away  # type: ignore[method-assign]
        await wire.say("event", sheet.event(sheet.find("Emergency stop of all instruments"), "click", None))
        assert "Told to stop" in await wire.hear(2.0)
    del there.stand.store.read
    assert await _stops(there) == ["vera"]


async def test_a_stop_that_nobody_heard_of_says_so(there: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"frame.not_published": "Nobody heard.", "frame.recorded": "It is written."}
    catalogue = {**texts.catalogue("en"), **said}
    monkeypatch.setattr(texts, "catalogue", lambda _language: catalogue)
    vera = await sign_in(there.url, there.tokens["viewer"])
    sheet = await look(vera, "/")
    there.broker.away = True
    async with wired(vera, sheet.query) as wire:
        assert wire is not None
        await wire.say("event", sheet.event(sheet.find("Emergency stop of all instruments"), "click", None))
        heard = await wire.hear(2.0)
    assert all(text in heard for text in said.values())
    assert await _stops(there) == ["vera"]


async def _away(_function: Any) -> Any:
    raise StoreUnavailable("away")


async def test_a_page_of_somebody_shut_out_does_nothing_more(there: Opened) -> None:
    otto = await sign_in(there.url, there.tokens["operator"])
    sheet = await look(otto, "/events")
    async with wired(otto, sheet.query) as wire:
        assert wire is not None
        await wire.hear(0.5)
        await there.stand.store.write(
            lambda unit: users.set_disabled(unit, ADMIN, "otto", disabled=True, why="left"), name="t"
        )
        assert "/sign-in" in await wire.hear(1.0)
        await there.stand.store.write(lambda unit: unit.record("secret.thing", subject="x"), name="t")
        await wire.say("event", sheet.event(sheet.find("Emergency stop of all instruments"), "click", None))
        heard: Any = await wire.hear(1.0)
    assert await _stops(there) == []
    assert "secret" not in heard


async def test_what_cannot_be_drawn_takes_no_page_away(there: Opened) -> None:
    """A candidate of an earlier version, or of a strategy of somebody's own."""

    def spoil(unit: Unit) -> None:
        row = unit.session.scalars(select(Proposal).order_by(col(Proposal.made_event).desc())).first()
        assert row is not None
        row.state, row.candidate = "awaiting-approval", {"kind": "route", "target": "CCO"}
        unit.record("test", row)

    await there.stand.store.write(lambda unit: hall._propose(unit, there.stand.campaign_id, "bench", 70.0), name="t")
    await there.stand.store.write(spoil, name="t")
    otto = await sign_in(there.url, there.tokens["operator"])
    sheet = await look(otto, "/approvals")
    assert any("cannot be shown" in str(each.get("text", "")) for each in sheet.elements.values())
    assert sheet.find("Emergency stop of all instruments")


async def test_a_page_that_could_not_be_drawn_says_so_and_goes_on(
    there: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "LOOK_AGAIN_S", 0.2)
    otto = await sign_in(there.url, there.tokens["operator"])
    sheet = await look(otto, "/events")
    async with wired(otto, sheet.query) as wire:
        assert wire is not None
        await wire.hear(0.5)
        there.stand.store.read = _broken  # type: ignore[method-assign]
        await there.stand.store.write(lambda unit: unit.record("first.thing", subject="x"), name="t")
        assert "brought up to date" in await wire.hear(1.0)
        del there.stand.store.read
        await there.stand.store.write(lambda unit: unit.record("second.thing", subject="x"), name="t")
        assert "second.thing" in await wire.hear(2.0)


async def _broken(_function: Any) -> Any:
    raise KeyError("a fault of ours")


async def test_a_page_says_that_the_database_never_answers(there: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    vera = await sign_in(there.url, there.tokens["viewer"])
    sheet = await look(vera, "/")
    async with wired(vera, {**sheet.query, "implicit_handshake": True}) as wire:
        assert wire is not None
        assert texts.say("frame.no_database") not in await wire.hear(0.5)
        monkeypatch.setattr(desk, "SILENT_S", 0.3)
        with monkeypatch.context() as silent:
            silent.setattr(there.house.services.store, "read", lambda _: asyncio.Event().wait())
            there.house.bell.ring()
            assert texts.say("frame.no_database") in await wire.hear(2.0)


async def test_two_hundred_proposals_do_not_hold_up_the_event_loop(there: Opened) -> None:
    """Each card is drawn by itself, and others have their turn in between."""
    drawn: list[int] = []
    turns = 0

    async def others() -> None:
        nonlocal turns
        while len(drawn) < 200:
            turns += 1
            await asyncio.sleep(0)

    client = Client(ui.page("/a-test"))
    with client:
        items = desk.Items(lambda _: {}, drawn.append, ui.element("div"), "nothing")
        waiting = asyncio.create_task(others())
        await items.show({str(number): number for number in range(200)})
    await waiting
    client.delete()
    assert turns > 100
