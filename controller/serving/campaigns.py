"""Campaign files are read off the event loop before they are written."""

import asyncio
from collections.abc import Mapping

from controller.access.actors import Actor, Role
from controller.commands import campaigns
from controller.commands.errors import Invalid
from controller.commands.lookup import find_campaign
from controller.files import Files
from controller.serving.services import Services
from controller.store import Unit
from controller.store.specs import spec_of
from controller.store.tables import Campaign


async def prepare(services: Services, actor: Actor, text: str, files: Mapping[str, bytes]) -> campaigns.Submission:
    """Check a file, and keep what stands beside it. Raises `SpecError`, `Invalid`."""
    actor.require(Role.OPERATOR)  # before the file is read and its pool kept
    return await asyncio.to_thread(campaigns.prepare, text, files, services.files)


async def amend(services: Services, actor: Actor, name: str, text: str, files: Mapping[str, bytes]) -> Campaign:
    """Give a campaign a new version of its file. Of the files beside it, those that are not given stay as they are.

    Raises `NotFound`, `SpecError`, `Invalid`, `Conflict`.
    """
    actor.require(Role.OPERATOR)
    beside = await services.store.read(lambda session: spec_of(session, find_campaign(session, name)).beside())
    kept = {file: sha256 for file, sha256 in beside.items() if file not in files}
    contents = await asyncio.to_thread(_contents, services.files, kept)
    submission = await prepare(services, actor, text, {**contents, **files})
    return await services.store.write(lambda unit: _amend(unit, actor, name, submission), name="amend")


def _contents(files: Files, kept: Mapping[str, str]) -> dict[str, bytes]:
    """What the files hold; one that is gone from the disk is as one that was never sent."""
    paths = {name: files.path(sha256) for name, sha256 in kept.items()}
    return {name: path.read_bytes() for name, path in paths.items() if path.is_file()}


def _amend(unit: Unit, actor: Actor, name: str, submission: campaigns.Submission) -> Campaign:
    row = find_campaign(unit.session, name)
    if row.name != submission.spec.campaign:
        raise Invalid(f"the file is that of campaign {submission.spec.campaign!r}, not of {row.name!r}")
    return campaigns.amend(unit, actor, submission)
