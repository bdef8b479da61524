"""What stands, by rows: each rule where it applies, and not where a person wanted it so."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest

from controller.access.alerts import Rules
from controller.commands import campaigns
from controller.loop.alerting import Cause
from controller.report.alerts import causes
from controller.store import Store, Unit
from controller.store.change import change_campaign, pause_for
from controller.store.tables import Campaign, Instrument
from tests.controller.world import ADMIN, Broker, World, add_people, fill

NOTHING = Rules(
    approval_waiting=None,
    instrument_lost=False,
    campaign_paused=False,
    attempt_in_doubt=False,
    target_reached=False,
    budget=None,
)


@pytest.fixture
async def world(either_url: str) -> AsyncIterator[World]:
    """What `fill` makes, in a database of each kind, without the API."""
    store = Store(either_url)
    await store.start()
    tokens = await store.write(add_people, name="test")
    yield World(store, None, Broker(), tokens, await store.write(fill, name="test"))
    await store.stop()


def only(**rules: object) -> Rules:
    return NOTHING.model_copy(update=rules)


async def standing(world: World, rules: Rules, now: datetime | None = None) -> list[Cause]:
    moment = now or datetime.now(UTC)
    return (await world.store.read(lambda session: causes(session, rules, moment))).causes


async def change(world: World, function: Callable[[Unit, Campaign], object]) -> None:
    def write(unit: Unit) -> None:
        campaign = unit.session.get_one(Campaign, ids[0])
        function(unit, campaign)

    from sqlalchemy import select
    from sqlmodel import col

    ids = await world.store.read(lambda session: session.scalars(select(col(Campaign.id))).all())
    await world.store.write(write, name="test")


async def test_an_approval_waits_too_long(world: World) -> None:
    rules, now = only(approval_waiting=3600.0), datetime.now(UTC)
    found = await world.store.read(lambda session: causes(session, rules, now))
    assert found.causes == []
    wake_at = found.wake_at
    assert wake_at is not None
    assert now + timedelta(minutes=59) < wake_at <= now + timedelta(hours=1)
    [cause] = await standing(world, rules, wake_at)
    assert (cause.rule, cause.text) == ("approval-waiting", "proposals wait for approval in reactor: 1")


async def test_an_instrument_that_was_there_is_gone(world: World) -> None:
    rules = only(instrument_lost=True)
    assert await standing(world, rules) == [], "an instrument that never came is no alert"

    def lose(unit: Unit) -> None:
        row = unit.session.get_one(Instrument, "reactor-2")
        row.state = "lost"
        unit.record("instrument.lost", row, subject=row.name)

    await world.store.write(lose, name="test")
    assert [each.text for each in await standing(world, rules)] == ["instrument reactor-2 is lost"]


async def test_a_campaign_that_paused_by_itself_and_not_by_a_person(world: World) -> None:
    rules = only(campaign_paused=True)
    await change(world, lambda unit, row: campaigns.pause(unit, ADMIN, row.name, "lunch"))
    assert await standing(world, rules) == []
    await change(world, lambda unit, row: campaigns.resume(unit, ADMIN, row.name, "back"))
    await change(world, lambda unit, row: pause_for(unit, row, "the strategy failed"))
    assert [each.text for each in await standing(world, rules)] == ["campaign reactor has paused: the strategy failed"]
    await change(world, lambda unit, row: campaigns.resume(unit, ADMIN, row.name, "mended"))
    assert await standing(world, rules) == []

    def trip(unit: Unit, row: Campaign) -> None:
        row.paused_steps = ["react"]
        unit.record("step.pause", row, campaign_id=row.id, subject="react", why="repeated failure")

    await change(world, trip)
    [cause] = await standing(world, rules)
    assert cause.text == "campaign reactor: step react was paused after repeated failures"


async def test_an_attempt_is_in_doubt(world: World) -> None:
    [cause] = await standing(world, only(attempt_in_doubt=True))
    assert cause.key == f"doubt/{world.ids['attempt']}"
    assert cause.text.endswith("at analyser-1 is in doubt: no answer within the time limit of the step")


@pytest.mark.parametrize("by", [None, "ada"])
async def test_a_campaign_that_came_to_its_end_by_itself(world: World, by: str | None) -> None:
    def end(unit: Unit, row: Campaign) -> None:
        row.reason = "yield has reached 92 (>= 90)"
        change_campaign(unit, row, "stop", actor=by)
        change_campaign(unit, row, "end")

    await change(world, end)
    found = await standing(world, only(target_reached=True))
    wanted = [] if by else ["campaign reactor has come to its end: yield has reached 92 (>= 90)"]
    assert [each.text for each in found] == wanted
    assert not any(each.lasting for each in found)
    assert await standing(world, only(target_reached=True), datetime.now(UTC) + timedelta(days=2)) == []


async def test_the_budget_is_nearly_used(world: World) -> None:
    rules = only(budget=0.8)
    assert await standing(world, rules) == []

    def use(unit: Unit, row: Campaign) -> None:
        row.experiments = 1000
        unit.record("test", row)

    await change(world, use)
    [cause] = await standing(world, rules)
    assert (cause.rule, cause.lasting) == ("budget", False)
    assert cause.text.startswith("campaign reactor has used 1000 of ")


async def test_rules_that_are_off_say_nothing(world: World) -> None:
    assert await standing(world, NOTHING, datetime.now(UTC) + timedelta(days=1)) == []
