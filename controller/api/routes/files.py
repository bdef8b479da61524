"""Raw data by their SHA-256: instruments and people put them, everybody signed in may read them."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request, Response
from fastapi.responses import FileResponse

from controller.access.actors import Role
from controller.api.bodies import Serving
from controller.commands.errors import Invalid, NotFound
from controller.commands.lookup import find
from controller.commands.uploads import record_file
from controller.files import Incoming
from controller.store.tables import StoredFile

router = APIRouter(prefix="/files", tags=["files"])

Sha256 = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
BINARY = "application/octet-stream"
_BODY = {"requestBody": {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}, "required": True}}
PART = 1024 * 1024  # written in one go, off the event loop


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
    with services.files.receive() as incoming:
        await _take(request, incoming)
        if incoming.sha256 != sha256:
            raise Invalid(f"what came has the SHA-256 {incoming.sha256} ({incoming.size} bytes)")
        await asyncio.to_thread(incoming.keep)
    new = await services.store.write(
        lambda unit: record_file(unit, by, sha256, incoming.size, x_file_name or sha256, content_type),
        name="file",
    )
    response.status_code = 201 if new else 200
    return {"sha256": sha256, "size": incoming.size}


async def _take(request: Request, incoming: Incoming) -> None:
    waiting = bytearray()
    async for part in request.stream():
        waiting += part
        if len(waiting) >= PART:
            await asyncio.to_thread(incoming.write, bytes(waiting))
            waiting.clear()
    await asyncio.to_thread(incoming.write, bytes(waiting))


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
