"""Every page: it loads nothing from elsewhere, complains of nothing, and whoever cannot see can use it."""

import pytest
from playwright.async_api import Page

from controller.report.lists import proposals
from tests.controller.console.browser.conftest import TELEPHONE, campaign
from tests.controller.console.places import pages
from tests.laboratory.browser import Console, barriers, connected, sideways
from tests.laboratory.laboratory import Laboratory

PAGES = pages("done")


@pytest.mark.timeout(300)
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
        faults += [f"in {scheme}: {each}" for each in await barriers(page)]
    await page.set_viewport_size(TELEPHONE)
    await page.goto(f"{console.url}{path}")
    await connected(page)
    await console.picture(page, f"{name}-telephone")
    if await sideways(page):
        faults.append(f"{path} goes beyond a telephone's screen")
    return faults


async def test_signing_in_can_be_used_by_whoever_cannot_see(console: Console) -> None:
    page = await console.open()
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        await page.goto(f"{console.url}/sign-in")
        await console.picture(page, f"sign-in-{scheme}")
        assert await barriers(page) == []
