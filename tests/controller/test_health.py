"""How the daemon is, as it is told without a broker and on a full disk."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from controller import health
from controller.access.site import Site
from controller.intake.liveness import Liveness
from controller.store import LostLock, Store


async def test_what_is_missing_is_told(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(url)
    await store.start()
    found = health.Health(tmp_path, Site(), store, Liveness(store))
    assert (found.told()["ok"], found.told()["broker"], found.missing()) == (False, "disconnected", ["broker"])
    connected: Any = SimpleNamespace(connected=True, last_error=None, address=SimpleNamespace(tls=None))
    found.host = connected
    assert (found.told()["ok"], found.missing()) == (True, [])
    monkeypatch.setattr(health, "FREE_DISK", 1.0)
    assert (found.told()["ok"], found.told()["disk"], found.missing()) == (False, "full", ["disk"])
    assert found.machine()["disk_total"] > 0
    await store.stop()


async def test_a_lock_that_was_lost_ends_the_watch(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LOCK_CHECK_S", 0.0)
    store = Store(url)
    await store.start()
    found = health.Health(tmp_path, Site(), store, Liveness(store))
    monkeypatch.setattr(store, "lost", LostLock("another daemon has it"))
    with pytest.raises(LostLock):
        await found.watch_database()
    await store.stop()
