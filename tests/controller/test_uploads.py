"""Files that people and instruments bring are made safe on the disk while the event loop goes on."""

import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controller.commands.errors import Invalid
from controller.files import files
from controller.serving import Services, uploads
from tests.controller.world import World


async def _parts() -> AsyncIterator[bytes]:
    yield b"a spectrum"


async def test_nothing_waits_for_the_disk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    services: Services = world.app.state.services
    where: list[str] = []
    sync = files.sync_folder

    def synced(path: Path) -> None:
        where.append(threading.current_thread().name)
        sync(path)

    monkeypatch.setattr(files, "sync_folder", synced)
    kept = await uploads.keep(services, "otto", "a.txt", "text/plain", _parts())
    assert services.files.path(kept.file.sha256).read_bytes() == b"a spectrum"
    assert where
    assert threading.current_thread().name not in where


async def test_what_is_not_what_was_said_leaves_nothing(world: World) -> None:
    services: Services = world.app.state.services
    with pytest.raises(Invalid, match="SHA-256"):
        await uploads.keep(services, "otto", "a.txt", "text/plain", _parts(), sha256="0" * 64)
    folder = services.files.path("0" * 64).parents[1]
    assert [each for each in folder.rglob("*") if each.is_file()] == []
