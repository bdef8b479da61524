"""The least that could be called an intake: take a message, commit it in a group with sqlite3, receipt and acknowledge.

No check, no chain, no rows but the payload: what broker, wire and disk alone would allow in Python.
"""

import asyncio
import sqlite3
from pathlib import Path
from typing import Self

from adapters.instruments import topics
from adapters.instruments.bus import Bus, Delivery

RECEIPT = b'{"verdict":"stored"}'


class BareConsumer:
    """Runs while entered."""

    def __init__(self, host: str, port: int, password: str, database: Path) -> None:
        results = f"{topics.ROOT}/+/+/attempt/+/result"
        self._bus = Bus(host, port, "daemon", "daemon", password, subscriptions=[(results, 1)])
        self._database = database
        self._arrived: asyncio.Queue[Delivery] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self._bus.__aenter__()
        await self._bus.wait_connected(10)
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._commit_groups())]
        return self

    async def __aexit__(self, *exit_info: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._bus.__aexit__(*exit_info)

    async def _read(self) -> None:
        async for delivery in self._bus.messages():
            self._arrived.put_nowait(delivery)

    async def _commit_groups(self) -> None:
        database = sqlite3.connect(self._database, check_same_thread=False)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE result (topic TEXT PRIMARY KEY, payload BLOB)")
        while True:
            group = [await self._arrived.get()]
            while not self._arrived.empty():
                group.append(self._arrived.get_nowait())
            await asyncio.to_thread(self._commit, database, [(each.topic, each.payload) for each in group])
            for delivery in group:
                delivery.ack()
            receipts = [each.topic.removesuffix("result") + "receipt" for each in group]
            await asyncio.gather(*(self._bus.publish(topic, RECEIPT) for topic in receipts))

    @staticmethod
    def _commit(database: sqlite3.Connection, values: list[tuple[str, bytes]]) -> None:
        with database:
            database.executemany("INSERT OR IGNORE INTO result VALUES (?, ?)", values)
