"""From a result to the next request, both as they pass the broker, in a campaign without any model.

Within a proposal (reactor's result -> analyser's request) that is the loop alone. From one proposal to the next
(analyser's result -> reactor's request) a worker process is asked between; its seconds are told apart.
"""

import asyncio
import json
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

from sqlalchemy import select
from sqlmodel import Session, col

from controller.store.tables import Campaign, Iteration
from tests.benchmarks import rows
from tests.benchmarks.figure import Figure, percentile, table
from tests.benchmarks.laboratory import PASSWORD, WATCHER, Laboratory, laboratory

INSTRUMENTS = {"reactor-1": "reactor", "reactor-2": "reactor", "analyser-1": "analyser"}
EXPERIMENTS = 100
WARM = 5  # first experiments left out: the worker process starts
Passed = tuple[float, str, str]  # monotonic seconds, request or result, attempt


async def campaign(broker: str, experiments: int) -> tuple[list[Passed], list[float]]:
    """Run one campaign, one proposal at a time; returns what passed the broker, and the worker's seconds."""
    with tempfile.TemporaryDirectory() as name:
        async with laboratory(Path(name), broker, INSTRUMENTS) as here:
            watcher = await _watch(here)
            changes = {"parallel: 3": "parallel: 1", "experiments: 1000000": f"experiments: {experiments}"}
            campaign_id = await rows.submit(here.daemon.store, here.directory / "files", "latency", changes)
            async with asyncio.timeout(30 + experiments):
                while not await here.daemon.store.read(lambda session: _ended(session, campaign_id)):
                    await asyncio.sleep(0.5)
            seconds = await here.daemon.store.read(lambda session: _worker_seconds(session, campaign_id))
            watcher.terminate()
            out, _ = await watcher.communicate()
    return [tuple(json.loads(line)) for line in out.decode().splitlines()], seconds


async def _watch(here: Laboratory) -> asyncio.subprocess.Process:
    watcher = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.benchmarks.watcher", here.broker.host, str(here.broker.port), WATCHER, PASSWORD,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert watcher.stdout is not None
    await watcher.stdout.readline()
    return watcher


def _ended(session: Session, campaign_id: str) -> bool:
    state = session.get_one(Campaign, campaign_id).state
    if state == "paused":
        raise RuntimeError(session.get_one(Campaign, campaign_id).reason)
    return state == "completed"


def _worker_seconds(session: Session, campaign_id: str) -> list[float]:
    query = select(Iteration).where(col(Iteration.campaign_id) == campaign_id).order_by(col(Iteration.number))
    return [row.seconds or 0.0 for row in session.scalars(query)]


def gaps(passed: list[Passed]) -> tuple[list[float], list[float]]:
    """Milliseconds from each result to the next request: within proposals, and from one to the next."""
    within, between = [], []
    for (at, kind, _), (next_at, next_kind, _) in pairwise(passed):
        if (kind, next_kind) == ("result", "request"):
            (between if len(within) > len(between) else within).append(1000 * (next_at - at))
    return within, between


def figures(broker: str, passed: list[Passed], seconds: list[float]) -> list[Figure]:
    """What is told of one campaign."""
    within, between = gaps(passed)
    worker = [1000 * each for each in seconds[1:]]  # the first iteration follows no result
    ours = [whole - fit for whole, fit in zip(between, worker, strict=False)][WARM:]
    title = f"result to next request ({broker})"
    return [
        Figure(f"{title}: same proposal, median", percentile(within[WARM:], 0.5), "ms", at_most=30),
        Figure(f"{title}: same proposal, p99", percentile(within[WARM:], 0.99), "ms"),
        Figure(f"{title}: next proposal without worker, median", percentile(ours, 0.5), "ms", at_most=30),
        Figure(f"{title}: next proposal without worker, p99", percentile(ours, 0.99), "ms"),
        Figure(f"{title}: worker (strategy random), median", percentile(worker[WARM:], 0.5), "ms"),
    ]


def run(experiments: int = EXPERIMENTS) -> list[Figure]:
    """Over the embedded broker and over mosquitto."""
    found: list[Figure] = []
    for broker in ("embedded", "mosquitto"):
        found += figures(broker, *asyncio.run(campaign(broker, experiments)))
    return found


if __name__ == "__main__":
    print(table(run(int(sys.argv[1]) if len(sys.argv) > 1 else EXPERIMENTS)))
