"""What is asked for about campaigns."""

from collections.abc import Mapping
from typing import Any

from controller.access.actors import Actor
from controller.commands import campaigns
from controller.console.actions.registry import action, write
from controller.console.house import House
from controller.serving import campaigns as campaign_files


@action
async def pause_campaign(house: House, actor: Actor, campaign: str, why: str) -> Any:
    """Begin nothing new."""
    return await write(house, "pause", lambda unit: campaigns.pause(unit, actor, campaign, why))


@action
async def resume_campaign(house: House, actor: Actor, campaign: str, why: str) -> Any:
    """Go on."""
    return await write(house, "resume", lambda unit: campaigns.resume(unit, actor, campaign, why))


@action
async def stop_campaign(house: House, actor: Actor, campaign: str, why: str) -> Any:
    """Let what runs end, and end."""
    return await write(house, "stop", lambda unit: campaigns.stop_campaign(unit, actor, campaign, why))


@action
async def abort_campaign(house: House, actor: Actor, campaign: str, why: str) -> Any:
    """Cancel what runs, and end."""
    return await write(house, "abort", lambda unit: campaigns.abort(unit, actor, campaign, why))


@action
async def amend_campaign(
    house: House,
    actor: Actor,
    campaign: str,
    text: str,
    files: Mapping[str, bytes] | None = None,
    version: int | None = None,
) -> Any:
    """Give a campaign a new version of its file in the place of `version`; files not given stay as they are."""
    return await campaign_files.amend(house.services, actor, campaign, text, files or {}, version)
