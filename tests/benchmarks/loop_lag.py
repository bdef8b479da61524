"""How late the daemon's event loop is while a worker fits a BoTorch model.

One campaign has more than 50 observations and asks for a model again and again; a second one of strategy `random`, with
instruments of its own, keeps results coming. Lag: how much later than asked for a sleep of 5 ms ends.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from controller.store.tables import Campaign, Iteration
from tests.benchmarks import rows
from tests.benchmarks.figure import Figure, percentile, table
from tests.benchmarks.laboratory import Laboratory, laboratory

INSTRUMENTS = {"reactor-1": "reactor", "reactor-2": "reactor", "analyser-1": "analyser", "analyser-2": "analyser"}
OBSERVATIONS = 50
FITS = 20
TICK_S = 0.005
PATIENCE_S = 180.0
MODELLED = {
    "name: random": f"name: botorch\n  options: {{start: {OBSERVATIONS}}}",
    "experiments: 1000000": f"experiments: {OBSERVATIONS + FITS}",
    "[reactor-1, reactor-2]": "[reactor-1]",
    "parallel: 3": "parallel: 1",
}
BESIDE = {"[reactor-1, reactor-2]": "[reactor-2]", "[analyser-1]": "[analyser-2]", "parallel: 3": "parallel: 1"}


class Lag:
    """Samples how late the event loop is while `wanted` is set."""

    def __init__(self) -> None:
        self.late: list[float] = []  # milliseconds
        self.wanted = False

    async def run(self) -> None:
        """Sample until cancelled."""
        while True:
            started = time.perf_counter()
            await asyncio.sleep(TICK_S)
            if self.wanted:
                self.late.append(1000 * (time.perf_counter() - started - TICK_S))


async def measure() -> dict[str, Any]:
    """Run both campaigns; sample from the first fit until the last."""
    with tempfile.TemporaryDirectory() as name:
        async with laboratory(Path(name), "mosquitto", INSTRUMENTS, workers=2, heartbeat_s=0.2) as here:
            store, files = here.daemon.store, here.directory / "files"
            modelled = await rows.submit(store, files, "modelled", MODELLED)
            await _until(here, lambda session: session.get_one(Campaign, modelled).experiments > OBSERVATIONS)
            beside = await rows.submit(store, files, "beside", BESIDE)
            before = await store.read(lambda session: session.get_one(Campaign, beside).experiments)
            sampler = Lag()
            sampling = asyncio.create_task(sampler.run())
            sampler.wanted, started = True, time.monotonic()
            await _until(here, lambda session: session.get_one(Campaign, modelled).state == "completed")
            seconds = time.monotonic() - started
            sampling.cancel()
            after = await store.read(lambda session: session.get_one(Campaign, beside).experiments)
            fits = await store.read(lambda session: _fits(session, modelled))
    return {"late": sampler.late, "results": 2 * (after - before) / seconds, "fits": fits, "seconds": seconds}


async def _until(here: Laboratory, condition: Callable[[Session], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await here.daemon.store.read(condition):
            await asyncio.sleep(0.5)


def _fits(session: Session, campaign_id: str) -> list[float]:
    """Seconds of each iteration that fitted a model."""
    query = select(Iteration).where(col(Iteration.campaign_id) == campaign_id, col(Iteration.state) == "done")
    return [row.seconds or 0.0 for row in session.scalars(query) if row.report.get("phase") != "start"]


def run() -> list[Figure]:
    """The figure that is wanted, and what went on meanwhile."""
    found = asyncio.run(measure())
    return [
        Figure("event-loop lag while a model is fitted, p99", percentile(found["late"], 0.99), "ms", at_most=25),
        Figure("event-loop lag, median", percentile(found["late"], 0.5), "ms"),
        Figure("event-loop lag, longest", max(found["late"]), "ms"),
        Figure(f"meanwhile: models fitted in {found['seconds']:.0f} s", len(found["fits"]), "", at_least=FITS - 2),
        Figure("meanwhile: results taken", found["results"], "1/s"),
    ]


if __name__ == "__main__":
    print(table(run()))
