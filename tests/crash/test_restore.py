"""Yesterday's backup under instruments that went on: whatever their journals hold, no attempt runs twice."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlmodel import Session, col

from controller.report.audit import audit
from controller.schedule.backup import back_up
from controller.schedule.hold import REASON
from controller.schedule.restore import Restored, restore
from controller.store import LockedElsewhere
from controller.store.tables import Attempt, Campaign, Orphan, Proposal
from controller.store.views import enrolled
from tests.laboratory.campaign import two_steps
from tests.laboratory.laboratory import CRASH_DEVICES, Laboratory

pytestmark = pytest.mark.timeout(200)

LIMIT_S = 60


def _done(session: Session) -> int:
    return session.scalar(select(func.count()).where(col(Proposal.state) == "completed")) or 0


def _present(session: Session) -> bool:
    return all(row.state == "online" for row in enrolled(session))


async def _restore_when_it_is_gone(laboratory: Laboratory, backup: Path) -> Restored:
    while True:
        try:
            return restore(backup, f"sqlite:///{laboratory.data / 'tatara.db'}", datetime.now(UTC))
        except LockedElsewhere:  # it has been killed, and is not gone yet
            await asyncio.sleep(0.05)


@pytest.mark.slow
async def test_instruments_that_went_on_run_nothing_twice(tmp_path: Path) -> None:
    reactors, analysers = (
        [each.name for each in CRASH_DEVICES if each.kind == kind] for kind in ("reactor", "analyser")
    )
    async with Laboratory(tmp_path, duration_s=0.1) as laboratory:
        await laboratory.submit(two_steps("crash", 8, parallel=2, reactors=reactors, analysers=analysers))
        await laboratory.wait_for(lambda session: _done(session) >= 2, LIMIT_S)
        back_up(f"sqlite:///{laboratory.data / 'tatara.db'}", tmp_path / "yesterday.db")
        await laboratory.wait_for(lambda session: _done(session) >= 5, LIMIT_S)
        laboratory.daemon.hold_down()
        done = await _restore_when_it_is_gone(laboratory, tmp_path / "yesterday.db")
        assert done.campaigns == ["crash"]
        laboratory._engine.dispose()  # it has the replaced file open
        before = laboratory.runs()
        (laboratory.data / "api.json").unlink()
        laboratory.daemon.let_up()
        await laboratory.while_running(laboratory._serving(), LIMIT_S)
        await laboratory.wait_for(_present, LIMIT_S)
        await asyncio.sleep(1)
        [campaign] = laboratory.read(lambda session: session.scalars(select(Campaign)).all())
        assert (campaign.state, campaign.reason) == ("paused", REASON)
        known = laboratory.read(lambda session: set(session.scalars(select(col(Attempt.id)))))
        since = [name for name in laboratory.runs() if name not in before]
        assert set(since) <= known, "only what had been sent before the backup"

        orphans = laboratory.read(lambda session: set(session.scalars(select(col(Orphan.attempt_id)))))
        assert orphans <= set(before) - known

        await laboratory.operator.insist("campaign", "resume", "crash", "--why", "looked at everything")
        await laboratory.completed(LIMIT_S)
        assert {name: times for name, times in Counter(laboratory.runs()).items() if times > 1} == {}
        report = laboratory.read(audit)
        assert report.ok, report.faults
        await laboratory.end()
