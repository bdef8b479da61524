"""Files that people and instruments bring: streamed to the disk off the event loop, then recorded."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from adapters.instruments.messages import File
from controller.access.actors import Actor, Role
from controller.commands.errors import Invalid
from controller.commands.uploads import record_file
from controller.files import Incoming
from controller.serving.services import Services

BINARY = "application/octet-stream"
PART = 1024 * 1024  # written in one go


@dataclass(frozen=True)
class Kept:
    """A file in the store; `new`: it was not there before."""

    file: File
    size: int
    new: bool


async def keep_of(services: Services, actor: Actor, name: str, media_type: str, parts: AsyncIterator[bytes]) -> File:
    """Keep what a person brings."""
    actor.require(Role.OPERATOR)
    return (await keep(services, actor.name, name, media_type, parts)).file


async def keep(
    services: Services, by: str, name: str, media_type: str, parts: AsyncIterator[bytes], sha256: str | None = None
) -> Kept:
    """Keep what whoever may has brought. Raises `Invalid` where the content has another digest than was said."""
    with services.files.receive() as incoming:
        await _take(parts, incoming)
        if sha256 not in (None, incoming.sha256):
            raise Invalid(f"what came has the SHA-256 {incoming.sha256} ({incoming.size} bytes)")
        await asyncio.to_thread(incoming.keep)
    digest, size = incoming.sha256, incoming.size
    file = File(sha256=digest, name=name[:200] or digest, media_type=media_type[:100] or BINARY)
    new = await services.store.write(
        lambda unit: record_file(unit, by, digest, size, file.name, file.media_type), name="file"
    )
    return Kept(file, size, new)


async def _take(parts: AsyncIterator[bytes], incoming: Incoming) -> None:
    waiting = bytearray()
    async for part in parts:
        waiting += part
        if len(waiting) >= PART:
            await asyncio.to_thread(incoming.write, bytes(waiting))
            waiting.clear()
    await asyncio.to_thread(incoming.write, bytes(waiting))
