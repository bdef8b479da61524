"""Campaign files are read off the event loop before they are written."""

import asyncio
from collections.abc import Mapping

from controller.access.actors import Actor, Role
from controller.commands import campaigns
from controller.commands.errors import Invalid
from controller.commands.lookup import find_campaign
from controller.serving.services import Services
from controller.store import Unit
from controller.store.tables import Campaign


async def prepare(services: Services, actor: Actor, text: str, files: Mapping[str, bytes]) -> campaigns.Submission:
    """Check a file, and keep what stands beside it. Raises `SpecError`, `Invalid`."""
    actor.require(Role.OPERATOR)  # before the file is read and its pool kept
    return await asyncio.to_thread(campaigns.prepare, text, files, services.files)


async def amend(services: Services, actor: Actor, name: str, text: str, files: Mapping[str, bytes]) -> Campaign:
    """Give a campaign a new version of its file. Raises `SpecError`, `Invalid`, `Conflict`."""
    submission = await prepare(services, actor, text, files)
    return await services.store.write(lambda unit: _amend(unit, actor, name, submission), name="amend")


def _amend(unit: Unit, actor: Actor, name: str, submission: campaigns.Submission) -> Campaign:
    row = find_campaign(unit.session, name)
    if row.name != submission.spec.campaign:
        raise Invalid(f"the file is that of campaign {submission.spec.campaign!r}, not of {row.name!r}")
    return campaigns.amend(unit, actor, submission)
