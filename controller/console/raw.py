"""Files for the browser: raw data and exports, for whoever is signed in."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import FileResponse, PlainTextResponse, RedirectResponse

from controller.commands.errors import NotFound
from controller.commands.lookup import find
from controller.console.gate import COOKIE, SIGN_IN, plain_headers
from controller.console.house import House
from controller.report.export import as_csv
from controller.store.tables import StoredFile

router = APIRouter(include_in_schema=False)

Sha256 = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]
PICTURES = {"image/png", "image/jpeg"}  # what a browser may show in place; everything else is downloaded


@router.get("/raw/{sha256}")
async def raw(request: Request, sha256: Sha256) -> Response:
    """A stored file: a picture to be shown, anything else to be kept."""
    house: House = request.app.state.house
    if await house.actor(request.cookies.get(COOKIE)) is None:
        return RedirectResponse(SIGN_IN, 303)
    row = await house.services.store.read(lambda session: find(session, StoredFile, sha256))
    path = house.services.files.path(sha256)
    if not path.is_file():
        raise NotFound(f"the file {sha256} is recorded and not on the disk; restore it from a backup")
    shown = row.media_type in PICTURES
    media_type, place = (row.media_type, "inline") if shown else ("application/octet-stream", "attachment")
    headers = {**plain_headers(), "content-security-policy": "sandbox"}
    return FileResponse(path, media_type=media_type, filename=row.name, content_disposition_type=place, headers=headers)


@router.get("/export/{campaign}.csv")
async def export(request: Request, campaign: Name) -> Response:
    """A campaign as a table."""
    house: House = request.app.state.house
    if await house.actor(request.cookies.get(COOKIE)) is None:
        return RedirectResponse(SIGN_IN, 303)
    content = await house.services.store.read(lambda session: as_csv(session, campaign))
    headers = {**plain_headers(), "content-disposition": f'attachment; filename="{campaign}.csv"'}
    return PlainTextResponse(content, headers=headers, media_type="text/csv")
