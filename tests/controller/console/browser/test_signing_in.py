"""Who comes in, and what they may do there."""

from playwright.async_api import expect

from tests.controller.console.browser.conftest import TELEPHONE, campaign
from tests.laboratory.browser import Console, connected, sideways
from tests.laboratory.laboratory import Laboratory


async def test_a_code_is_good_once_and_leads_to_where_one_wanted_to_go(console: Console) -> None:
    code = await console.person("olga", "operator")
    page = await console.open()
    await page.goto(f"{console.url}/approvals")
    await expect(page).to_have_url(f"{console.url}/sign-in?next=%2Fapprovals")
    await page.get_by_label("Code or token").fill(code.upper())
    await page.get_by_label("Code or token").press("Enter")
    await expect(page).to_have_url(f"{console.url}/approvals")
    cookie = next(each for each in await page.context.cookies() if each["name"] == "tatara-console")
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"
    await connected(page)
    await page.get_by_role("button", name="Your account").click()
    await page.get_by_text("Sign out").click()
    await expect(page).to_have_url(f"{console.url}/sign-in")
    await page.context.add_cookies([cookie])  # whoever has kept the cookie comes in no more
    await page.goto(f"{console.url}/")
    await expect(page.get_by_label("Code or token")).to_be_visible()
    await page.get_by_label("Code or token").fill(code)
    await page.get_by_label("Code or token").press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("used before")


async def test_whoever_is_shut_out_leaves_open_pages_too(console: Console) -> None:
    page = await console.enter("otto")
    await console.ask("POST", "/users/otto/disable", why="left the laboratory")
    await expect(page.get_by_label("Code or token")).to_be_visible()


async def test_a_viewer_sees_and_may_not(laboratory: Laboratory, console: Console) -> None:
    await laboratory.submit(campaign(parallel=1))
    page = await console.enter("vera", role="viewer", path="/approvals")
    await expect(page.get_by_role("article")).to_have_count(1)
    for name in ("Approve", "Reject", "Edit"):
        await expect(page.get_by_role("article").get_by_role("button", name=name)).to_be_disabled()
    await expect(page.get_by_role("button", name="Emergency stop of all instruments")).to_be_enabled()


async def test_approvals_on_a_telephone(laboratory: Laboratory, console: Console) -> None:
    await laboratory.submit(campaign(parallel=2))
    page = await console.enter("olga", path="/approvals", **TELEPHONE)
    await expect(page.get_by_role("article")).to_have_count(2)
    await console.picture(page, "approvals-telephone")
    assert not await sideways(page), "the page goes beyond the screen"
    await page.get_by_role("button", name="Menu").click()
    await expect(page.get_by_role("link", name="Overview")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.mouse.click(380, 700)
    await page.get_by_role("article").first.get_by_role("button", name="Approve").click()
    await expect(page.get_by_text("Approved: flow")).to_be_visible()
