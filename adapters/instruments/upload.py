"""Raw data by HTTP: what is too big for a message goes to the daemon's file store, and the result names it."""

import hashlib
import mimetypes
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from adapters.instruments.messages import File

PART = 1024 * 1024
PATIENCE_S = 60.0
_NOT_IN_A_HEADER = re.compile(r"[^ -~]")


class UploadError(OSError):
    """The file store did not take the file; the text says why."""


def upload(url: str, name: str, password: str, path: Path, media_type: str | None = None) -> File:
    """Put a file into the store of the daemon at `url`, signed in as instrument `name`; returns what a result names.

    Blocks: call it by `asyncio.to_thread`. Putting the same file again changes nothing. Raises `UploadError`.
    """
    import httpx

    file = described(path, media_type)
    try:
        answer = httpx.put(
            f"{url.rstrip('/')}/api/v1/files/{file.sha256}",
            content=parts(path),
            headers=headers_of(file),
            auth=(name, password),
            timeout=PATIENCE_S,
        )
    except httpx.HTTPError as error:
        raise UploadError(f"{path} could not be sent to {url}: {error}") from error
    if not answer.is_success:
        raise UploadError(f"{path} was refused ({answer.status_code}): {answer.text[:500]}")
    return file


def described(path: Path, media_type: str | None = None) -> File:
    """What a result names of a file: its digest, name and type. Raises `UploadError` if none can hold its name."""
    digest = hashlib.sha256()
    for part in parts(path):
        digest.update(part)
    kind = media_type or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    try:
        return File(sha256=digest.hexdigest(), name=path.name, media_type=kind)
    except ValidationError as error:
        raise UploadError(f"{path.name!r} should be a name in UTF-8 of at most 200 characters") from error


def headers_of(file: File) -> dict[str, str]:
    """What the file store is told beside the content."""
    return {"Content-Type": file.media_type, "X-File-Name": _NOT_IN_A_HEADER.sub("?", file.name).strip()}


def parts(path: Path) -> Iterator[bytes]:
    """The content, in pieces that fit into any memory."""
    with path.open("rb") as file:
        while part := file.read(PART):
            yield part
