"""`tatara serve` as a process of its own, on a database with something in every list."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from controller.store import Store, Unit
from tests.controller.cli.terminal import Terminal
from tests.controller.world import add_people, fill

PATIENCE = 60


@dataclass(frozen=True)
class Serving:
    """Where it listens, a token for each role, and the ids of what it knows; see `world.fill`."""

    url: str
    tokens: dict[str, str]
    ids: dict[str, str]
    process: asyncio.subprocess.Process


@asynccontextmanager
async def serving(folder: Path, environment: dict[str, str] | None = None) -> AsyncIterator[Serving]:
    """The daemon of `folder`, with its data where the command line looks for them; it must neither end nor complain."""
    data = folder / "tatara-data"
    data.mkdir()
    store = Store(f"sqlite:///{data / 'tatara.db'}")
    await store.start()
    tokens, ids = await store.write(_fill, name="test")
    await store.stop()
    process = await Terminal(folder, environment or {}).start("serve")
    try:
        async with asyncio.timeout(PATIENCE):
            while not (data / "api.json").exists():
                await asyncio.sleep(0.05)
        yield Serving(json.loads((data / "api.json").read_text())["url"], tokens, ids, process)
        assert process.returncode is None, "the daemon has ended"
    finally:
        process.terminate()
        _, log = await process.communicate()
    told = [json.loads(line) for line in log.decode().splitlines()]
    errors = [each for each in told if each["level"] in ("error", "critical")]
    assert errors == [], json.dumps(errors)[:5000]


def _fill(unit: Unit) -> tuple[dict[str, str], dict[str, str]]:
    return add_people(unit), fill(unit)
