"""A real Chromium before the console: people who sign in, each in a browser of their own."""

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser, Page, Request, async_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE_S = 30.0
# What a browser says of itself when the daemon is restarted under it, and of an answer that is a refusal.
HARMLESS = ("net::ERR_CONNECTION_REFUSED", "WebSocket connection to", "status of 4", "net::ERR_EMPTY_RESPONSE")


@dataclass
class Console:
    """The console of a daemon, and everybody who sits before it."""

    data: Path
    browser: Browser
    screenshots: Path | None = None
    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens now."""
        return str(json.loads((self.data / "api.json").read_text(encoding="utf-8"))["url"])

    async def ask(self, method: str, path: str, **body: Any) -> Any:
        """Ask the API as the admin."""
        token = (self.data / "admin-token").read_text(encoding="ascii").strip()
        async with httpx.AsyncClient(base_url=f"{self.url}/api/v1", trust_env=False, timeout=PATIENCE_S) as client:
            answer = await client.request(method, path, json=body or None, headers={"Authorization": f"Bearer {token}"})
        assert answer.is_success, answer.text
        return answer.json()

    async def person(self, name: str, role: str) -> str:
        """Let a person in; returns the code with which they sign in once."""
        await self.ask("POST", "/users", name=name, role=role)
        return str((await self.ask("POST", f"/users/{name}/code"))["code"])

    async def open(self, width: int = 1280, height: int = 900) -> Page:
        """A page of a browser of its own, not signed in."""
        context = await self.browser.new_context(viewport={"width": width, "height": height})
        page = await context.new_page()
        page.on("console", lambda message: self._hear(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._look)
        return page

    async def enter(self, name: str, role: str = "operator", path: str = "/", **size: int) -> Page:
        """A page of a new person who has signed in."""
        code = await self.person(name, role)
        page = await self.open(**size)
        await page.goto(f"{self.url}{path}")
        await page.get_by_label("Code or token").fill(code)
        await page.locator("form", has=page.get_by_label("Code or token")).get_by_role("button").click()
        await page.get_by_role("main").wait_for()
        await connected(page)
        return page

    async def picture(self, page: Page, name: str) -> None:
        """Keep how it looks, where somebody wants to see it."""
        if self.screenshots is not None:
            self.screenshots.mkdir(exist_ok=True)
            await page.screenshot(path=self.screenshots / f"{name}.png", full_page=True)

    def _hear(self, kind: str, text: str) -> None:
        if kind == "error" and not any(each in text for each in HARMLESS):
            self.complaints.append(text)

    def _look(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.elsewhere.append(request.url)


async def connected(page: Page) -> None:
    """Wait until what is pressed is heard."""
    await page.wait_for_function("window.socket !== undefined && window.socket.connected && window.did_handshake")


@contextlib.asynccontextmanager
async def console_of(data: Path, screenshots: Path | None = None) -> AsyncIterator[Console]:
    """A browser before the daemon of a data folder; it must neither complain nor ask anybody else for anything."""
    async with asyncio.timeout(PATIENCE_S):
        while not (data / "api.json").exists():
            await asyncio.sleep(0.05)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        console = Console(data, browser, screenshots)
        try:
            yield console
        finally:
            await browser.close()
    assert console.complaints == []
    assert console.elsewhere == [], "something was loaded from elsewhere"
