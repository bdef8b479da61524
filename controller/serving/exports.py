"""Tables that are too long to be made at once: read part by part, so that nobody waits for them."""

from collections.abc import AsyncIterator, Callable, Sequence

from sqlmodel import Session

from controller.report.measured import csv_parts
from controller.serving.services import Services


async def measurements(services: Services, campaign: str) -> AsyncIterator[str]:
    """All measurements of a campaign as a CSV. Raises `NotFound` before the first part."""
    return _read(services, await services.store.read_long(lambda session: csv_parts(session, campaign)))


async def _read(services: Services, parts: Sequence[Callable[[Session], str]]) -> AsyncIterator[str]:
    for part in parts:
        yield await services.store.read_long(part)
