"""The queue on the page of approvals, while others decide too."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from nicegui import Client, ui

from controller.commands import proposals
from controller.commands.lookup import find_campaign
from controller.console import House
from controller.console.desk import Items
from controller.console.pages.approvals import SETTLES_S, Queue
from controller.store import Unit
from controller.store.change import change_proposal
from controller.store.proposals import make_proposal
from controller.store.tables import Proposal
from tests.controller.world import ADMIN, CANDIDATE, World


class Page:
    """The queue before one person, drawn when asked to."""

    def __init__(self, world: World, house: House) -> None:
        desk: Any = SimpleNamespace(house=house, may=lambda role: True)
        self.world, self.queue = world, Queue(desk)
        self.queue.tools(True)
        place = ui.element("div")
        self.items = Items(self.queue.read, self.queue.draw, place, "nothing", self.queue.arrange)

    async def look(self) -> None:
        await self.items.show(await self.world.store.read(self.items.load))


@pytest.fixture
def page(world: World, house: House, blank: Client) -> Page:
    return Page(world, house)


def propose(unit: Unit) -> str:
    """One more that waits."""
    campaign = find_campaign(unit.session, "reactor")
    row = make_proposal(unit, campaign, stage="flow", key="k", candidate=CANDIDATE, reason="why not", made_by="t")
    change_proposal(unit, row, "submit", campaign)
    return row.id


def hurry(unit: Unit, key: str, deadline: datetime) -> None:
    row = unit.session.get_one(Proposal, key)
    row.deadline = deadline
    unit.record("test", row, campaign_id=row.campaign_id)


async def test_what_others_decide_is_selected_no_more(world: World, page: Page) -> None:
    first, digest = world.ids["proposal"], world.ids["digest"]
    second = await world.store.write(propose, name="t")
    await page.look()
    page.queue.select_all()
    assert page.queue.selected == {first, second}
    await world.store.write(lambda unit: proposals.reject(unit, ADMIN, first, digest, "no"), name="t")
    await page.look()
    assert page.queue.selected == {second}
    assert [each.text for each in page.queue.many] == ["Approve 1 selected", "Reject 1 selected"]
    assert set(page.queue.rows) == set(page.queue.cards) == {second}


async def test_a_second_press_does_not_approve_what_came_under_the_mouse(world: World, page: Page) -> None:
    first, digest = world.ids["proposal"], world.ids["digest"]
    second = await world.store.write(propose, name="t")
    await page.look()
    approved: list[str] = []
    complaints: list[str] = []

    async def approve(key: str) -> None:
        approved.append(key)

    page.queue.approve = approve  # type: ignore[method-assign]
    page.queue.desk.complain = complaints.append  # type: ignore[method-assign]
    await world.store.write(lambda unit: proposals.reject(unit, ADMIN, first, digest, "no"), name="t")
    await page.look()
    await page.queue.press_approve(second)
    assert (approved, len(complaints)) == ([], 1)
    page.queue.moved_s -= SETTLES_S
    await page.queue.press_approve(second)
    assert approved == [second]


async def test_the_keys_go_as_the_cards_stand(world: World, page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ui, "run_javascript", lambda code: None)  # there is no browser
    first = world.ids["proposal"]
    second, third = [await world.store.write(propose, name="t") for _ in range(2)]
    await page.look()
    soon = world.store.clock() + timedelta(hours=5)
    await world.store.write(lambda unit: hurry(unit, third, soon), name="t")
    await page.look()
    been = []
    for pressed in "jjjk":
        event: Any = SimpleNamespace(
            action=SimpleNamespace(keydown=True),
            modifiers=SimpleNamespace(ctrl=False, alt=False, meta=False),
            key=pressed,
        )
        await page.queue.key(event)
        been.append(page.queue.current)
    assert been == [third, first, second, first]


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(hours=5), "decide within 5 h"),
        (timedelta(minutes=7), "decide within 7 min"),
        (timedelta(seconds=59), "decide within less than 1 min"),
        (timedelta(0), "deadline has passed"),
    ],
)
async def test_a_deadline_is_not_written_anew_each_second(world: World, page: Page, left: timedelta, said: str) -> None:
    key, clock = world.ids["proposal"], world.store.clock
    deadline = clock() + timedelta(days=1)
    await world.store.write(lambda unit: hurry(unit, key, deadline), name="t")
    for later in (0, 5):
        now = deadline - left + timedelta(seconds=later)
        page.queue.desk = SimpleNamespace(  # type: ignore[assignment]
            house=SimpleNamespace(services=SimpleNamespace(store=SimpleNamespace(clock=lambda now=now: now)))
        )
        rows = await world.store.read(page.queue.read)
        assert rows[key]["left"] == said
