"""Two stands before the database, without a broker: `stand` drives the loop by hand, `world` is behind the API."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controller.store import Store
from tests.controller.stand import Stand
from tests.controller.world import World, make_template, open_world


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its tables, made once and copied for each test."""
    path = tmp_path_factory.mktemp("template") / "tatara.db"
    make_template(path)
    return path


@pytest.fixture
async def world(template: Path, tmp_path: Path) -> AsyncIterator[World]:
    """Users, a campaign, a proposal that waits, an attempt in doubt, and the API over them."""
    shutil.copy(template, tmp_path / "tatara.db")
    async with open_world(tmp_path) as opened:
        yield opened


@pytest.fixture
async def stand(template: Path, tmp_path: Path) -> AsyncIterator[Stand]:
    """One campaign whose first attempt has been dispatched, and the intake in front of it."""
    shutil.copy(template, tmp_path / "tatara.db")
    store = Store(f"sqlite:///{tmp_path / 'tatara.db'}")
    await store.start()
    try:
        stand = Stand(store, tmp_path)
        await stand.prepare()
        yield stand
    finally:
        await store.stop()
