"""The one quick test in a browser: somebody comes in and takes a decision."""

from playwright.async_api import expect
from sqlmodel import select

from controller.store.tables import ApprovalDecision
from tests.controller.world import World
from tests.laboratory.browser import Console


async def test_somebody_signs_in_and_approves(world: World, world_console: Console) -> None:
    page = await world_console.enter("olivia", path="/approvals")
    waiting = page.get_by_role("article")
    await expect(waiting).to_have_count(1)
    await waiting.get_by_role("button", name="Approve").click()
    await expect(waiting).to_have_count(0)
    found = await world.store.read(lambda session: session.scalars(select(ApprovalDecision)).one())
    assert (found.proposal_id, found.user, found.verdict) == (world.ids["proposal"], "olivia", "approve")
