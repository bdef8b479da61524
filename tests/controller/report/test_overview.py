"""What stands on the first page."""

from datetime import timedelta

from controller.commands import instruments as commands
from controller.loop.instrument import STOPPED
from controller.report.overview import broke, campaigns, earlier, instruments
from controller.store import Unit
from controller.store.tables import Campaign
from tests.controller.stand import ADMIN, Stand


async def test_a_campaign_stays_a_day_and_is_found_later(stand: Stand) -> None:
    def end(unit: Unit) -> None:
        unit.session.get_one(Campaign, stand.campaign_id).ended_at = unit.now
        unit.session.get_one(Campaign, stand.campaign_id).state = "stopped"

    await stand.store.write(end, name="t")
    now = stand.store.clock()
    for later, there, listed in ((timedelta(hours=1), 1, 0), (timedelta(days=2), 0, 1)):
        found = await stand.store.read(lambda session, at=now + later: campaigns(session, at))
        names = await stand.store.read(lambda session, at=now + later: earlier(session, at))
        assert (len(found), len(names)) == (there, listed)


async def test_what_an_instrument_works_on_and_what_is_open(stand: Stand) -> None:
    await stand.attempt()
    clock = stand.store.clock
    (campaign,) = await stand.store.read(lambda session: campaigns(session, clock()))
    assert campaign["open"] == campaign["experiments"] == 1
    rows = await stand.store.read(lambda session: instruments(session, clock()))
    work = [each for row in rows for each in row["work"]]
    assert work == [{"campaign": "heat", "number": 1, "step": "cook"}]


async def test_an_emergency_stop_is_among_what_broke_with_its_reason(stand: Stand) -> None:
    def stop(unit: Unit) -> None:
        commands.record_estop(unit, ADMIN, "stop-1", None, "")
        commands.explain_estop(unit, ADMIN, "stop-1", "smoke")

    await stand.store.write(stop, name="t")
    found = await stand.store.read(lambda session: broke(session, stand.store.clock()))
    assert [(row["kind"], row["why"]) for row in found] == [("estop", "smoke")]


async def test_a_campaign_says_what_gets_no_work(stand: Stand) -> None:
    async def obstacles() -> dict[str, str]:
        (row,) = await stand.store.read(lambda session: campaigns(session, stand.store.clock()))
        found: dict[str, str] = row["obstacles"]
        return found

    assert await obstacles() == {}
    await stand.store.write(lambda unit: commands.record_estop(unit, ADMIN, "stop-1", None, ""), name="t")
    assert set((await obstacles()).values()) == {STOPPED}
