"""Raw data by HTTP: what is too big for a message goes to the daemon's file store, and the result names it."""

import hashlib
import mimetypes
from collections.abc import Iterator
from pathlib import Path

from adapters.instruments.messages import File

PART = 1024 * 1024
PATIENCE_S = 60.0


class UploadError(OSError):
    """The file store did not take the file; the text says why."""


def upload(url: str, name: str, password: str, path: Path, media_type: str | None = None) -> File:
    """Put a file into the store of the daemon at `url`, signed in as instrument `name`; returns what a result names.

    Blocks: call it by `asyncio.to_thread`. Putting the same file again changes nothing. Raises `UploadError`.
    """
    import httpx

    kind = media_type or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    digest = hashlib.sha256()
    for part in _parts(path):
        digest.update(part)
    sha256 = digest.hexdigest()
    try:
        answer = httpx.put(
            f"{url.rstrip('/')}/api/v1/files/{sha256}",
            content=_parts(path),
            headers={"Content-Type": kind, "X-File-Name": path.name.encode("ascii", "replace").decode()},
            auth=(name, password),
            timeout=PATIENCE_S,
        )
    except httpx.HTTPError as error:
        raise UploadError(f"{path} could not be sent to {url}: {error}") from error
    if not answer.is_success:
        raise UploadError(f"{path} was refused ({answer.status_code}): {answer.text[:500]}")
    return File(sha256=sha256, name=path.name, media_type=kind)


def _parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(PART):
            yield part
