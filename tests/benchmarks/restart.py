"""A restart with a long history: from the start of the process until the API answers and the broker is connected.

The database is made once, with 100,000 measurements, each told by a valid event, and kept in the folder for temporary
files. Beside it: what one decision costs with that history, and in a campaign that has just begun.
"""

import asyncio
import contextlib
import hashlib
import json
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from statistics import median
from typing import Any

from controller.schedule.turns import turn
from controller.store import Store, tables
from controller.store.history import build_request
from controller.store.schema import MIGRATIONS
from controller.store.tables import Iteration
from tests.benchmarks import rows
from tests.benchmarks.figure import Figure, table

MEASUREMENTS = 100_000
OPEN = 3  # proposals under way in each campaign
RESTARTS = 5
DECISIONS = 200
PATIENCE_S = 60.0


def data_folder(measurements: int) -> Path:
    """Where the database is kept; another name whenever what made it has changed."""
    made_by = [Path(str(tables.__file__)), Path(rows.__file__), *sorted((MIGRATIONS / "versions").glob("*.py"))]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in made_by)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"tatara-benchmark-{measurements}-{digest}"


async def make(data: Path, measurements: int) -> None:
    """Make the database, unless a complete one is there."""
    names = data / "campaigns.json"
    if names.exists():
        return
    (data / "tatara.db").unlink(missing_ok=True)
    store = Store(f"sqlite:///{data / 'tatara.db'}")
    await store.start()
    await rows.enrol(store, "reactor-1", "reactor-2", "analyser-1")
    ids = {name: await rows.submit(store, data / "files", name) for name in ("long", "begun")}
    count = measurements // len(rows.YIELDS)
    await rows.fill(store, ids["long"], "long", count, finished=True)
    await rows.fill(store, ids["long"], "long", OPEN, finished=False, start=count + 1)
    await rows.fill(store, ids["begun"], "begun", OPEN, finished=False)
    await store.stop()
    names.write_text(json.dumps(ids), encoding="utf-8")


def restart(data: Path) -> float:
    """Seconds from the start of the process until it is ready."""
    (data / "api.json").unlink(missing_ok=True)
    started = time.monotonic()
    command = [sys.executable, "-m", "controller.cli", "serve", "--data", str(data)]
    with (data / "serve.log").open("w") as log:
        serving = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        while not _is_ready(data):
            if serving.poll() is not None or time.monotonic() - started > PATIENCE_S:
                raise RuntimeError(f"the daemon did not become ready; see {data / 'serve.log'}")
            time.sleep(0.01)
        return time.monotonic() - started
    finally:
        serving.terminate()
        serving.wait()


def _is_ready(data: Path) -> bool:
    with contextlib.suppress(FileNotFoundError, urllib.error.URLError):
        url = json.loads((data / "api.json").read_text(encoding="utf-8"))["url"]
        with urllib.request.urlopen(f"{url}/health") as answer:
            health: dict[str, Any] = json.load(answer)
            return health["broker"] == "connected"
    return False


async def decisions(data: Path) -> dict[str, float]:
    """Median milliseconds of one decision with nothing to do, of each campaign."""
    ids = json.loads((data / "campaigns.json").read_text(encoding="utf-8"))
    store = Store(f"sqlite:///{data / 'tatara.db'}")
    await store.start()
    took: dict[str, list[float]] = {name: [] for name in ids}
    for _ in range(DECISIONS):
        for name, campaign_id in ids.items():
            started = time.perf_counter()
            await store.write(lambda unit, which=campaign_id: turn(unit, which), name="turn")
            took[name].append(1000 * (time.perf_counter() - started))
    started = time.perf_counter()
    await store.read(lambda session: build_request(session, _iteration(ids["long"])))
    request = time.perf_counter() - started
    await store.stop()
    return {**{name: median(values) for name, values in took.items()}, "request": request}


def _iteration(campaign_id: str) -> Iteration:
    return Iteration(id="next", campaign_id=campaign_id, number=1, state="running", n=1, seed=1, event=10**9)


def run(measurements: int = MEASUREMENTS) -> list[Figure]:
    """Restarts and decisions."""
    data = data_folder(measurements)
    data.mkdir(exist_ok=True)
    asyncio.run(make(data, measurements))
    seconds = [restart(data) for _ in range(RESTARTS)]
    took = asyncio.run(decisions(data))
    return [
        Figure(f"restart with {measurements:,} measurements: ready, median", median(seconds), "s", at_most=3),
        Figure("restart: ready, longest", max(seconds), "s", at_most=3),
        Figure(f"one decision with {measurements:,} measurements", took["long"], "ms"),
        Figure("one decision in a campaign that has begun", took["begun"], "ms"),
        Figure(f"a strategy's request with {measurements:,} measurements, in a thread", took["request"], "s"),
    ]


if __name__ == "__main__":
    print(table(run(int(sys.argv[1]) if len(sys.argv) > 1 else MEASUREMENTS)))
