"""Turns: each is one campaign's decision in a transaction of its own, when something happened or time has come."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import select
from sqlmodel import Session, col

from controller.loop import CAMPAIGN, decide
from controller.store import Committed, LostLock, Store, StoreUnavailable, Unit
from controller.store.apply import apply
from controller.store.change import pause_for
from controller.store.tables import Campaign
from controller.store.views import load_view

log = logging.getLogger("tatara.turns")

AGAIN_S = 0.5
LOOK_AT_DISK = timedelta(seconds=30)
LOOK_AGAIN = timedelta(days=30)
# Each round can open work for the next one (approve, open, dispatch); this bounds one transaction, not the work.
ROUNDS = 20


def turn(unit: Unit, campaign_id: str, *, halted: bool = False) -> tuple[datetime | None, bool]:
    """Decide and apply until nothing more is to be done now. Returns when to wake, and whether rounds ran out."""
    for _ in range(ROUNDS):
        decision = decide(load_view(unit.session, campaign_id, unit.now, halted=halted), unit.now)
        if not decision.actions:
            return decision.wake_at, False
        for action in decision.actions:
            apply(unit, campaign_id, action)
    return None, True


class Turns:
    """Wakes campaigns. One date job per campaign holds the moment that its last decision asked for."""

    def __init__(self, store: Store, scheduler: AsyncIOScheduler, halted: Callable[[], bool]) -> None:
        self._store = store
        self._scheduler = scheduler
        self._halted = halted
        self._wanted: set[str] = set()
        self._everything = True
        self._event = asyncio.Event()
        self._event.set()
        store.on_commit(self._notice)

    def _notice(self, committed: Committed) -> None:
        if committed.campaigns is None:
            self.wake_all()
        else:
            for campaign_id in committed.campaigns:
                self.wake(campaign_id)

    def wake(self, campaign_id: str) -> None:
        """Let one campaign decide."""
        self._wanted.add(campaign_id)
        self._event.set()

    def wake_all(self) -> None:
        """Let every open campaign decide."""
        self._everything = True
        self._event.set()

    async def run(self) -> None:
        """Take turns for ever, campaigns of higher priority and greater age first."""
        while True:
            await self._event.wait()
            self._event.clear()
            wanted, everything = self._wanted, self._everything
            self._wanted, self._everything = set(), False
            try:
                open_campaigns = await self._store.read(_open_campaigns)
            except StoreUnavailable as error:
                log.error("decisions wait: %s", error)
                await asyncio.sleep(AGAIN_S)
                self.wake_all()
                continue
            for campaign_id in open_campaigns:
                if everything or campaign_id in wanted:
                    await self._take(campaign_id)

    async def _take(self, campaign_id: str) -> None:
        halted = self._halted()
        try:
            wake_at, more = await self._store.write(lambda unit: turn(unit, campaign_id, halted=halted), name="turn")
        except StoreUnavailable as error:
            log.error("campaign %s waits: %s", campaign_id, error)
            await asyncio.sleep(AGAIN_S)
            self.wake(campaign_id)
            return
        except LostLock:
            raise
        except Exception as error:  # a fault of ours must cost one campaign, not the daemon
            log.exception("the decision of campaign %s could not be carried out", campaign_id)
            await self._pause(campaign_id, f"internal error: {type(error).__name__}: {error}")
            return
        if more:
            self.wake(campaign_id)
        else:
            self._sleep(campaign_id, wake_at, halted)

    def _sleep(self, campaign_id: str, wake_at: datetime | None, halted: bool) -> None:
        """Let the scheduler wake the campaign; a moment beyond the reach of its clock need not be waited for."""
        horizon = self._store.clock() + (LOOK_AT_DISK if halted else LOOK_AGAIN)  # nobody tells when a disk has room
        if wake_at is not None or halted:
            self._scheduler.add_job(
                self.wake,
                "date",
                run_date=min(filter(None, (wake_at, horizon))),
                args=[campaign_id],
                id=f"wake-{campaign_id}",
                replace_existing=True,
            )

    async def _pause(self, campaign_id: str, reason: str) -> None:
        def pause(unit: Unit) -> None:
            pause_for(unit, unit.session.get_one(Campaign, campaign_id), reason)

        try:
            await self._store.write(pause, name="turn-failed")
        except StoreUnavailable as error:  # it will fail and be paused again
            log.error("campaign %s waits: %s", campaign_id, error)
            await asyncio.sleep(AGAIN_S)
            self.wake(campaign_id)


def _open_campaigns(session: Session) -> list[str]:
    query = select(Campaign).where(col(Campaign.state).in_(CAMPAIGN.open_states))
    rows = session.scalars(query.order_by(col(Campaign.priority).desc(), col(Campaign.started_at)))
    return [row.id for row in rows]
