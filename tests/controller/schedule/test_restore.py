"""Yesterday's backup: everything waits for an operator, and nothing is done a second time by itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, select

from adapters.instruments.messages import AttemptState, Outcome, Verdict
from controller.commands import campaigns, instruments
from controller.intake.results import begin_analysis
from controller.report.audit import audit
from controller.schedule.backup import back_up
from controller.schedule.hold import REASON
from controller.schedule.restore import NotRestored, restore
from controller.store import LockedElsewhere, Store, Unit
from controller.store.database import open_engine
from controller.store.proposals import make_proposal
from controller.store.tables import Attempt, Campaign, Instrument, Job, Measurement, Orphan, Outbox, Proposal
from controller.store.views import load_resources
from tests.controller.stand import ADMIN, Stand

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@asynccontextmanager
async def started_again(stand: Stand, folder: Path) -> AsyncIterator[Stand]:
    """The same site with a fresh store over whatever database is there now."""
    store = Store(f"sqlite:///{folder / 'tatara.db'}")
    await store.start()
    try:
        again = Stand(store, folder)
        again.campaign_id, again.seq = stand.campaign_id, stand.seq
        yield again
    finally:
        await store.stop()


def _approve_one_more(unit: Unit, campaign_id: str) -> str:
    campaign = unit.session.get_one(Campaign, campaign_id)
    candidate = {"kind": "conditions", "values": {"temperature": 70.0}, "units": {"temperature": "degC"}}
    facts = {"cost": 0.0, "hazard": 0.0}
    proposal = make_proposal(
        unit, campaign, stage="bench", key="k2", candidate=candidate, reason="t", made_by="t", facts=facts
    )
    campaign.experiments += 1
    unit.record("test", proposal, campaign, campaign_id=campaign_id)
    return proposal.id


async def test_nothing_runs_twice_and_what_the_backup_does_not_know_becomes_an_orphan(
    stand: Stand, tmp_path: Path
) -> None:
    await stand.sent()
    first = await stand.attempt()
    waiting = await stand.store.write(lambda unit: _approve_one_more(unit, stand.campaign_id), name="t")
    await stand.turn()  # approved by rule; it waits until the stove is free
    back_up(f"sqlite:///{tmp_path / 'tatara.db'}", tmp_path / "yesterday.db")

    # What only the replaced database knows: the first attempt's end, and a second attempt that ran.
    await stand.result()
    await stand.turn()
    second = await stand.attempt()
    assert second.proposal_id == waiting
    await stand.store.stop()
    done = restore(tmp_path / "yesterday.db", f"sqlite:///{tmp_path / 'tatara.db'}", NOON)
    assert (done.campaigns, done.withdrawn) == (["heat"], 1)

    async with started_again(stand, tmp_path) as again:
        [campaign] = await again.all(Campaign)
        assert (campaign.state, campaign.reason, campaign.experiments) == ("paused", REASON, 2)
        assert {row.id: row.state for row in await again.all(Proposal)} == {
            first.proposal_id: "running",
            waiting: "cancelled",
        }
        # The instrument is back, with both results in its journal.
        await again.appear(boot="boot-1")
        await again.turn()
        assert [row.id for row in await again.all(Attempt)] == [first.id]
        late = await again.result(attempt_id=second.id, digest=second.digest)
        assert late.verdict is Verdict.UNKNOWN
        assert (await again.result(attempt_id=first.id, digest=first.digest)).verdict is Verdict.STORED
        assert [row.attempt_id for row in await again.all(Orphan)] == [second.id]
        assert [row.attempt_id for row in await again.all(Measurement)] == [first.id]

        # An operator has looked, and goes on: what had been approved before is not sent under its old id.
        await again.store.write(lambda unit: campaigns.resume(unit, ADMIN, "heat", "looked at the orphan"), name="t")
        await again.turn()
        assert [row.id for row in await again.all(Attempt)] == [first.id]
        assert {row.state for row in await again.all(Job)} == {"succeeded", "cancelled"}
        requests = [row for row in await again.all(Outbox) if row.kind == "request" and row.done_at is None]
        assert {row.payload["attempt"] for row in requests} <= {first.id}
        report = await again.store.read(audit)
        assert report.ok, report.faults


async def test_what_was_under_way_is_asked_for_and_never_sent_as_something_new(stand: Stand, tmp_path: Path) -> None:
    await stand.sent()
    await stand.status(AttemptState.RUNNING)
    back_up(f"sqlite:///{tmp_path / 'tatara.db'}", tmp_path / "yesterday.db")
    await stand.store.stop()
    restore(tmp_path / "yesterday.db", f"sqlite:///{tmp_path / 'tatara.db'}", NOON)
    async with started_again(stand, tmp_path) as again:
        await again.appear(boot="boot-2")
        asked = [row.payload for row in await again.all(Outbox) if row.payload.get("action") == "report-attempts"]
        assert asked[-1]["attempts"] == [(await again.attempt()).id]
        assert (await again.attempt()).state == "doubtful"
        await again.status(AttemptState.FINISHED)  # its result was receipted, and is in the replaced database only
        assert (await again.attempt()).state == "doubtful"
        await again.status(AttemptState.RUNNING)
        assert (await again.attempt()).state == "running"


async def test_files_that_were_still_to_be_read_are_read(stand: Stand, tmp_path: Path) -> None:
    await stand.sent()
    attempt = await stand.attempt()
    await stand.store.write(lambda unit: begin_analysis(unit, unit.session.get_one(Attempt, attempt.id)), name="t")
    back_up(f"sqlite:///{tmp_path / 'tatara.db'}", tmp_path / "yesterday.db")
    await stand.store.stop()
    done = restore(tmp_path / "yesterday.db", f"sqlite:///{tmp_path / 'tatara.db'}", NOON)
    assert done.withdrawn == 0
    async with started_again(stand, tmp_path) as again:
        assert (await again.attempt()).state == "analysing"
        wanted = [row for row in await again.all(Outbox) if row.kind == "analysis" and row.done_at is None]
        assert [row.payload["attempt"] for row in wanted] == [attempt.id]


async def test_the_replaced_database_is_kept_whole(stand: Stand, tmp_path: Path) -> None:
    back_up(f"sqlite:///{tmp_path / 'tatara.db'}", tmp_path / "yesterday.db")
    await stand.store.write(lambda unit: unit.record("test.today"), name="t")
    await stand.store.stop()
    done = restore(tmp_path / "yesterday.db", f"sqlite:///{tmp_path / 'tatara.db'}", NOON)
    assert done.kept == tmp_path / "tatara-replaced-20261121T120000Z.db"
    engine = open_engine(f"sqlite:///{done.kept}", writing=False)
    with Session(engine) as session:
        before = audit(session)
    engine.dispose()
    assert before.ok
    async with started_again(stand, tmp_path) as again:
        assert not (await again.store.read(lambda session: audit(session, before.head))).proven
        assert (await again.store.read(lambda session: audit(session, done.head.head))).proven == done.head.event
    left = {each.name for each in tmp_path.iterdir() if "restoring" in each.name}
    assert left == set()


async def test_it_is_refused_while_a_daemon_runs(stand: Stand, tmp_path: Path) -> None:
    back_up(f"sqlite:///{tmp_path / 'tatara.db'}", tmp_path / "yesterday.db")
    with pytest.raises(LockedElsewhere):
        restore(tmp_path / "yesterday.db", f"sqlite:///{tmp_path / 'tatara.db'}", NOON)
    await stand.store.write(lambda unit: unit.record("test"), name="t")


@pytest.mark.parametrize("content", [b"no database at all" * 1000, b""])
async def test_what_is_no_backup_changes_nothing(stand: Stand, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "junk.db").write_bytes(content)
    await stand.store.stop()
    whole = (tmp_path / "tatara.db").read_bytes()
    for name in ("junk.db", "none.db"):
        with pytest.raises(NotRestored, match="cannot be read as a backup"):
            restore(tmp_path / name, f"sqlite:///{tmp_path / 'tatara.db'}", NOON)
    assert (tmp_path / "tatara.db").read_bytes() == whole


async def test_a_lost_disk_is_restored_into_an_empty_folder(stand: Stand, tmp_path: Path) -> None:
    back_up(f"sqlite:///{tmp_path / 'tatara.db'}", tmp_path / "yesterday.db")
    done = restore(tmp_path / "yesterday.db", f"sqlite:///{tmp_path / 'new/tatara.db'}", NOON)
    assert done.kept is None
    async with started_again(stand, tmp_path / "new") as again:
        assert (await again.all(Campaign))[0].reason == REASON
        assert again.store.lock.epoch > NOON.timestamp()  # instruments take the daemon's state for news


async def test_restored_twice_no_id_and_no_epoch_is_used_again(stand: Stand, tmp_path: Path) -> None:
    back_up(f"sqlite:///{tmp_path / 'tatara.db'}", tmp_path / "yesterday.db")
    await stand.store.stop()
    epochs, attempts = [], []
    for minutes in (0, 1):
        at = NOON + timedelta(minutes=minutes)
        restore(tmp_path / "yesterday.db", f"sqlite:///{tmp_path / 'tatara.db'}", at)
        async with started_again(stand, tmp_path) as again:
            await again.appear(boot="boot-1")
            await again.store.write(lambda unit: campaigns.resume(unit, ADMIN, "heat", "t"), name="t")
            await again.result(outcome=Outcome.FAILED_MEASUREMENT, measurements=[])
            await again.turn()
            await again.store.write(_without_pause, name="t")
            await again.turn()
            epochs.append(again.store.lock.epoch)
            attempts.append((await again.attempt()).id)
    assert epochs[0] < epochs[1]
    assert len(set(attempts)) == 2


def _without_pause(unit: Unit) -> None:
    """The pause before a retry is over."""
    for job in unit.session.scalars(select(Job)):
        job.not_before = None
        unit.record("test", job)


async def test_instruments_are_disarmed_and_later_wishes_win(stand: Stand, tmp_path: Path) -> None:
    until = stand.store.clock() + timedelta(hours=1)
    await stand.store.write(lambda unit: instruments.enrol(unit, ADMIN, "oven", simulated=False), name="t")
    await stand.store.write(lambda unit: instruments.arm(unit, ADMIN, "oven", until), name="t")
    back_up(f"sqlite:///{tmp_path / 'tatara.db'}", tmp_path / "yesterday.db")
    await stand.store.stop()
    restore(tmp_path / "yesterday.db", f"sqlite:///{tmp_path / 'tatara.db'}", NOON)
    async with started_again(stand, tmp_path) as again:
        oven = next(row for row in await again.all(Instrument) if row.name == "oven")
        assert (oven.armed_by, oven.armed_until, oven.wanted_number) == (None, None, NOON.timestamp())
        views = await again.store.read(lambda session: load_resources(session, ["stove"], again.store.clock()))
        assert views["stove"].obstacle is None  # simulated: nothing to arm
