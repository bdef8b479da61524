"""The console on a real server, over a hall that is driven by hand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from adapters.compute import Workers
from controller.api import create_app
from controller.console import House, mounted
from controller.files import Files
from controller.serving import Services
from controller.store import Store
from tests.controller.console import hall
from tests.controller.stand import Stand
from tests.controller.world import Broker, add_people, served


@dataclass
class Opened:
    """Where it is, a token for each role, the hall and the ids of what is in it; `heard` is what Liveness would say."""

    url: str
    tokens: dict[str, str]
    stand: Stand
    ids: dict[str, str]
    house: House
    broker: Broker
    heard: dict[str, float] = field(default_factory=dict)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Opened]:
    """Serve the console over a database in a folder that may hold one with its tables."""
    store = Store(f"sqlite:///{folder / 'tatara.db'}")
    await store.start()
    broker, workers, heard = Broker(), Workers(1), {"stove": 2.0}
    services = Services(store, Files(folder / "files"), workers, "lab", broker.publish, dict, list, heard=lambda: heard)
    app = create_app(services)
    house = House(services, app.state.bell, app.state.recorder)
    stand = Stand(store, folder)
    try:
        tokens = await store.write(add_people, name="t")
        ids = await hall.fill(stand)
        async with mounted(app, house), served(app) as url:
            yield Opened(url, tokens, stand, ids, house, broker, heard)
    finally:
        await workers.stop()
        await store.stop()


async def main(folder: Path) -> None:
    """To look at it with one's own browser."""
    folder.mkdir(parents=True, exist_ok=True)
    async with opened(folder) as there:
        print(there.url, there.tokens, there.ids, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    import sys

    asyncio.run(main(Path(sys.argv[1])))
