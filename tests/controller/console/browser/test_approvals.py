"""People decide at the console: a real daemon, real emulated instruments, a real browser for each person."""

from playwright.async_api import Page, expect
from sqlalchemy import func, select
from sqlmodel import col

from controller.report.lists import proposals
from controller.store.tables import Proposal
from tests.controller.console.browser.conftest import campaign
from tests.laboratory.browser import Console
from tests.laboratory.laboratory import Laboratory


def card(page: Page, number: int):  # type: ignore[no-untyped-def]
    return page.get_by_role("article", name=f"flow · proposal {number}", exact=True)


async def state_of(laboratory: Laboratory, number: int) -> str:
    rows = laboratory.read(lambda session: proposals(session, "flow", None, limit=100))
    return next(row["state"] for row in rows if row["number"] == number)


async def waiting(laboratory: Laboratory, count: int) -> None:
    query = select(func.count()).where(col(Proposal.state) == "awaiting-approval")
    await laboratory.wait_for(lambda session: session.scalar(query) == count, 30)


async def safe(laboratory: Laboratory) -> list[int]:
    """Numbers of waiting proposals that one person may approve."""
    rows = laboratory.read(lambda session: proposals(session, "flow", "awaiting-approval", limit=100))
    return [row["number"] for row in rows if row["people_needed"] == 1]


async def test_approve_reject_edit_and_many(laboratory: Laboratory, console: Console) -> None:
    await laboratory.submit(campaign(parallel=6))
    await waiting(laboratory, 6)
    page = await console.enter("olga", path="/approvals")
    first, second, third, *more = await safe(laboratory)
    await console.picture(page, "approvals")

    await card(page, first).get_by_role("button", name="Approve").click()
    await expect(page.get_by_text(f"Approved: flow · proposal {first}")).to_be_visible()
    await expect(card(page, first)).to_have_count(0)
    await laboratory.wait_for(lambda session: _state(session, first) == "completed", 30)

    await card(page, second).get_by_role("button", name="Reject").click()
    await page.get_by_role("dialog").get_by_label("Why").fill("<img src=x onerror=alert(1)>")
    await page.get_by_role("dialog").get_by_role("button", name="Reject").click()
    await expect(card(page, second)).to_have_count(0)
    assert await state_of(laboratory, second) == "rejected"
    await expect(page.get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()  # as text, among what was decided

    await card(page, third).get_by_role("button", name="Edit").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("button", name="Put it forward instead")).to_be_disabled()
    await dialog.get_by_label("temperature (°C)").fill("77")
    await dialog.get_by_label("Why").fill("rounder")
    await dialog.get_by_role("button", name="Show the prediction").click()
    await expect(dialog.get_by_text("With these values:")).to_be_visible()
    await console.picture(page, "edit")
    await dialog.get_by_role("button", name="Put it forward instead").click()
    await expect(card(page, third)).to_have_count(0)
    await expect(page.get_by_role("article").filter(has_text="77 °C").filter(has_text="rounder")).to_have_count(1)
    assert await state_of(laboratory, third) == "superseded"

    await dialog.wait_for(state="hidden")
    for number in more[:2]:
        await card(page, number).get_by_role("checkbox").click()
        await expect(card(page, number).get_by_role("checkbox")).to_be_checked()
    await page.get_by_role("button", name=f"Approve {len(more[:2])} selected").click()
    for number in more[:2]:
        await laboratory.wait_for(lambda session, number=number: _state(session, number) == "completed", 30)


async def test_values_outside_the_space_are_refused_in_the_dialog(laboratory: Laboratory, console: Console) -> None:
    await laboratory.submit(campaign(parallel=1))
    await waiting(laboratory, 1)
    page = await console.enter("olga", path="/approvals")
    await card(page, 1).get_by_role("button", name="Edit").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("temperature (°C)").fill("500")
    await dialog.get_by_role("button", name="Show the prediction").click()
    await expect(page.get_by_role("alert").filter(has_text="temperature")).to_be_visible()
    await expect(dialog.get_by_role("button", name="Put it forward instead")).to_be_disabled()


async def test_two_people_for_what_is_hazardous(laboratory: Laboratory, console: Console) -> None:
    await laboratory.submit(campaign(parallel=1))
    await waiting(laboratory, 1)
    hot = {"residence_time": 1, "equivalents": 2, "concentration": 0.2, "temperature": 110}
    made = await console.ask("POST", "/campaigns/flow/inject", values=hot, why="a test")
    number = made["number"]
    one = await console.enter("olga", path="/approvals")
    other = await console.enter("otto", path="/approvals")
    await expect(card(one, number).get_by_text("two people: 0 of 2")).to_be_visible()
    await card(one, number).get_by_role("button", name="Approve").click()
    await expect(card(other, number).get_by_text("two people: 1 of 2")).to_be_visible()
    await expect(card(other, number).get_by_text("approved by olga")).to_be_visible()
    await console.picture(other, "two-people")
    await card(one, number).get_by_role("button", name="Approve").click()
    await expect(one.get_by_text("it takes another person")).to_be_visible()
    await card(other, number).get_by_role("button", name="Approve").click()
    await laboratory.wait_for(lambda session: _state(session, number) == "completed", 30)
    await expect(card(one, number)).to_have_count(0)


async def test_who_was_faster_is_said_and_nothing_is_overwritten(laboratory: Laboratory, console: Console) -> None:
    await laboratory.submit(campaign(parallel=1))
    await waiting(laboratory, 1)
    slow = await console.enter("olga", path="/approvals")
    fast = await console.enter("otto", path="/approvals")
    await card(slow, 1).get_by_role("button", name="Reject").click()
    await slow.get_by_role("dialog").get_by_label("Why").fill("I do not like it")
    await card(fast, 1).get_by_role("button", name="Approve").click()
    await expect(card(slow, 1)).to_have_count(0)
    await slow.get_by_role("dialog").get_by_role("button", name="Reject").click()
    await expect(slow.get_by_text("has been decided already")).to_be_visible()
    await expect(
        slow.get_by_role("row").filter(has_text="flow · proposal 1: approved").filter(has_text="otto")
    ).to_have_count(1)
    await laboratory.wait_for(lambda session: _state(session, 1) == "completed", 30)


async def test_the_keys(laboratory: Laboratory, console: Console) -> None:
    await laboratory.submit(campaign(parallel=2))
    await waiting(laboratory, 2)
    page = await console.enter("olga", path="/approvals")
    await expect(page.get_by_role("article")).to_have_count(2)
    numbers = [await each.get_attribute("aria-label") for each in await page.get_by_role("article").all()]
    await page.keyboard.press("j")
    await expect(page.get_by_role("article").first).to_be_focused()
    await page.keyboard.press("j")
    await expect(page.get_by_role("article").nth(1)).to_be_focused()
    await page.keyboard.press("r")
    await page.get_by_role("dialog").get_by_label("Why").fill("by the keys")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("row").filter(has_text=f"{numbers[1]}: rejected")).to_have_count(1)


def _state(session, number: int) -> str:  # type: ignore[no-untyped-def]
    return str(session.scalars(select(col(Proposal.state)).where(col(Proposal.number) == number)).one())
