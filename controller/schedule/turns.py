"""Turns: a campaign decides in the transaction of what happened to it, or when its time has come."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import select
from sqlmodel import Session, col

from controller.loop import CAMPAIGN, Decision, decide
from controller.store import Committed, Store, StoreUnavailable, Unit
from controller.store.apply import apply
from controller.store.change import pause_for
from controller.store.tables import Campaign
from controller.store.views import load_view

log = logging.getLogger("tatara.turns")

AGAIN_S = 0.5
LOOK_AGAIN = timedelta(days=30)
# Each round can open work for the next one (approve, open, dispatch); this bounds one transaction, not the work.
ROUNDS = 20


def turn(unit: Unit, campaign_id: str, *, halted: bool = False) -> Decision:
    """Decide and apply until nothing more is to be done now, or rounds run out; returns the last decision."""
    for _ in range(ROUNDS):
        decision = decide(load_view(unit.session, campaign_id, unit.now, halted=halted), unit.now)
        for action in decision.actions:
            apply(unit, campaign_id, action)
        if not decision.actions:
            break
    return decision


class Turns:
    """Lets campaigns decide: in every commit that says something about them, and when their time has come.

    One date job per campaign holds the moment that its last decision asked for.
    """

    def __init__(self, store: Store, scheduler: AsyncIOScheduler, halted: Callable[[], bool]) -> None:
        self._store = store
        self._scheduler = scheduler
        self._halted = halted
        self._wanted: set[str] = set()
        self._everything = True
        self._event = asyncio.Event()
        self._event.set()
        store.decide_by(self)
        store.on_commit(self._notice)

    def called(self, session: Session, campaigns: frozenset[str] | None) -> list[str]:
        """Open campaigns: those of higher priority and greater age first."""
        return [name for name in _open_campaigns(session) if campaigns is None or name in campaigns]

    def decide(self, unit: Unit, campaign_id: str) -> Decision:
        """Decide and apply."""
        return turn(unit, campaign_id, halted=self._halted())

    def give_up(self, unit: Unit, campaign_id: str, error: Exception) -> None:
        """Pause the campaign: somebody must look."""
        campaign = unit.session.get_one(Campaign, campaign_id)
        pause_for(unit, campaign, f"internal error: {type(error).__name__}: {error}")

    def _notice(self, committed: Committed) -> None:
        if committed.unsure:
            self.wake_all()
        for campaign_id, decision in committed.decisions.items():
            if decision.actions:  # rounds ran out
                self.wake(campaign_id)
            else:
                self._sleep(campaign_id, decision.wake_at)

    def wake(self, campaign_id: str) -> None:
        """Let one campaign decide."""
        self._wanted.add(campaign_id)
        self._event.set()

    def wake_all(self) -> None:
        """Let every open campaign decide."""
        self._everything = True
        self._event.set()

    async def run(self) -> None:
        """Wake whom the commits do not, for ever."""
        while True:
            await self._event.wait()
            self._event.clear()
            wanted, everything = frozenset(self._wanted), self._everything
            self._wanted, self._everything = set(), False
            try:
                await self._store.write(partial(_call, campaigns=wanted, everything=everything), name="turn")
            except StoreUnavailable as error:
                log.error("decisions wait: %s", error)
                await asyncio.sleep(AGAIN_S)
                self._wanted |= wanted
                self._everything = self._everything or everything
                self._event.set()

    async def _time_has_come(self, campaign_id: str) -> None:
        """On the event loop: the scheduler runs plain functions in threads, which must not touch what is here."""
        self.wake(campaign_id)

    def _sleep(self, campaign_id: str, wake_at: datetime | None) -> None:
        """Let the scheduler wake the campaign; a moment beyond the reach of its clock need not be waited for."""
        if wake_at is not None:
            self._scheduler.add_job(
                self._time_has_come,
                "date",
                run_date=min(wake_at, self._store.clock() + LOOK_AGAIN),
                args=[campaign_id],
                id=f"wake-{campaign_id}",
                replace_existing=True,
            )


def _call(unit: Unit, campaigns: frozenset[str], everything: bool) -> None:
    unit.wake(*campaigns)
    if everything:
        unit.wake_all()


def _open_campaigns(session: Session) -> list[str]:
    query = select(Campaign).where(col(Campaign.state).in_(CAMPAIGN.open_states))
    rows = session.scalars(query.order_by(col(Campaign.priority).desc(), col(Campaign.started_at)))
    return [row.id for row in rows]
