"""Campaigns: check and submit a file, look, pause, resume, stop, abort, amend."""

import asyncio
from collections.abc import Callable
from pathlib import Path as FilePath
from typing import Any, Literal

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from sqlmodel import Session

from controller import spec as campaign_file
from controller.access.actors import Actor, Role
from controller.api.bodies import Again, Asking, CampaignFile, DataTable, Injection, Key, Serving, Why, listed
from controller.commands import campaigns as commands
from controller.commands import imports
from controller.commands.analyses import analyse_again
from controller.commands.lookup import find_campaign
from controller.report import lists
from controller.report.specs import describe, warnings
from controller.serving import Services, exports
from controller.serving import campaigns as files
from controller.serving import candidates as forward
from controller.spec import Campaign as Spec
from controller.store import Unit
from controller.store.specs import spec_of
from controller.store.tables import Campaign

router = APIRouter(prefix="/campaigns", tags=["campaigns"])
CSV = "text/csv"


_CHANGES: dict[str, Callable[[Unit, Actor, str, str], Campaign]] = {
    "pause": commands.pause,
    "resume": commands.resume,
    "stop": commands.stop_campaign,
    "abort": commands.abort,
}


@router.get("")
async def list_campaigns(services: Serving) -> Response:
    """All campaigns, the latest first."""
    return await listed(services, lists.campaigns)


@router.post("", status_code=201)
async def submit(services: Serving, actor: Asking, body: CampaignFile) -> dict[str, Any]:
    """Start a campaign."""
    submission = await files.prepare(services, actor, body.text, body.files)
    return await services.store.write(
        lambda unit: lists.as_dict(commands.submit(unit, actor, submission)), name="submit"
    )


@router.post("/check")
async def check(services: Serving, body: CampaignFile) -> dict[str, Any]:
    """Check a campaign file as `submit` would; keeps nothing."""
    spec = await asyncio.to_thread(campaign_file.load, body.text, body.files)
    return {
        **describe(spec),
        "warnings": await services.store.read(lambda session: warnings(session, spec, services.store.limits)),
    }


@router.get("/{name}")
async def show(services: Serving, name: Key) -> Response:
    """One campaign: its file, progress, open proposals and counters."""
    return await listed(services, lambda session: lists.campaign(session, name, services.store.clock()))


@router.get(
    "/{name}/export/measurements.csv", response_class=StreamingResponse, responses={200: {"content": {CSV: {}}}}
)
async def export_measurements(services: Serving, name: Key) -> StreamingResponse:
    """All measurements as a table, in the order in which they were taken, also those that do not count."""
    return StreamingResponse(await exports.measurements(services, name), media_type=CSV)


@router.post("/{name}/amend")
async def amend(services: Serving, actor: Asking, name: Key, body: CampaignFile) -> dict[str, Any]:
    """Give it a new version of its file. Files beside it that are not sent stay as they are."""
    return lists.as_dict(await files.amend(services, actor, name, body.text, body.files))


@router.post("/{name}/import")
async def import_table(services: Serving, actor: Asking, name: Key, body: DataTable) -> dict[str, Any]:
    """Add a CSV of earlier measurements; the next request to the strategy knows them.

    `notes` name the rows that lie outside the space: they are data all the same.
    """
    actor.require(Role.OPERATOR)
    spec, paths = await services.store.read(lambda session: _spec_and_files(session, services, name))
    sha256 = await asyncio.to_thread(services.files.put, body.content)
    table = await asyncio.to_thread(imports.checked_table, spec, body.name, sha256, body.content, paths)
    told = await services.store.write(
        lambda unit: lists.as_dict(imports.import_table(unit, actor, name, table)), name="import"
    )
    return {**told, "notes": imports.notes(table)}


@router.post("/{name}/inject", status_code=201)
async def inject(services: Serving, actor: Asking, name: Key, body: Injection) -> dict[str, Any]:
    """Put a candidate forward; rules and people approve it as any other."""
    return lists.as_dict(await forward.inject(services, actor, name, body.values, body.why, body.stage))


@router.post("/{name}/analyse")
async def analyse(services: Serving, actor: Asking, name: Key, body: Again) -> dict[str, Any]:
    """Read the files of earlier results once more, as the campaign file says now."""
    attempts = await services.store.write(
        lambda unit: analyse_again(unit, actor, name, body.attempts, body.why), name="analyse"
    )
    return {"attempts": attempts}


def _spec_and_files(session: Session, services: Services, name: str) -> tuple[Spec, dict[str, FilePath]]:
    spec = spec_of(session, find_campaign(session, name))
    pool = spec.space.pool
    digests = [pool.sha256] if pool is not None and pool.sha256 else []
    return spec, {sha256: services.files.path(sha256) for sha256 in digests}


@router.post("/{name}/{change}")
async def change(
    services: Serving, actor: Asking, name: Key, change: Literal["pause", "resume", "stop", "abort"], body: Why
) -> dict[str, Any]:
    """Pause, resume, stop or abort it."""
    command = _CHANGES[change]
    return await services.store.write(lambda unit: lists.as_dict(command(unit, actor, name, body.why)), name=change)
