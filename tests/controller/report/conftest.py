"""A world of its own for each test, over a copy of an empty database."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.controller.api.world import World, make_template, open_world


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "tatara.db"
    make_template(path)
    return path


@pytest.fixture
async def world(template: Path, tmp_path: Path) -> AsyncIterator[World]:
    shutil.copy(template, tmp_path / "tatara.db")
    async with open_world(tmp_path) as opened:
        yield opened
