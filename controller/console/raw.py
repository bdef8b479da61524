"""Files for the browser: raw data, drawings and exports, for whoever is signed in."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import FileResponse, PlainTextResponse, StreamingResponse

from controller.access.actors import Actor
from controller.commands.errors import Invalid, NotFound
from controller.commands.lookup import find
from controller.console.gate import plain_headers, signed_in
from controller.console.house import House
from controller.console.texts import say
from controller.report.contents import PICTURES
from controller.report.drawings import LONGEST, NotDrawable
from controller.report.export import as_csv
from controller.serving import exports
from controller.store.tables import StoredFile

router = APIRouter(include_in_schema=False, dependencies=[Depends(signed_in)])

Person = Annotated[Actor, Depends(signed_in)]
Sha256 = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]
Smiles = Annotated[str, Query(min_length=1, max_length=LONGEST)]


@router.get("/raw/{sha256}")
async def raw(request: Request, sha256: Sha256) -> Response:
    """A stored file: a picture to be shown, anything else to be kept."""
    house: House = request.app.state.house
    row = await house.services.store.read(lambda session: find(session, StoredFile, sha256))
    path = house.services.files.path(sha256)
    if not path.is_file():
        raise NotFound(say("files.not_on_disk", sha256=sha256))
    shown = row.media_type in PICTURES
    media_type, place = (row.media_type, "inline") if shown else ("application/octet-stream", "attachment")
    headers = {**plain_headers(), "content-security-policy": "sandbox"}
    return FileResponse(path, media_type=media_type, filename=row.name, content_disposition_type=place, headers=headers)


@router.get("/drawn/molecule.svg")
async def molecule(request: Request, actor: Person, smiles: Smiles) -> Response:
    """A molecule drawn from its SMILES; one that cannot be drawn is refused, and the page says so."""
    house: House = request.app.state.house
    try:
        async with house.drawing(actor.name):
            picture = await house.pictures.molecule(smiles)
    except NotDrawable as error:
        raise Invalid(str(error)) from error
    headers = {**plain_headers(), "content-security-policy": "sandbox", "cache-control": "private, max-age=86400"}
    return Response(picture, headers=headers, media_type="image/svg+xml")


@router.get("/export/{campaign}.csv")
async def export(request: Request, campaign: Name) -> Response:
    """A campaign as a table."""
    house: House = request.app.state.house
    async with house.exporting:
        content = await house.services.store.read_long(lambda session: as_csv(session, campaign))
    headers = {**plain_headers(), "content-disposition": f'attachment; filename="{campaign}.csv"'}
    return PlainTextResponse(content, headers=headers, media_type="text/csv")


@router.get("/export/{campaign}/measurements.csv")
async def export_measurements(request: Request, campaign: Name) -> Response:
    """All measurements of a campaign as a table."""
    house: House = request.app.state.house
    parts = await exports.measurements(house.services, campaign)
    headers = {**plain_headers(), "content-disposition": f'attachment; filename="{campaign}-measurements.csv"'}
    return StreamingResponse(parts, headers=headers, media_type="text/csv")
