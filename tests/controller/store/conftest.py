"""A store over a fresh database, under a clock that tests move."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controller.store import Store
from tests.controller.store.ledger import Clock, make_database


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its tables, made once and copied for each test."""
    path = tmp_path_factory.mktemp("template") / "tatara.db"
    make_database(path)
    return path


@pytest.fixture
def path(template: Path, tmp_path: Path) -> Path:
    shutil.copy(template, tmp_path / "tatara.db")
    return tmp_path / "tatara.db"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(path: Path, clock: Clock) -> AsyncIterator[Store]:
    opened = Store(f"sqlite:///{path}", clock=clock)
    await opened.start()
    try:
        yield opened
    finally:
        await opened.stop()
