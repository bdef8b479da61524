"""Carries out committed outbox rows, each at least once; what each does is safe to do again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from sqlalchemy import select
from sqlmodel import Session, col

from adapters.instruments.bus import BusDown
from controller.store import Committed, LostLock, Store, StoreUnavailable
from controller.store.change import pause_for
from controller.store.tables import Campaign, Outbox
from controller.store.unit import Unit

log = logging.getLogger("tatara.effects")

Effect = Callable[[Outbox], Awaitable[None]]
Ending = Callable[[Unit, Outbox, str], None]  # what becomes of the rows when an effect is given up
AGAIN_S = 0.5
LATER_S = 1.0


class NotYet(RuntimeError):
    """What is wanted must not be done now; it stays wanted."""


class Runner:
    """Carries out the rows of each commit; at start, and when a commit is unsure, those that the database holds."""

    def __init__(self, store: Store, effects: Mapping[str, Effect], endings: Mapping[str, Ending]) -> None:
        self._store = store
        self._effects = effects
        self._endings = endings
        self._rows: asyncio.Queue[Outbox | None] = asyncio.Queue()
        self._rows.put_nowait(None)
        self._under_way: dict[int, asyncio.Task[None]] = {}
        store.on_commit(self._notice)

    def _notice(self, committed: Committed) -> None:
        for row in committed.outbox:
            self._rows.put_nowait(row)
        if committed.unsure:
            self._rows.put_nowait(None)

    async def run(self) -> None:
        """Start an effect for every open row, for ever; each runs as a task of its own."""
        async with asyncio.TaskGroup() as group:
            while True:
                row = await self._rows.get()
                for each in [row] if row is not None else await self._read():
                    number = each.id or 0
                    if number not in self._under_way:
                        self._under_way[number] = group.create_task(self._carry_out(each), name=f"effect-{each.kind}")

    async def _read(self) -> list[Outbox]:
        while True:
            try:
                return await self._store.read(_open_rows)
            except StoreUnavailable as error:
                log.error("effects wait: %s", error)
                await asyncio.sleep(AGAIN_S)

    async def _carry_out(self, row: Outbox) -> None:
        """Repeat until it is done: the broker or the database may be away for a while."""
        while True:
            try:
                await self._effects[row.kind](row)
                break
            except (BusDown, StoreUnavailable) as error:
                log.warning("%s waits: %s", row.kind, error)
                await asyncio.sleep(AGAIN_S)
            except NotYet:
                await asyncio.sleep(LATER_S)
            except LostLock:
                raise
            except Exception as error:  # a fault of ours must cost one effect, not the daemon
                log.exception("%s of outbox row %s could not be carried out", row.kind, row.id)
                await self._give_up(row, f"internal error: {type(error).__name__}: {error}")
                break
        self._under_way.pop(row.id or 0, None)

    def _abandon(self, unit: Unit, row: Outbox, why: str) -> None:
        """Tell that the effect failed, and pause its campaign: somebody must look."""
        mark_done(unit, row)
        unit.record("effect.failed", campaign_id=row.campaign_id, subject=row.kind, why=why)
        if (ending := self._endings.get(row.kind)) is not None:
            ending(unit, row, why)
        campaign = unit.session.get(Campaign, row.campaign_id) if row.campaign_id else None
        if campaign is not None:
            pause_for(unit, campaign, why)

    async def _give_up(self, row: Outbox, why: str) -> None:
        while True:
            try:
                await self._store.write(lambda unit: self._abandon(unit, row, why), name="effect-failed")
                return
            except StoreUnavailable as error:
                log.error("%s waits: %s", row.kind, error)
                await asyncio.sleep(AGAIN_S)


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
