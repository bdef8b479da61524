"""Intake: results a second over Mosquitto, each validated, chained, committed and receipted by one process.

Beside it, in the same run: a consumer that only takes the same messages and commits them in groups with sqlite3. With
`--servers` the same goes over TLS into a PostgreSQL that waits for its disk, as `deploy/README.md` sets them up.
"""

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from adapters.broker import Login, daemon_rules, hash_password, instrument_rules
from adapters.broker.certificates import AUTHORITY, make_certificate
from adapters.broker.testing import MosquittoBroker
from adapters.instruments import topics
from adapters.instruments.host import Address, Host
from adapters.instruments.messages import Measurement, Outcome, Result, encode
from adapters.instruments.tls import tls_for
from controller.intake.intake import Intake
from controller.intake.liveness import Liveness
from controller.store import Store
from controller.store.seam import reach
from tests.benchmarks import rows
from tests.benchmarks.bare import BareConsumer
from tests.benchmarks.figure import Figure
from tests.postgresql import PostgreSQL, programs, running

SITE = "lab"
PASSWORD = "only-for-benchmarks"
INSTRUMENT = "analyser-1"
WINDOW = 1000  # results under way at most; with 0 as rate this keeps the intake busy and no queue growing
Measured = dict[str, Any]


def message(name: str, number: int) -> tuple[str, str, str]:
    """Attempt, topic and payload of one result with one measurement for each property that is asked for."""
    attempt_id = rows.named(name, number).attempts[1]
    now = datetime.now(UTC)
    result = Result(
        attempt_id=attempt_id,
        digest=rows.DIGEST,
        outcome=Outcome.OK,
        measurements=[Measurement(channel="flow", property="e_factor", value=1.0 + number, unit="dimensionless")],
        boot_id="boot",
        journal_id="journal",
        started_at=now,
        ended_at=now,
    )
    return attempt_id, topics.attempt(SITE, INSTRUMENT, attempt_id, "result"), encode(result).decode()


@dataclass(frozen=True)
class Servers:
    """What stands around the intake: SQLite and plain TCP, or a PostgreSQL and TLS."""

    postgresql: PostgreSQL | None = None

    @property
    def name(self) -> str:
        """Begins the names of its figures."""
        return "intake" if self.postgresql is None else "intake, PostgreSQL and TLS"

    def database(self, directory: Path) -> str:
        """URL of a fresh database."""
        return f"sqlite:///{directory / 'tatara.db'}" if self.postgresql is None else self.postgresql.fresh()

    def authority(self, directory: Path) -> Path | None:
        """Who signed the broker's certificate."""
        return None if self.postgresql is None else directory / "broker" / AUTHORITY


@contextlib.asynccontextmanager
async def broker(directory: Path, servers: Servers) -> AsyncIterator[MosquittoBroker]:
    """Mosquitto with the accounts of the daemon and one instrument."""
    password_hash = hash_password(PASSWORD, iterations=101)
    logins = {
        "daemon": Login(password_hash, tuple(daemon_rules(SITE))),
        INSTRUMENT: Login(password_hash, tuple(instrument_rules(SITE, INSTRUMENT))),
    }
    tls = None
    if servers.postgresql is not None:
        (directory / "broker").mkdir()
        tls = make_certificate(directory / "broker", SITE, ["127.0.0.1"])
    async with MosquittoBroker(directory / "broker", logins, tls=tls) as running:
        yield running


