"""Campaigns that want one instrument: the one of higher priority first, then the one that waits longer."""

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from controller.commands import campaigns
from controller.schedule.turns import Turns
from controller.store.tables import Attempt, Campaign
from tests.controller.stand import ADMIN, TEXT, Stand, answer_iteration


async def test_take_turns_by_priority_then_age(stand: Stand) -> None:
    scheduler = AsyncIOScheduler(timezone="UTC")
    Turns(stand.store, scheduler, lambda: False)
    scheduler.start()
    try:
        assert await busy_with(stand) == ["heat"]
        for name, priority in (("first", 0), ("second", 0), ("urgent", 5)):
            text = TEXT.replace("campaign: heat", f"campaign: {name}\npriority: {priority}\nparallel: 1")
            submission = campaigns.prepare(text, {}, stand.files)
            row = await stand.store.write(lambda unit, given=submission: campaigns.submit(unit, ADMIN, given), name="t")
            await stand.store.write(lambda unit, made=row.id: answer_iteration(unit, made), name="t")
        for expected in ("urgent", "first", "second"):
            await stand.result()
            assert (await busy_with(stand))[-1] == expected
    finally:
        scheduler.shutdown(wait=False)


async def busy_with(stand: Stand) -> list[str]:
    """The campaigns of all attempts, in the order in which they were made."""
    names = {row.id: row.name for row in await stand.all(Campaign)}
    return [names[row.campaign_id] for row in await stand.all(Attempt)]
