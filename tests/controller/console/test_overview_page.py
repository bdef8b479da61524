"""What the cards of the first page say."""

from dataclasses import replace

from controller.console.pages.overview import cost, instruments
from tests.controller.world import World


async def test_an_instruments_card_says_when_it_was_last_heard(world: World) -> None:
    services = replace(world.app.state.services, heard=lambda: {"reactor-1": 130.0})
    rows = await world.store.read(lambda session: instruments(session, services))
    said = {row["name"]: row["heard"] for row in rows}
    assert (said["reactor-1"], said["reactor-2"]) == ("2 min ago", "not since the daemon started")


def test_what_was_spent_is_said_without_a_budget_too() -> None:
    assert cost({"cost": 12.5, "budget": {"cost": 100.0}}) == "Cost 12.5 of 100"
    assert cost({"cost": 12.5, "budget": {"experiments": 8}}) == "Cost 12.5, no budget set for it"