async def publish(at: MosquittoBroker, directory: Path, started: Callable[[], None], **settings: Any) -> Measured:
    """Run a publisher to its end; `started` is called when it begins."""
    file = directory / "publisher.json"
    fixed = {"host": at.host, "port": at.port, "user": INSTRUMENT, "password": PASSWORD, "site": SITE}
    file.write_text(json.dumps({**fixed, "window": WINDOW, **settings}), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.benchmarks.publisher", str(file),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    await process.stdout.readline()
    started()
    process.stdin.write(b"\n")
    line = await process.stdout.readline()
    await process.wait()
    measured: Measured = json.loads(line)
    return measured


async def ours(at: MosquittoBroker, directory: Path, servers: Servers, seconds: float, rate: float) -> Measured:
    """Our host side: connection, intake and store in this process, with the attempts made before."""
    store = Store(servers.database(directory))
    authority = servers.authority(directory)
    tls = tls_for(at.host, authority)
    await store.start()
    name = "paced" if rate else "full"
    await rows.enrol(store, "reactor-1", "reactor-2", INSTRUMENT)
    campaign = await rows.submit(store, directory / "files", name)
    count = int(seconds * (rate or 4000)) + 1
    await rows.fill(store, campaign, name, count, finished=False)
    host = Host(
        Address(at.host, at.port, "daemon", PASSWORD, tls), SITE, "daemon", 1, on_connect=_nothing, seam=reach
    )  # fmt: skip
    async with host:
        await host.wait_connected(10)
        intake = asyncio.create_task(Intake(store, host, Liveness(store)).run())
        measured = await _measure(at, directory, name, count, seconds, rate, authority)
        intake.cancel()
        await asyncio.gather(intake, return_exceptions=True)
    await store.stop()
    return measured


async def _nothing() -> None:
    return None


async def bare(at: MosquittoBroker, directory: Path, seconds: float) -> Measured:
    """What the same broker and publisher give with a consumer that checks nothing."""
    async with BareConsumer(at.host, at.port, PASSWORD, directory / "bare.db"):
        return await _measure(at, directory, "bare", int(seconds * 6000), seconds, 0)


async def _measure(
    at: MosquittoBroker,
    directory: Path,
    name: str,
    count: int,
    seconds: float,
    rate: float,
    authority: Path | None = None,
) -> Measured:
    """Let the publisher run; adds the share of one core that this process used meanwhile."""
    begun: list[tuple[float, float]] = []
    measured = await publish(
        at,
        directory,
        lambda: begun.append((time.monotonic(), time.process_time())),
        seconds=seconds,
        rate=rate,
        ca_file=authority and str(authority),
        messages=[message(name, number) for number in range(1, count + 1)],
    )
    wall, cpu = begun[0]
    return {**measured, "cpu": 100 * (time.process_time() - cpu) / (time.monotonic() - wall)}


async def measure(servers: Servers, seconds: float, rate: float, brief: float) -> list[Figure]:
    """The paced run of `seconds`, then one of `brief` without a pace."""
    paced = await _in_room(servers, lambda at, directory: ours(at, directory, servers, seconds, rate))
    full = await _in_room(servers, lambda at, directory: ours(at, directory, servers, brief, 0))
    lost = sum(each["sent"] - each["receipts"] + each["refused"] for each in (paced, full))
    name = servers.name
    return [
        Figure(f"{name}: measurements stored, over {seconds:g} s", paced["within"], "1/s", at_least=1000),
        Figure(f"{name}: offered", paced["offered"], "1/s"),
        Figure(f"{name}: result to receipt, median", paced["p50"], "ms"),
        Figure(f"{name}: result to receipt, p99", paced["p99"], "ms"),
        Figure(f"{name}: of one core", paced["cpu"], "%"),
        Figure(f"{name}: without a pace, over {brief:g} s", full["within"], "1/s"),
        Figure(f"{name}: without a pace, result to receipt, p99", full["p99"], "ms"),
        Figure(f"{name}: results without a receipt, or refused", lost, "", at_most=0),
    ]


async def measure_bare(brief: float) -> list[Figure]:
    """The bare consumer's run without a pace."""
    plain = await _in_room(Servers(), lambda at, directory: bare(at, directory, brief))
    lost = plain["sent"] - plain["receipts"] + plain["refused"]
    return [
        Figure(f"bare consumer: without a pace, over {brief:g} s", plain["within"], "1/s"),
        Figure("bare consumer: results without a receipt, or refused", lost, "", at_most=0),
    ]


async def _in_room(servers: Servers, run: Callable[[MosquittoBroker, Path], Awaitable[Measured]]) -> Measured:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        async with broker(directory, servers) as at:
            return await run(at, directory)


def run(seconds: float = 60, rate: float = 1200, brief: float = 15) -> list[Figure]:
    """The figures of the issue's `Must show`."""
    figures = asyncio.run(measure(Servers(), seconds, rate, brief)) + asyncio.run(measure_bare(brief))
    return figures + on_servers(seconds, rate, brief)


def on_servers(seconds: float, rate: float, brief: float) -> list[Figure]:
    """The same on PostgreSQL and TLS, where PostgreSQL is installed."""
    if programs() is None:
        print("no PostgreSQL here: its figures are left out", file=sys.stderr)
        return []
    with running(durable=True) as server:
        return asyncio.run(measure(Servers(server), seconds, rate, brief))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=1200, help="results offered a second")
    parser.add_argument("--brief", type=float, default=15, help="seconds of the runs without a pace")
    parser.add_argument("--servers", action="store_true", help="only on PostgreSQL and TLS")
    from tests.benchmarks.figure import table

    options = parser.parse_args()
    wanted = on_servers if options.servers else run
    print(table(wanted(options.seconds, options.rate, options.brief)))
