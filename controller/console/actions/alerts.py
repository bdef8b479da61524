"""What is asked for about alerts."""

from typing import Any

from controller.access.actors import Actor
from controller.commands import alerts
from controller.console.actions.registry import action, write
from controller.console.house import House


@action
async def test_alert(house: House, actor: Actor, receiver: str) -> Any:
    """Have a receiver of alerts told that nothing has happened."""
    section = house.services.alerts
    return await write(house, "test-alert", lambda unit: alerts.test_alert(unit, actor, section, receiver))
