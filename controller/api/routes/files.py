"""Raw data by their SHA-256: instruments and people put them, everybody signed in may read them."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request, Response
from fastapi.responses import FileResponse

from controller.access.actors import Role
from controller.api.bodies import Serving
from controller.commands.errors import NotFound
from controller.commands.lookup import find
from controller.serving import uploads
from controller.serving.uploads import BINARY
from controller.store.tables import StoredFile

router = APIRouter(prefix="/files", tags=["files"])

Sha256 = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
_BODY = {"requestBody": {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}, "required": True}}


@router.put("/{sha256}", status_code=201, responses={200: {"description": "it was there"}}, openapi_extra=_BODY)
async def put(
    request: Request,
    response: Response,
    services: Serving,
    sha256: Sha256,
    content_type: Annotated[str, Header(max_length=100)] = BINARY,
    x_file_name: Annotated[str, Header(max_length=200)] = "",
) -> Any:
    """Take a file; its content must have this digest. Instruments sign in with name and password (HTTP Basic)."""
    by: str | None = getattr(request.state, "instrument", None)
    if by is None:
        request.state.actor.require(Role.OPERATOR)
        by = request.state.actor.name
    kept = await uploads.keep(services, by, x_file_name, content_type, request.stream(), sha256)
    response.status_code = 201 if kept.new else 200
    return {"sha256": sha256, "size": kept.size}


@router.get("/{sha256}", response_class=FileResponse)
async def get(services: Serving, sha256: Sha256) -> Response:
    """The file."""
    row = await services.store.read(lambda session: find(session, StoredFile, sha256))
    path = services.files.path(sha256)
    if not path.is_file():
        raise NotFound(f"the file {sha256} is recorded and not on the disk; restore it from a backup")
    # Never shown by the browser as a page of ours, whatever it says that it is.
    headers = {"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"}
    return FileResponse(path, media_type=BINARY, filename=row.name, headers=headers)
