"""Carries out committed outbox rows, each at least once; what each does is safe to do again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from sqlalchemy import select
from sqlmodel import Session, col

from adapters.instruments.bus import BusDown
from controller.store import Committed, Store, StoreUnavailable
from controller.store.tables import Outbox
from controller.store.unit import Unit

log = logging.getLogger("tatara.effects")

Effect = Callable[[Outbox], Awaitable[None]]
AGAIN_S = 0.5


class Runner:
    """Reads outbox rows after each commit that made some, and at start those that a crash left behind."""

    def __init__(self, store: Store, effects: Mapping[str, Effect]) -> None:
        self._store = store
        self._effects = effects
        self._wanted = asyncio.Event()
        self._wanted.set()
        self._under_way: dict[int, asyncio.Task[None]] = {}
        store.on_commit(self._notice)

    def _notice(self, committed: Committed) -> None:
        if committed.outbox:
            self._wanted.set()

    async def run(self) -> None:
        """Start an effect for every open row, for ever; each runs as a task of its own."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self._wanted.wait()
                self._wanted.clear()
                for row in await self._store.read(_open_rows):
                    number = row.id or 0
                    if number not in self._under_way:
                        self._under_way[number] = group.create_task(self._carry_out(row), name=f"effect-{row.kind}")

    async def _carry_out(self, row: Outbox) -> None:
        """Repeat until it is done: the broker or the database may be away for a while."""
        while True:
            try:
                await self._effects[row.kind](row)
                break
            except (BusDown, StoreUnavailable) as error:
                log.warning("%s waits: %s", row.kind, error)
                await asyncio.sleep(AGAIN_S)
        self._under_way.pop(row.id or 0, None)


def _open_rows(session: Session) -> list[Outbox]:
    return list(session.scalars(select(Outbox).where(col(Outbox.done_at).is_(None)).order_by(col(Outbox.id))))


def mark_done(unit: Unit, row: Outbox) -> bool:
    """Mark an outbox row as done in the transaction of what it led to; False if that has happened already."""
    kept = unit.session.get_one(Outbox, row.id)
    if kept.done_at is not None:
        return False
    kept.done_at = unit.now
    unit.session.add(kept)
    return True
