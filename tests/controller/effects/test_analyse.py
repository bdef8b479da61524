"""Readings of files share the workers with the strategies."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from adapters.compute import Workers
from controller.commands import campaigns
from controller.commands.errors import Conflict
from controller.effects.analyse import Analyst
from controller.store import Unit
from controller.store.change import change_attempt
from controller.store.tables import Attempt, Outbox
from tests.controller.stand import ADMIN, TEXT, Stand

ANALYSIS = "retries: 1, analysis: [{function: integral, options: {x_unit: percent}, gives: {integral: yield}}]}"
READINGS = 6
STRATEGY = "tests.adapters.compute.tasks:chatter"


class Told(Workers):
    """One worker, and what it has done."""

    def __init__(self) -> None:
        super().__init__(1)
        self.ended: list[str] = []

    async def run(self, function: str, payload: dict[str, Any], deadline: float) -> dict[str, Any]:
        answer = await super().run(function, payload, deadline)
        self.ended.append(function)
        return answer


async def test_whoever_needs_a_worker_waits_for_one_reading_at_most(stand: Stand, tmp_path: Path) -> None:
    amended = campaigns.prepare(TEXT.replace("retries: 1}", ANALYSIS), {}, stand.files)
    sha256 = stand.files.put(b"0,1\n1,1\n2,1\n")
    await stand.store.write(lambda unit: _wanted(unit, sha256), name="t")
    await stand.store.write(lambda unit: campaigns.amend(unit, ADMIN, amended), name="t")
    workers = Told()
    analyst = Analyst(stand.store, workers, stand.files)
    try:
        async with asyncio.TaskGroup() as group:
            for row in [row for row in await stand.all(Outbox) if row.kind == "analysis"]:
                group.create_task(analyst.analyse(row))
            both = threading.Barrier(2)  # both readers of the store are here: the readings know what they are to do
            await asyncio.gather(*(stand.store.read(lambda session: both.wait(30)) for _ in range(2)))
            group.create_task(workers.run(STRATEGY, {}, 60))
    finally:
        await workers.stop()
    assert workers.ended.index(STRATEGY) < READINGS - 2


async def test_what_is_under_way_is_not_read_otherwise_than_it_was_asked(stand: Stand) -> None:
    amended = campaigns.prepare(TEXT.replace("retries: 1}", ANALYSIS), {}, stand.files)
    with pytest.raises(Conflict, match="step 'cook' is under way"):
        await stand.store.write(lambda unit: campaigns.amend(unit, ADMIN, amended), name="t")


def _wanted(unit: Unit, sha256: str) -> None:
    attempt = unit.session.scalars(select(Attempt).order_by(col(Attempt.made_at))).one()
    attempt.result = {"files": [{"sha256": sha256, "name": "a.csv"}]}
    change_attempt(unit, attempt, "succeed")
    for _ in range(READINGS):
        unit.outbox("analysis", attempt.campaign_id, attempt=attempt.id)
