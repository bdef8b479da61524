"""A terminal before the API of a world."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.controller.cli.terminal import Terminal
from tests.controller.world import World, served


@pytest.fixture
async def terminal(world: World, tmp_path: Path) -> AsyncIterator[Terminal]:
    """Signed in as an operator by the files that a daemon leaves in its data folder."""
    data = tmp_path / "tatara-data"
    data.mkdir()
    (data / "admin-token").write_text(world.tokens["operator"] + "\n")
    async with served(world.app) as url:
        (data / "api.json").write_text(json.dumps({"url": url}))
        yield Terminal(tmp_path, {})


@pytest.fixture
def admin(terminal: Terminal, world: World, tmp_path: Path) -> Terminal:
    """Signed in as an admin."""
    (tmp_path / "admins-token").write_text(world.tokens["admin"])
    return Terminal(tmp_path, {"TATARA_TOKEN_FILE": "admins-token"})
