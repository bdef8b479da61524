"""Everything goes wrong at once: wires, broker, daemon, and one client that lies."""

import asyncio
from pathlib import Path

import pytest

from tests.chaos.verdict import judge
from tests.chaos.world import campaign, chaos_laboratory, disturb, forger_in


async def run(folder: Path, experiments: int, *, brokers: int, daemons: int, limit_s: float) -> None:
    async with chaos_laboratory(folder) as laboratory, forger_in(laboratory) as forger:
        await laboratory.submit(campaign(experiments))
        disturbing = asyncio.create_task(disturb(laboratory, experiments, brokers, daemons))
        try:
            await laboratory.completed(limit_s)
            await asyncio.wait_for(disturbing, 10)
        finally:
            disturbing.cancel()
        await laboratory.end()
        assert laboratory.daemon.deaths == daemons
        assert forger.told > 0
        assert forger.overheard == []
        judge(laboratory, experiments)


@pytest.mark.timeout(100)
async def test_small_chaos(tmp_path: Path) -> None:
    await run(tmp_path, 20, brokers=1, daemons=2, limit_s=90)


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_chaos(tmp_path: Path) -> None:
    await run(tmp_path, 200, brokers=5, daemons=10, limit_s=800)
