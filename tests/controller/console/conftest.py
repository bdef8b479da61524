"""The console over the API's world, in this process: for what takes no browser."""

import re
from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import pytest
from nicegui import Client, ui

from controller.console import House, mounted
from controller.console.gate import COOKIE
from controller.serving import Services
from tests.controller.world import World

ORIGIN = "http://127.0.0.1:8000"
Enter = Callable[..., httpx.AsyncClient]


@pytest.fixture
async def house(world: World) -> AsyncIterator[House]:
    """The console of `world`, which holds something in every list."""
    services: Services = world.app.state.services
    house = House(services, world.app.state.bell, world.app.state.recorder)
    async with mounted(world.app, house):
        yield house


@pytest.fixture
def blank() -> Iterator[Client]:
    """A page on which nothing is drawn yet, and which no browser has opened."""
    made = Client(ui.page("/a-test"))
    with made:
        yield made
    made.delete()


@pytest.fixture
def client(world: World, house: House) -> Callable[..., httpx.AsyncClient]:
    """Makes a browser without scripts, whose pages are ours unless told otherwise."""

    def make(origin: str | None = ORIGIN, base: str = ORIGIN, **cookies: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(world.app, raise_app_exceptions=False, client=("127.0.0.1", 1))
        headers = {"Origin": origin} if origin else {}
        return httpx.AsyncClient(transport=transport, base_url=base, headers=headers, cookies=cookies)

    return make


async def signed_in(world: World, browser: httpx.AsyncClient, role: str = "operator") -> httpx.Response:
    """Sign in with a token."""
    return await browser.post("/sign-in", data={"code": world.tokens[role]})


def session_of(answer: httpx.Response) -> str:
    """The secret in the cookie that an answer sets."""
    found = re.search(rf"{COOKIE}=([^;]+);", answer.headers["set-cookie"])
    assert found is not None
    return found.group(1)
