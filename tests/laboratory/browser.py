"""A real Chromium before the console: people who sign in, each in a browser of their own."""

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Dialog, Page, async_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# Without a graphics card three.js draws by a renderer of the browser's own, and so does then all else, slowly.
IN_SPACE = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
FLAT = ("--no-sandbox", "--disable-gpu")
PATIENCE_S = 30.0
# What a browser says of itself when the daemon is restarted under it, and of an answer that is a refusal.
HARMLESS = ("net::ERR_CONNECTION_REFUSED", "WebSocket connection to", "status of 4", "net::ERR_EMPTY_RESPONSE")
# A dialog still fades in, a menu still opens; what turns for ever is not waited for.
_AT_REST = """document.getAnimations().every(
  each => each.playState !== 'running' || each.effect?.getComputedTiming().endTime === Infinity)"""


@dataclass
class Console:
    """A console and everybody who sits before it: `address` is where it listens now, `token` is an admin's.

    `harmless`: parts of what a page's console may say without being at fault.
    """

    browser: Browser
    address: Callable[[], str]
    token: Callable[[], str]
    screenshots: Path | None = None
    harmless: Sequence[str] = HARMLESS
    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens now."""
        return self.address()

    async def ask(self, method: str, path: str, **body: Any) -> Any:
        """Ask the API as the admin."""
        async with httpx.AsyncClient(base_url=f"{self.url}/api/v1", trust_env=False, timeout=PATIENCE_S) as client:
            headers = {"Authorization": f"Bearer {self.token()}"}
            answer = await client.request(method, path, json=body or None, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()

    async def person(self, name: str, role: str) -> str:
        """Let a person in; returns the code with which they sign in once."""
        await self.ask("POST", "/users", name=name, role=role)
        return str((await self.ask("POST", f"/users/{name}/code"))["code"])

    async def open(self, width: int = 1280, height: int = 900, **more: Any) -> Page:
        """A page of a browser of its own, not signed in; `more` is what that browser is like."""
        context = await self.browser.new_context(base_url=self.url, viewport={"width": width, "height": height}, **more)
        page = await context.new_page()
        page.on("console", lambda message: self._hear(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", self._refuse)
        page.on("request", lambda request: self._look(request.url))
        page.on("websocket", lambda socket: self._look(socket.url.replace("ws", "http", 1)))
        return page

    async def enter(self, name: str, role: str = "operator", path: str = "/", **browser: Any) -> Page:
        """A page of a new person who has signed in."""
        return await self.enter_with(await self.person(name, role), path, **browser)

    async def enter_with(self, secret: str, path: str = "/", **browser: Any) -> Page:
        """A page of somebody who has signed in with a code or token."""
        page = await self.open(**browser)
        await page.goto(f"{self.url}{path}")
        await page.get_by_label("Code or token").fill(secret)
        await page.locator("form", has=page.get_by_label("Code or token")).get_by_role("button").click()
        await page.wait_for_url(lambda url: "/sign-in" not in url)
        await connected(page)
        return page

    async def picture(self, page: Page, name: str) -> None:
        """Keep how it looks, where somebody wants to see it."""
        if self.screenshots is not None:
            self.screenshots.mkdir(exist_ok=True)
            await page.screenshot(path=self.screenshots / f"{name}.png", full_page=True)

    def _hear(self, kind: str, text: str) -> None:
        if kind == "error" and not any(each in text for each in self.harmless):
            self.complaints.append(text)

    async def _refuse(self, dialog: Dialog) -> None:
        self.complaints.append(f"{dialog.type}: {dialog.message}")  # none of our pages opens one of the browser's
        await dialog.dismiss()

    def _look(self, url: str) -> None:
        if not url.startswith((self.url, "data:", "blob:")):
            self.elsewhere.append(url)


async def connected(page: Page) -> None:
    """Wait until what is pressed is heard."""
    await page.wait_for_function("window.socket !== undefined && window.socket.connected && window.did_handshake")


async def barriers(page: Page, *, dialog: bool = False) -> list[str]:
    """What keeps people with a disability out of a page that has come to rest, as axe sees it.

    Before a `dialog` axe takes the page's shade for the background of buttons that stand on a card above it.
    """
    await page.wait_for_function(_AT_REST)
    rules = {"color-contrast": {"enabled": not dialog}}
    found = await Axe().run(page, options={"preload": False, "rules": rules})  # else the page shows that axe loads
    return [
        f"{page.url}: {each['id']}: {each['help']}: {each['nodes'][0]['html'][:200]}"
        for each in found.response["violations"]
        if each["impact"] in ("serious", "critical")
    ]


async def sideways(page: Page) -> bool:
    """Whether a page goes beyond its screen."""
    return bool(await page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


@contextlib.asynccontextmanager
async def console_at(
    address: Callable[[], str],
    token: Callable[[], str],
    screenshots: Path | None = None,
    harmless: Sequence[str] = HARMLESS,
    arguments: Sequence[str] = IN_SPACE,
) -> AsyncIterator[Console]:
    """A browser before a console; it must neither complain nor ask anybody else for anything."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(arguments))
        console = Console(browser, address, token, screenshots, harmless)
        try:
            yield console
        finally:
            await browser.close()
    assert console.complaints == []
    assert console.elsewhere == [], "something was loaded from elsewhere"


@contextlib.asynccontextmanager
async def console_of(
    data: Path, screenshots: Path | None = None, arguments: Sequence[str] = IN_SPACE
) -> AsyncIterator[Console]:
    """A browser before the daemon of a data folder, which may be restarted."""

    def address() -> str:
        return str(json.loads((data / "api.json").read_text(encoding="utf-8"))["url"])

    def token() -> str:
        return (data / "admin-token").read_text(encoding="ascii").strip()

    async with asyncio.timeout(PATIENCE_S):
        while not (data / "api.json").exists():
            await asyncio.sleep(0.05)
    async with console_at(address, token, screenshots, arguments=arguments) as console:
        yield console
