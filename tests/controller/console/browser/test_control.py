"""Stopping, losing and finding again, at the console."""

from playwright.async_api import expect
from sqlmodel import col, select

from controller.store.tables import Campaign, EStop
from tests.controller.console.browser.conftest import campaign
from tests.laboratory.browser import Console, connected
from tests.laboratory.laboratory import Laboratory


async def test_the_emergency_stop(laboratory: Laboratory, console: Console) -> None:
    """A viewer may press it; the reason comes after; only an operator resets; everybody sees it on every page."""
    await laboratory.submit(campaign(parallel=1))
    viewer = await console.enter("vera", role="viewer")
    operator = await console.enter("olga", path="/approvals")
    await viewer.get_by_role("button", name="Emergency stop of all instruments").click()
    await laboratory.wait_for(lambda session: session.scalars(select(EStop)).first() is not None, 10)
    await expect(viewer.get_by_role("dialog").get_by_text("does not replace the wired one")).to_be_visible()
    await viewer.get_by_role("dialog").get_by_label("Why").fill("smoke")
    await viewer.get_by_role("dialog").get_by_role("button", name="Say why").click()
    for page in (viewer, operator):
        await expect(page.get_by_text("Emergency stop: all instruments").filter(has_text="smoke")).to_be_visible()
    await console.picture(operator, "stopped")
    await expect(viewer.get_by_role("button", name="Reset")).to_be_disabled()
    await operator.get_by_role("button", name="Reset").click()
    await operator.get_by_role("dialog").get_by_label("Why").fill("it was toast")
    await operator.get_by_role("dialog").get_by_role("button", name="Reset").click()
    for page in (viewer, operator):
        await expect(page.get_by_text("Emergency stop: all instruments")).to_have_count(0)
    found = laboratory.read(lambda session: session.scalars(select(EStop)).one())
    assert (found.by, found.reason, found.reset_by, found.reset_reason) == ("vera", "smoke", "olga", "it was toast")


async def test_an_instrument_is_lost_and_comes_back(laboratory: Laboratory, console: Console) -> None:
    page = await console.enter("olga")
    card = page.get_by_role("article").filter(has_text="reactor-1")
    await expect(card.get_by_text("ready")).to_be_visible()
    laboratory.instruments["reactor-1"].hold_down()
    await expect(card.get_by_text("is offline")).to_be_visible()
    await expect(page.get_by_text("reactor-1 is offline")).to_be_visible()
    await console.picture(page, "lost")
    laboratory.instruments["reactor-1"].let_up()
    await expect(card.get_by_text("ready")).to_be_visible()
    await expect(page.get_by_text("reactor-1 is offline")).to_have_count(0)


async def test_a_page_goes_on_after_the_daemon_was_killed(laboratory: Laboratory, console: Console) -> None:
    await laboratory.submit(campaign(parallel=1))
    page = await console.enter("olga", path="/approvals")
    first = page.get_by_role("article", name="flow · proposal 1", exact=True)
    await expect(first).to_be_visible()
    laboratory.daemon.kill()
    await page.wait_for_function("!window.socket.connected")
    await laboratory.while_running(connected(page), 60)
    await expect(first).to_be_visible()
    await first.get_by_role("button", name="Approve").click()
    await expect(first).to_have_count(0)
    await laboratory.wait_for(lambda session: (session.scalars(select(col(Campaign.experiments))).one()) >= 2, 30)
