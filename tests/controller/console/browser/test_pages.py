"""Every page: it loads nothing from elsewhere, complains of nothing, and whoever cannot see can use it."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from controller.report.lists import proposals
from tests.controller.console.browser.conftest import campaign
from tests.laboratory.browser import Console, connected
from tests.laboratory.laboratory import Laboratory

pytestmark = pytest.mark.slow

PAGES = (
    "/",
    "/approvals",
    "/campaigns/done",
    "/instruments",
    "/doubts",
    "/samples",
    "/tasks",
    "/files",
    "/events",
    "/quarantine",
    "/system",
    "/account",
)
TELEPHONE = {"width": 390, "height": 844}


async def test_every_page(laboratory: Laboratory, console: Console) -> None:
    """With a campaign that has measured something, waits for people, and has an emergency stop standing."""
    await laboratory.submit(campaign("done", experiments=8, parallel=2, approval="auto"))
    await laboratory.submit(campaign(parallel=2))
    await laboratory.wait_for(lambda session: len(proposals(session, "done", "completed", limit=20)) >= 3, 60)
    page = await console.enter("ada", role="admin")
    await console.ask("POST", "/estop", why="<b>a test</b>")
    faults = [fault for path in PAGES for fault in await _look(console, page, path)]
    assert faults == [], "\n".join(faults)


async def _look(console: Console, page: Page, path: str) -> list[str]:
    """A page in light and dark, wide and on a telephone; returns what is wrong."""
    faults: list[str] = []
    name = path.strip("/").replace("/", "-") or "overview"
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        await page.set_viewport_size({"width": 1280, "height": 900})
        await page.goto(f"{console.url}{path}")
        await connected(page)
        await console.picture(page, f"{name}-{scheme}")
        faults += await _axe(page, f"{path} in {scheme}")
    await page.set_viewport_size({"width": TELEPHONE["width"], "height": TELEPHONE["height"]})
    await page.goto(f"{console.url}{path}")
    await connected(page)
    await console.picture(page, f"{name}-telephone")
    if await page.evaluate("document.documentElement.scrollWidth") > TELEPHONE["width"]:
        faults.append(f"{path} goes beyond a telephone's screen")
    return faults


async def _axe(page: Page, where: str) -> list[str]:
    found = await Axe().run(page)
    return [
        f"{where}: {each['id']}: {each['help']}: {each['nodes'][0]['html'][:200]}"
        for each in found.response["violations"]
        if each["impact"] in ("serious", "critical")
    ]


async def test_signing_in_can_be_used_by_whoever_cannot_see(console: Console) -> None:
    page = await console.open()
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        await page.goto(f"{console.url}/sign-in")
        await console.picture(page, f"sign-in-{scheme}")
        assert await _axe(page, scheme) == []
