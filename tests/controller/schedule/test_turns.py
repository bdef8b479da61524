"""Campaigns that want one instrument: the one of higher priority first, then the one that waits longer."""

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import select
from sqlmodel import col

from controller.commands import campaigns
from controller.effects.runner import mark_done
from controller.schedule.turns import Turns
from controller.store import Unit
from controller.store.proposals import make_proposal
from controller.store.tables import Attempt, Campaign, Iteration, Outbox
from strategies.spaces import candidate_key
from tests.controller.stand import ADMIN, TEXT, Stand


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
            await stand.store.write(lambda unit, made=row.id: propose(unit, made), name="t")
        for expected in ("urgent", "first", "second"):
            await stand.result()
            assert (await busy_with(stand))[-1] == expected
    finally:
        scheduler.shutdown(wait=False)


def propose(unit: Unit, campaign_id: str) -> None:
    """What the strategy would have answered: one candidate."""
    campaign = unit.session.get_one(Campaign, campaign_id)
    iteration = unit.session.scalars(select(Iteration).where(col(Iteration.campaign_id) == campaign_id)).one()
    for row in unit.session.scalars(select(Outbox).where(col(Outbox.campaign_id) == campaign_id)):
        mark_done(unit, row)
    candidate = {"kind": "conditions", "values": {"temperature": 50.0}, "units": {"temperature": "degC"}}
    proposal = make_proposal(
        unit,
        campaign,
        iteration_id=iteration.id,
        stage="bench",
        key=candidate_key(candidate),
        candidate=candidate,
        reason="test",
        made_by="random",
        facts={"cost": 0.0, "hazard": 0.0},
    )
    campaign.experiments, campaign.iterating, iteration.state = 1, False, "done"
    unit.record("iteration.finish", iteration, campaign, proposal, campaign_id=campaign.id)


async def busy_with(stand: Stand) -> list[str]:
    """The campaigns of all attempts, in the order in which they were made."""
    names = {row.id: row.name for row in await stand.all(Campaign)}
    return [names[row.campaign_id] for row in await stand.all(Attempt)]
