"""What is asked for about proposals: to decide, to edit, to put forward."""

from typing import Any

from controller.access.actors import Actor
from controller.commands import proposals
from controller.console.actions.registry import action, write
from controller.console.house import House
from controller.serving import candidates


@action
async def approve(house: House, actor: Actor, proposal: str, digest: str, why: str | None = None) -> Any:
    """Approve what was shown."""
    return await write(house, "approve", lambda unit: proposals.approve(unit, actor, proposal, digest, why))


@action
async def reject(house: House, actor: Actor, proposal: str, digest: str, why: str) -> Any:
    """Reject what was shown."""
    return await write(house, "reject", lambda unit: proposals.reject(unit, actor, proposal, digest, why))


@action
async def foresee(house: House, actor: Actor, proposal: str, values: dict[str, Any]) -> Any:
    """What would be predicted with other values."""
    return await candidates.assess_edit(house.services, actor, proposal, values)


@action
async def edit(
    house: House, actor: Actor, proposal: str, digest: str, values: dict[str, Any], shown: str, why: str
) -> Any:
    """Put other values in the place of what was shown; `shown` is the digest of what was foreseen of them."""
    return await candidates.edit(house.services, actor, proposal, digest, values, why, shown)


@action
async def foresee_point(
    house: House, actor: Actor, campaign: str, values: dict[str, Any], stage: str | None = None
) -> Any:
    """What would be predicted for a candidate that somebody thinks of."""
    return await candidates.assess_new(house.services, actor, campaign, values, stage)


@action
async def inject(
    house: House, actor: Actor, campaign: str, values: dict[str, Any], shown: str, why: str, stage: str | None = None
) -> Any:
    """Put a candidate forward; `shown` is the digest of what was foreseen of it."""
    return await candidates.inject(house.services, actor, campaign, values, why, stage, shown)
