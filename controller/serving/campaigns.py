"""Campaign files are read off the event loop before they are written."""

import asyncio
from collections.abc import Mapping

from sqlmodel import Session

from controller.access.actors import Actor, Role
from controller.commands import campaigns
from controller.commands.errors import Conflict, Invalid
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


async def amend(
    services: Services, actor: Actor, name: str, text: str, files: Mapping[str, bytes], version: int | None = None
) -> Campaign:
    """Give a campaign a new version of its file. Of the files beside it, those that are not given stay as they are.

    `version`: the one that the person began with. Raises `NotFound`, `SpecError`, `Invalid`, or `Conflict`, also where
    another version came meanwhile.
    """
    actor.require(Role.OPERATOR)
    now, beside = await services.store.read(lambda session: _in_force(session, name))
    began = now if version is None else version
    if began != now:
        raise _overtaken(name, now)
    kept = {file: sha256 for file, sha256 in beside.items() if file not in files}
    contents = await asyncio.to_thread(_contents, services.files, kept)
    submission = await prepare(services, actor, text, {**contents, **files})
    return await services.store.write(lambda unit: _amend(unit, actor, name, submission, began), name="amend")


def _in_force(session: Session, name: str) -> tuple[int, dict[str, str]]:
    """The version, and the files beside it."""
    row = find_campaign(session, name)
    return row.version, spec_of(session, row).beside()


def _overtaken(name: str, now: int) -> Conflict:
    return Conflict(f"campaign {name} was amended meanwhile and has version {now}: look at that, and amend it")


def _contents(files: Files, kept: Mapping[str, str]) -> dict[str, bytes]:
    """What the files hold; one that is gone from the disk is as one that was never sent."""
    paths = {name: files.path(sha256) for name, sha256 in kept.items()}
    return {name: path.read_bytes() for name, path in paths.items() if path.is_file()}


def _amend(unit: Unit, actor: Actor, name: str, submission: campaigns.Submission, began: int) -> Campaign:
    row = find_campaign(unit.session, name)
    if row.version != began:
        raise _overtaken(name, row.version)
    if row.name != submission.spec.campaign:
        raise Invalid(f"the file is that of campaign {submission.spec.campaign!r}, not of {row.name!r}")
    return campaigns.amend(unit, actor, submission)
