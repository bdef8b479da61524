"""What the cards of the first page say."""

from dataclasses import replace

from controller.console.pages.overview import cost, instruments
from controller.console.standing import experiments
from controller.report import campaign, overview
from tests.controller.world import World


async def test_an_instruments_card_says_when_it_was_last_heard(world: World) -> None:
    services = replace(world.app.state.services, heard=lambda: {"reactor-1": 130.0})
    rows = await world.store.read(lambda session: instruments(session, services))
    said = {row["name"]: row["heard"] for row in rows}
    assert (said["reactor-1"], said["reactor-2"]) == ("2 min ago", "not since the daemon started")


def test_what_was_spent_is_said_without_a_budget_too() -> None:
    assert cost({"cost": 12.5, "budget": {"cost": 100.0}}) == "Cost 12.5 of 100"
    assert cost({"cost": 12.5, "budget": {"experiments": 8}}) == "Cost 12.5, no budget set for it"


async def test_both_pages_count_the_experiments_in_one_way(world: World) -> None:
    now = world.store.clock()
    [first] = await world.store.read(lambda session: overview.campaigns(session, now))
    other = await world.store.read(lambda session: campaign.head(session, "reactor"))
    assert experiments(first) == experiments(other)
    assert other["open"] == 2
    row = {"experiments": 6, "open": 3, "budget": {"experiments": 40}}
    assert experiments(row) == "3 of 40 ended, 3 open"
    assert experiments(row | {"open": 0, "budget": {}}) == "6 ended"
