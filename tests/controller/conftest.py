"""One campaign whose first attempt has been dispatched, and the intake in front of it, without a broker."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controller.store import Store
from tests.controller.stand import Stand


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    store = Store(f"sqlite:///{tmp_path / 'tatara.db'}")
    await store.start()
    try:
        stand = Stand(store, tmp_path)
        await stand.prepare()
        yield stand
    finally:
        await store.stop()
