"""The console before a long history, and how soon a measurement is seen.

First load (nothing in the browser's cache) and navigation with 50 campaigns and 100,000 measurements, in a real
Chromium; the server's share of a page. And with ten pages open and a campaign that runs: from the commit of a
measurement until a page shows it, by the clock of the machine.
"""

import asyncio
import contextlib
import hashlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from statistics import median

import httpx
from playwright.async_api import Page
from sqlmodel import col, select

from controller.console.gate import COOKIE
from controller.store import Store, tables
from controller.store.schema import MIGRATIONS
from controller.store.tables import Event
from tests.benchmarks import rows
from tests.benchmarks.figure import Figure, table
from tests.laboratory.browser import FLAT, Console, connected, console_of
from tests.laboratory.campaign import two_steps
from tests.laboratory.laboratory import Device, Laboratory

CAMPAIGNS, MEASUREMENTS = 50, 100_000
LOADS = 5
PAGES_OPEN = 10
SEEN = 30
# Notes, with the time, when the number of measurements on the page has changed; looks only at what changed on it.
WATCH = """() => {
  window.seen = {};
  const look = (text) => {
    const found = text.match(/Measurements: (\\d+)|of (\\d+) measurements/) || [];
    const n = Number(found[1] || found[2]);
    if (n && !(n in window.seen)) window.seen[n] = Date.now();
  };
  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === "characterData") look(change.target.data);
      else for (const node of change.addedNodes) look(node.textContent);
    }
  }).observe(document.body, {subtree: true, childList: true, characterData: true});
  look(document.body.innerText);
}"""


def _folder() -> Path:
    """Where the database is kept; another name whenever what made it has changed."""
    made_by = [Path(str(tables.__file__)), Path(rows.__file__), *sorted((MIGRATIONS / "versions").glob("*.py"))]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in made_by)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"tatara-benchmark-console-{digest}"


async def _make(data: Path) -> None:
    if (data / "made").exists():
        return
    data.mkdir(exist_ok=True)
    (data / "tatara.db").unlink(missing_ok=True)
    store = Store(f"sqlite:///{data / 'tatara.db'}")
    await store.start()
    await rows.enrol(store, "reactor-1", "reactor-2", "analyser-1")
    for number in range(CAMPAIGNS):
        name = f"flow-{number:02d}"
        campaign = await rows.submit(store, data / "files", name)
        await rows.fill(store, campaign, name, MEASUREMENTS // CAMPAIGNS // len(rows.YIELDS), finished=True)
    await store.stop()
    (data / "made").touch()


@contextlib.contextmanager
def _serving(data: Path) -> Iterator[None]:
    (data / "api.json").unlink(missing_ok=True)
    command = [sys.executable, "-m", "controller.cli", "serve", "--data", str(data)]
    with (data / "serve.log").open("w") as log:
        daemon = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield
    finally:
        daemon.terminate()
        daemon.wait()


async def _loads(data: Path) -> list[Figure]:
    async with console_of(data, arguments=FLAT) as console:
        entered = await console.enter(f"person-{time.time_ns()}", path="/")
        cookie = next(each for each in await entered.context.cookies() if each["name"] == COOKIE)
        await entered.close()
        shares = {
            path: await _server_share(console, str(cookie["value"]), path) for path in ("/", "/campaigns/flow-00")
        }
        first = [await _first_load(console, cookie) for _ in range(LOADS)]
        page = await console.open()
        await page.context.add_cookies([cookie])
        await page.goto(f"{console.url}/")
        await connected(page)
        steps = [await _go(page, f"{console.url}{path}") for _ in range(LOADS) for path in _PLACES]
    return [
        Figure(
            "console: first load with 50 campaigns and 100,000 measurements, median", median(first), "s", at_most=2.5
        ),
        Figure("console: the server's share, overview", 1000 * shares["/"], "ms", at_most=300),
        Figure("console: the server's share, a campaign", 1000 * shares["/campaigns/flow-00"], "ms", at_most=300),
        Figure("console: navigation, median", 1000 * median(steps), "ms", at_most=500),
        Figure("console: navigation, longest", 1000 * max(steps), "ms"),
    ]


_PLACES = ("/approvals", "/campaigns/flow-00", "/instruments", "/events", "/")


async def _server_share(console: Console, secret: str, path: str) -> float:
    """Seconds until the page's first answer is there, median."""
    async with httpx.AsyncClient(base_url=console.url, cookies={COOKIE: secret}, trust_env=False) as client:
        took = []
        for _ in range(LOADS):
            started = time.perf_counter()
            (await client.get(path)).raise_for_status()
            took.append(time.perf_counter() - started)
    return median(took)


async def _first_load(console: Console, cookie: object) -> float:
    """In a browser that has loaded nothing before, until what is pressed is heard."""
    page = await console.open()
    await page.context.add_cookies([cookie])  # type: ignore[list-item]
    took = await _go(page, f"{console.url}/")
    await page.context.close()
    return took


async def _go(page: Page, url: str) -> float:
    started = time.perf_counter()
    await page.goto(url, wait_until="commit")
    await page.get_by_role("heading", level=1).wait_for()
    await connected(page)
    return time.perf_counter() - started


async def _sight(folder: Path) -> list[Figure]:
    """From the commit of a measurement until it is seen on a page, with ten pages open."""
    devices = (Device("reactor-1", "reactor"), Device("analyser-1", "analyser"))
    async with Laboratory(folder, devices, daemon_first=True, duration_s=0.3) as laboratory:
        names = {"reactors": ["reactor-1"], "analysers": ["analyser-1"]}
        await laboratory.submit(two_steps("flow", 1000, parallel=1, **names))  # type: ignore[arg-type]
        async with console_of(laboratory.data, arguments=FLAT) as console:
            watched = await console.enter("olga", path="/campaigns/flow")
            others = ["/", "/approvals", "/campaigns/flow", "/instruments", "/events"]
            for number in range(PAGES_OPEN - 1):
                page = await watched.context.new_page()
                await page.goto(f"{console.url}{others[number % len(others)]}")
                await connected(page)
            await watched.evaluate(WATCH)
            start = max(map(int, await watched.evaluate("Object.keys(window.seen)")), default=0)
            await laboratory.wait_for(lambda session: len(_commits(session)) > (start // 2) + SEEN, 120)
            await watched.wait_for_function(f"Object.keys(window.seen).length > {SEEN - 5}")
            seen = {
                int(count): at for count, at in (await watched.evaluate("window.seen")).items() if int(count) > start
            }
            commits = laboratory.read(_commits)
    late = sorted(at - 1000 * commits[count // 2 - 1].timestamp() for count, at in seen.items() if not count % 2)
    return [
        Figure(
            "console: from a measurement's commit to its sight, 10 pages open, median", median(late), "ms", at_most=300
        ),
        Figure("console: the same, 95th percentile", late[int(0.95 * len(late))], "ms"),
    ]


def _commits(session) -> list[datetime]:  # type: ignore[no-untyped-def]
    """When the analyser's results were committed, two measurements each."""
    query = select(col(Event.at)).where(col(Event.kind) == "attempt.succeed")
    return list(session.scalars(query.order_by(col(Event.number))))[1::2]  # every other one is the reactor's


def run() -> list[Figure]:
    """Loads and sight."""
    data = _folder()
    asyncio.run(_make(data))
    with _serving(data):
        figures = asyncio.run(_loads(data))
    with tempfile.TemporaryDirectory() as folder:
        return figures + asyncio.run(_sight(Path(folder)))


if __name__ == "__main__":
    print(table(run()))
