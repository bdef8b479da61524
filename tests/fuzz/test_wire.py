"""A real daemon behind a real broker, among instruments that send anything: it goes on, and each message is counted."""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import func, select
from sqlmodel import Session, col

from adapters.broker import EmbeddedBroker
from adapters.instruments.bus import Bus
from controller.store.tables import Campaign, Event, Instrument, Orphan, Quarantine
from tests.adapters.helpers import LOGINS, PASSWORD
from tests.controller.stand import TEXT
from tests.fuzz.fuzzer import Fuzzer
from tests.fuzz.mutations import Mutations
from tests.laboratory import checks
from tests.laboratory.campaign import two_steps
from tests.laboratory.laboratory import Laboratory

NAMES = ("fuzzer-1", "fuzzer-2", "fuzzer-3", "fuzzer-4")
LIMIT_S = 60
LOOK_S = 0.05
GROWTH_MIB = 200  # what the daemon may need more afterwards: less than what it was sent
KEPT = 1000  # quarantined messages, for each instrument and hour
# For each fuzzer: its attempts are pending while it is examined.
WORK = TEXT.replace("instruments: [stove]", f"instruments: [{', '.join(NAMES)}]").replace(
    "strategy:", "parallel: 4\nstrategy:"
)
Numbers = Counter[tuple[str, str, str]]  # by instrument, kind and what became of it
MANY = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.mark.parametrize(
    ("broker", "cases"),
    [
        pytest.param(None, 400, id="few"),
        pytest.param("embedded", 4_000, id="embedded", marks=MANY),
        pytest.param(None, 30_000, id="many", marks=MANY),
    ],
)
async def test_anything_may_come(tmp_path: Path, broker: str | None, cases: int) -> None:
    async with Laboratory(tmp_path, others=NAMES, broker=broker) as laboratory, contextlib.AsyncExitStack() as stack:
        fuzzers = [
            await stack.enter_async_context(Fuzzer(name, laboratory.passwords[name], laboratory.broker, cases + place))
            for place, name in enumerate(NAMES)
        ]
        await laboratory.while_running(_be_given_work(laboratory, fuzzers), LIMIT_S)
        before = _mebibytes(laboratory.daemon.pid)
        for _ in range(10):
            await laboratory.while_running(_flood(fuzzers, cases // 10), 600)
        await laboratory.while_running(_all_accounted(laboratory, fuzzers), 900)
        laboratory.read(lambda session: _check_rows(session, _numbers(laboratory), fuzzers))
        after = _mebibytes(laboratory.daemon.pid)
        print(f"{sum(sum(each.sent.values()) for each in fuzzers)} messages; the daemon: {before} -> {after} MiB")
        assert after < before + GROWTH_MIB
        await laboratory.while_running(_pour(fuzzers, cases // 4), LIMIT_S)
        await _carry_on(laboratory)
        await laboratory.end()
        laboratory.read(checks.check_record)


async def _be_given_work(laboratory: Laboratory, fuzzers: list[Fuzzer]) -> None:
    for fuzzer in fuzzers:
        await fuzzer.appear()
    await laboratory.submit(WORK.replace("experiments: 3", "experiments: 4"))
    await _until(lambda: all(fuzzer.requests for fuzzer in fuzzers))


async def _flood(fuzzers: list[Fuzzer], cases: int) -> None:
    await asyncio.gather(*(fuzzer.flood(cases // len(fuzzers)) for fuzzer in fuzzers))


async def _pour(fuzzers: list[Fuzzer], cases: int) -> None:
    await asyncio.gather(*(fuzzer.pour(cases) for fuzzer in fuzzers))


async def _all_accounted(laboratory: Laboratory, fuzzers: list[Fuzzer]) -> None:
    """As many as were sent, by instrument, and a receipt for each result that could have one; as long as more come."""
    before: dict[str, tuple[int, int]] = {}
    while missing := _missing(laboratory, fuzzers):
        assert missing != before, f"not accounted: {missing}"
        before = missing
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LIMIT_S):
                while _missing(laboratory, fuzzers) == before:
                    await asyncio.sleep(LOOK_S)


def _missing(laboratory: Laboratory, fuzzers: list[Fuzzer]) -> dict[str, tuple[int, int]]:
    """What was sent and is not counted yet, by instrument: of all kinds, and receipts."""
    numbers = _numbers(laboratory)
    found = {}
    for each in fuzzers:
        counted = sum(number for (instrument, *_), number in numbers.items() if instrument == each.name)
        lacking = (each.sent.total() - counted, each.readable - each.receipts.total())
        if lacking != (0, 0):
            found[each.name] = lacking
    return found


def _check_rows(session: Session, numbers: Numbers, fuzzers: list[Fuzzer]) -> None:
    """What was counted is what stands in the database."""
    for fuzzer in fuzzers:
        became = Counter[str]()
        for (instrument, kind, word), number in numbers.items():
            if instrument == fuzzer.name:
                became[word] += number
                assert kind == "result" or word in ("taken", "quarantined", "not-kept")
        kept = session.scalar(select(func.count()).where(col(Quarantine.instrument) == fuzzer.name))
        assert kept == became["quarantined"] <= KEPT
        row = session.get_one(Instrument, fuzzer.name)
        floods = select(func.count()).where(col(Event.kind) == "instrument.flood", col(Event.subject) == fuzzer.name)
        flooded = kept == KEPT and became["not-kept"] > 0
        assert (row.wanted_paused, session.scalar(floods)) == (flooded, int(flooded))
        orphans = session.scalar(select(func.count()).where(col(Orphan.instrument) == fuzzer.name)) or 0
        assert became["unknown"] >= orphans
        assert became["stored"] + became["duplicate"] + became["unknown"] == sum(
            fuzzer.receipts[verdict] for verdict in ("stored", "duplicate", "unknown")
        )


async def _carry_on(laboratory: Laboratory) -> None:
    """The others have not noticed: their campaign is carried out; what the fuzzers began waits for an operator."""
    await laboratory.submit(two_steps("honest", 3, parallel=1, reactors=["reactor-1"], analysers=["analyser-1"]))
    working = asyncio.create_task(laboratory.operator.work(laboratory.read))
    try:
        await laboratory.wait_for(_honest_is_done, LIMIT_S)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


def _honest_is_done(session: Session) -> bool:
    return session.scalars(select(col(Campaign.state)).where(col(Campaign.name) == "honest")).one() == "completed"


def _numbers(laboratory: Laboratory) -> Numbers:
    """What `/metrics` says of messages."""
    url = json.loads((laboratory.data / "api.json").read_text())["url"]
    token = (laboratory.data / "admin-token").read_text().strip()
    text = httpx.get(f"{url}/metrics", headers={"Authorization": f"Bearer {token}"}, trust_env=False).text
    return Counter(
        {
            (each.labels["instrument"], each.labels["kind"], each.labels["became"]): int(each.value)
            for family in text_string_to_metric_families(text)
            for each in family.samples
            if each.name == "tatara_messages_total"
        }
    )


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(LOOK_S)


def _mebibytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1]) // 1024


@pytest.mark.parametrize("cases", [100, pytest.param(3_000, marks=MANY)])
async def test_bytes_that_are_no_mqtt_do_not_end_the_embedded_broker(tmp_path: Path, cases: int) -> None:
    connect = b"\x10\x1c\x00\x04MQTT\x04\xc2\x00\x0f\x00\x01x\x00\x06tatara\x00\x05wrong"
    publish = b"\x32\x10\x00\x05a/b/c\x00\x01payload"
    packets = Mutations([connect, connect + publish, b"\xc0\x00", b"\x82\x08\x00\x01\x00\x03a/b\x01"], seed=cases)
    async with EmbeddedBroker(tmp_path / "broker", LOGINS) as broker:
        for _ in range(cases):
            _, writer = await asyncio.open_connection(broker.host, broker.port)
            writer.write(packets.one())
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            writer.close()
        async with Bus(broker.host, broker.port, "tatara", "tatara", PASSWORD) as bus:
            await bus.wait_connected(LIMIT_S)
