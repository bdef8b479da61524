"""A store over a fresh database, under a clock that tests move."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controller.store import Store
from tests.controller.store.ledger import Clock


@pytest.fixture
def path(sqlite_url: str, tmp_path: Path) -> Path:
    """Where the database of `sqlite_url` is."""
    return tmp_path / "tatara.db"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(url: str, clock: Clock) -> AsyncIterator[Store]:
    opened = Store(url, clock=clock)
    await opened.start()
    try:
        yield opened
    finally:
        await opened.stop()
