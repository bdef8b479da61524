"""Events as they happen, over a real connection."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx
import pytest
from sqlmodel import select

from controller.api import stream
from controller.commands import campaigns, users
from controller.report import lists
from controller.store import Unit
from controller.store.tables import Token
from tests.controller.world import ADMIN, World, served


async def _events(answer: httpx.Response) -> AsyncIterator[tuple[int, dict[str, object]]]:
    number = 0
    async for line in answer.aiter_lines():
        if line.startswith("id: "):
            number = int(line[4:])
        if line.startswith("data: "):
            yield number, json.loads(line[6:])


def _pause(unit: Unit) -> None:
    campaigns.pause(unit, ADMIN, "reactor", "lunch\u2028break\n")


def _stream(
    world: World, client: httpx.AsyncClient, url: str, after: int | None = None, seen: int | None = None, name: str = ""
) -> AbstractAsyncContextManager[httpx.Response]:
    query = {"after": after} if after is not None else {}
    headers = {"Authorization": f"Bearer {world.tokens['viewer']}"}
    if seen is not None:
        headers["Last-Event-ID"] = str(seen)
    path = f"{url}/api/v1/events/stream" + (f"?campaign={name}" if name else "")
    return client.stream("GET", path, headers=headers, params=query or None)


@asynccontextmanager
async def connected(world: World) -> AsyncIterator[tuple[str, httpx.AsyncClient]]:
    async with asyncio.timeout(20), served(world.app) as url, httpx.AsyncClient() as client:
        yield url, client


async def test_from_now_on_each_event_comes_with_its_number(world: World) -> None:
    last = await world.store.read(lists.last_event)
    async with connected(world) as (url, client), _stream(world, client, url) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        await world.store.write(_pause, name="test")
        number, event = await anext(_events(answer))
    assert (number, event["number"], event["kind"]) == (last + 1, last + 1, "campaign.pause")


async def test_a_client_goes_on_behind_the_last_event_that_it_saw(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "PAGE", 3)
    async with connected(world) as (url, client):
        async with _stream(world, client, url, after=9, seen=2) as answer:
            events = _events(answer)
            assert [(await anext(events))[0] for _ in range(8)] == list(range(3, 11))
        async with _stream(world, client, url, seen=0, name="reactor") as answer:
            assert (await anext(_events(answer)))[1]["kind"] == "campaign.submit"


async def test_silence_is_broken_and_a_commit_that_calls_for_nothing_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "KEEP_ALIVE", 0.05)
    async with connected(world) as (url, client), _stream(world, client, url) as answer:
        lines = answer.aiter_lines()
        assert await anext(lines) == ": still here"
        await world.store.write(lambda unit: unit.record("test.quiet"), name="test")
        while not (line := await anext(lines)).startswith("data: "):
            pass
        assert json.loads(line[6:])["kind"] == "test.quiet"


async def test_streams_end_when_the_app_is_closed(world: World) -> None:
    from controller.api import close_app

    async with connected(world) as (url, client), _stream(world, client, url) as answer:
        close_app(world.app)
        assert [line async for line in answer.aiter_lines()] == []


def _disable(unit: Unit) -> None:
    users.set_disabled(unit, ADMIN, "vera", disabled=True)


def _revoke(unit: Unit) -> None:
    users.revoke_token(unit, ADMIN, unit.session.exec(select(Token.sha256).where(Token.user == "vera")).one(), "left")


@pytest.mark.parametrize("shut_out", [_disable, _revoke])
async def test_whoever_is_shut_out_hears_no_more(world: World, shut_out: Callable[[Unit], None]) -> None:
    async with connected(world) as (url, client), _stream(world, client, url) as answer:
        events = _events(answer)
        await world.store.write(_pause, name="test")
        assert (await anext(events))[1]["kind"] == "campaign.pause"
        await world.store.write(shut_out, name="test")
        assert [event async for event in events] == []
