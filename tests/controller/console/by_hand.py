"""A browser without a browser: what one would send over the WebSocket, sent by hand, honest or not."""

import ast
import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from websockets.asyncio.client import ClientConnection, connect

from controller.console.gate import COOKIE

Plain = dict[str, Any]
_ELEMENTS = re.compile(r"parseElements\(String\.raw`(.*?)`\)", re.S)
_QUERY = re.compile(r"query: (\{.*?\}),\n")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&#96;": "`", "&#36;": "$", "&amp;": "&"}


@dataclass(frozen=True)
class Sheet:
    """A page as it was sent: the number of its client, and its elements."""

    client: str
    query: Plain
    elements: dict[int, Plain]

    def find(self, text: str) -> int:
        """The element with a label or a name."""
        for number, each in self.elements.items():
            if text in (each.get("props", {}).get("label"), each.get("props", {}).get("aria-label"), each.get("text")):
                return number
        raise KeyError(text)

    def event(self, element: int, kind: str, *args: Any) -> Plain:
        """What a browser says when something happens to an element."""
        known = next(each for each in self.elements[element]["events"] if each["type"] == kind)
        told = {"id": element, "client_id": self.client, "listener_id": known["listener_id"]}
        return {**told, "args": [json.dumps(each) for each in args]}


async def sign_in(url: str, token: str) -> httpx.AsyncClient:
    """A person before a browser."""
    browser = httpx.AsyncClient(base_url=url, headers={"Origin": url}, trust_env=False, timeout=60)
    answer = await browser.post("/sign-in", data={"code": token})
    assert answer.status_code == 303, answer.text
    return browser


async def look(browser: httpx.AsyncClient, path: str) -> Sheet:
    """Open a page; its WebSocket is not opened yet."""
    answer = await browser.get(path)
    assert answer.status_code == 200
    found, query = _ELEMENTS.search(answer.text), _QUERY.search(answer.text)
    assert found is not None
    assert query is not None
    text = found.group(1)
    for entity, sign in _ENTITIES.items():
        text = text.replace(entity, sign)
    said = ast.literal_eval(query.group(1))
    return Sheet(said["client_id"], said, {int(key): each for key, each in json.loads(text).items()})


@dataclass(frozen=True)
class Wire:
    """An open WebSocket."""

    socket: ClientConnection

    async def say(self, name: str, data: Plain) -> None:
        """Send an event of Socket.IO."""
        await self.socket.send(f"42{json.dumps([name, data])}")

    async def ask(self, name: str, data: Plain) -> Any:
        """Send one that is answered."""
        await self.socket.send(f"421{json.dumps([name, data])}")
        async with asyncio.timeout(5):
            async for message in self.socket:
                if str(message).startswith("431"):
                    return json.loads(str(message)[3:])[0]

    async def hear(self, seconds: float) -> str:
        """All that comes within a time."""
        heard = ""
        try:
            async with asyncio.timeout(seconds):
                async for message in self.socket:
                    heard += str(message)
        except TimeoutError:
            pass
        return heard


@asynccontextmanager
async def wired(browser: httpx.AsyncClient, query: Plain) -> AsyncIterator[Wire | None]:
    """A WebSocket of a browser's session; None if it is refused."""
    url = str(browser.base_url).rstrip("/")
    said = {"document_id": "d", "tab_id": "t", "EIO": 4, "transport": "websocket", **query}
    said["implicit_handshake"] = str(said.get("implicit_handshake", False)).lower()
    where = f"ws://{urlsplit(url).netloc}/_nicegui_ws/socket.io/?{urlencode(said)}"
    cookie = {"Cookie": f"{COOKIE}={browser.cookies[COOKIE]}"}
    async with connect(where, origin=url, additional_headers=cookie, proxy=None) as socket:  # type: ignore[arg-type]
        await socket.recv()
        await socket.send("40")
        answer = str(await socket.recv())
        yield Wire(socket) if answer.startswith("40") else None
