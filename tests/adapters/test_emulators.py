"""Emulators as processes of their own, killed at any moment."""

import asyncio
import contextlib
import json
import random
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.broker import BrokerProcess
from adapters.instruments.emulators.config import PASSWORD_VARIABLE, EmulatorConfig
from adapters.instruments.messages import AttemptState, Description, InstrumentMode, Outcome
from tests.adapters.helpers import PASSWORD, SITE, Connect, until
from tests.adapters.host import HostSide

CANDIDATE = {
    "kind": "conditions",
    "values": {"residence_time": 1.0, "equivalents": 2.0, "concentration": 0.3, "temperature": 70.0},
    "units": {"residence_time": "min", "equivalents": "dimensionless", "concentration": "mol/L", "temperature": "degC"},
}
PARAMETERS = {
    name: {"value": CANDIDATE["values"][name], "unit": CANDIDATE["units"][name]}  # type: ignore[index]
    for name in CANDIDATE["values"]
}


class Emulator:
    """An emulator's process, its configuration and its run log."""

    def __init__(self, broker: BrokerProcess, folder: Path, kind: str, name: str, **options: Any) -> None:
        self.name = name
        self.run_log = folder / f"{name}.runs"
        settings = {
            "kind": kind,
            "name": name,
            "site": SITE,
            "port": broker.port,
            "journal": str(folder / f"{name}.db"),
            "run_log": str(self.run_log),
            "duration_s": 0.1,
            "heartbeat_s": 0.2,
            "resend_s": 0.2,
            "stop_with_parent": True,
            **options,
        }
        EmulatorConfig.model_validate(settings)
        self._config = folder / f"{name}.json"
        self._config.write_text(json.dumps(settings), encoding="utf-8")
        self.process: Process | None = None

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "adapters.instruments.emulators",
            str(self._config),
            stdin=asyncio.subprocess.PIPE,
            env={PASSWORD_VARIABLE: PASSWORD, "PYTHONPATH": ":".join(sys.path)},
        )

    async def kill(self) -> None:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    def runs(self) -> list[str]:
        return self.run_log.read_text().splitlines() if self.run_log.exists() else []


@contextlib.asynccontextmanager
async def running(emulator: Emulator) -> AsyncIterator[Emulator]:
    await emulator.start()
    try:
        yield emulator
    finally:
        await emulator.kill()


@pytest.fixture
async def host(broker: BrokerProcess, connect: Connect) -> HostSide:
    side = HostSide(await connect(broker, "tatara", "tatara/v1/lab/#"))
    await side.present()
    return side


async def test_the_reactor_makes_a_sample_and_the_analyser_measures_it(
    broker: BrokerProcess, host: HostSide, tmp_path: Path
) -> None:
    analysis = HostSide(host.listener, "analyser-1")
    reactor = Emulator(broker, tmp_path, "reactor", "reactor-1")
    analyser = Emulator(broker, tmp_path, "analyser", "analyser-1", seed=3, noise=0.02)
    async with running(reactor), running(analyser):
        await host.request("a1", candidate=CANDIDATE, parameters=PARAMETERS)
        made = await host.result("a1")
        assert made.sample_id == "s-a1"
        for number, replicate in enumerate((1, 1, 2)):
            await analysis.request(
                f"m{number}", capability="analyse", candidate=CANDIDATE, sample_id=made.sample_id, replicate=replicate
            )
        results = [await analysis.result(f"m{number}") for number in range(3)]
        await analysis.request("m9", capability="analyse", candidate={"kind": "conditions"})
        assert (await analysis.result("m9")).outcome is Outcome.INVALID
    values = [{each.property: each.value for each in result.measurements} for result in results]
    assert values[0] == values[1] != values[2]
    assert {each.unit for each in results[0].measurements} == {"kg/m**3/h", "dimensionless"}
    description = host.said("description", Description)[-1]
    assert description.simulated
    assert description.capabilities["react"].makes_sample


async def test_the_table_replays_replicates(broker: BrokerProcess, host: HostSide, tmp_path: Path) -> None:
    file = tmp_path / "data.csv"
    file.write_text("solvent,temperature,y\nwater,20,1.5\nwater,20.0,1.7\nethanol,20,\n", encoding="utf-8")
    table = {
        "file": str(file),
        "parameters": {"solvent": None, "temperature": "degC"},
        "measured": {"y": {"property": "conversion", "unit": "percent"}},
    }

    def candidate(solvent: str, temperature: float = 20, unit: str = "degC") -> dict[str, Any]:
        values = {"solvent": solvent, "temperature": temperature}
        return {"kind": "conditions", "values": values, "units": {"temperature": unit}}

    cases: list[tuple[dict[str, Any], int, Outcome]] = [
        (candidate("water"), 1, Outcome.OK),
        (candidate("water"), 2, Outcome.OK),
        (candidate("water"), 3, Outcome.FAILED_MEASUREMENT),
        (candidate("ethanol"), 1, Outcome.FAILED_MEASUREMENT),
        (candidate("water", 25), 1, Outcome.INVALID),
        (candidate("water", 20, "K"), 1, Outcome.INVALID),
        ({"kind": "conditions"}, 1, Outcome.INVALID),
    ]
    async with running(Emulator(broker, tmp_path, "table", "reactor-1", table=table, duration_s=0)):
        for number, (asked, replicate, outcome) in enumerate(cases):
            await host.request(f"a{number}", capability="look_up", candidate=asked, replicate=replicate)
            assert (await host.result(f"a{number}")).outcome is outcome
    assert [host.results(f"a{number}")[0].measurements[0].value for number in (0, 1)] == [1.5, 1.7]


async def test_a_table_may_tell_its_rows_apart_by_label(broker: BrokerProcess, host: HostSide, tmp_path: Path) -> None:
    file = tmp_path / "data.csv"
    file.write_text("name,y\nwater,1.5\n2-propanol,1.7\n", encoding="utf-8")
    table = {"file": str(file), "label": "name", "measured": {"y": {"property": "conversion", "unit": "percent"}}}
    cases = [("2-propanol", Outcome.OK), ("acetone", Outcome.INVALID), (None, Outcome.INVALID)]
    async with running(Emulator(broker, tmp_path, "table", "reactor-1", table=table, duration_s=0)):
        for number, (label, outcome) in enumerate(cases):
            candidate = {"kind": "conditions", "values": {"a": 1.0}} | ({"label": label} if label else {})
            await host.request(f"a{number}", capability="look_up", candidate=candidate)
            assert (await host.result(f"a{number}")).outcome is outcome
    assert host.results("a0")[0].measurements[0].value == 1.7


async def test_killed_between_journal_and_publication(broker: BrokerProcess, host: HostSide, tmp_path: Path) -> None:
    """The broker goes first: so the result is committed and cannot be published before the kill."""
    emulator = Emulator(broker, tmp_path, "reactor", "reactor-1", duration_s=0.3)
    async with running(emulator):
        await host.request("a1", parameters=PARAMETERS)
        await host.status("a1", AttemptState.RUNNING)
        await broker.kill()
        journal = tmp_path / "reactor-1.db-wal"
        size = journal.stat().st_size
        await until(lambda: journal.stat().st_size > size)
        await emulator.kill()
        assert host.results("a1") == []
        await broker.start()
        await emulator.start()
        await host.result("a1")
        assert emulator.runs() == ["a1"]


async def test_killed_while_it_runs(broker: BrokerProcess, host: HostSide, tmp_path: Path) -> None:
    emulator = Emulator(broker, tmp_path, "reactor", "reactor-1", duration_s=30)
    async with running(emulator):
        request = await host.request("a1", parameters=PARAMETERS)
        await until(lambda: emulator.runs() == ["a1"])
        await emulator.kill()
        will = await host.state(state=InstrumentMode.OFFLINE)
        assert will.seq > max(state.seq for state in host.states() if state.state is InstrumentMode.ONLINE)
        await emulator.start()
        await host.status("a1", AttemptState.INTERRUPTED)
        await host.request("a1", **{key: value for key, value in request.items() if key != "attempt_id"})
        await host.status("a1", AttemptState.INTERRUPTED, count=2)
        assert emulator.runs() == ["a1"]


@pytest.mark.parametrize("seed", range(2))
async def test_killed_at_any_moment_nothing_runs_twice_and_nothing_is_lost(
    broker: BrokerProcess, host: HostSide, tmp_path: Path, seed: int
) -> None:
    draw = random.Random(seed)
    emulator = Emulator(broker, tmp_path, "reactor", "reactor-1", duration_s=0.02)
    attempts = [f"a{number}" for number in range(30)]
    async with running(emulator):
        journal_id = (await host.state(state=InstrumentMode.ONLINE)).journal_id
        for attempt_id in attempts:
            await host.request(attempt_id, journal_id=journal_id, parameters=PARAMETERS)
        for _ in range(3):
            count = len(emulator.runs()) + draw.randrange(1, 6)
            await until(lambda enough=count: len(emulator.runs()) >= min(enough, 30))  # type: ignore[misc]
            await emulator.kill()
            await emulator.start()

        def ended(attempt_id: str) -> bool:
            told = {status.state for status in host.statuses(attempt_id)}
            return bool(host.results(attempt_id)) or AttemptState.INTERRUPTED in told

        async def ask_again() -> None:
            while True:  # what a broker forgot of requests or statuses, the host finds by asking
                await host.command("report-attempts", attempts=[each for each in attempts if not ended(each)])
                for attempt_id in attempts:
                    if any(status.state is AttemptState.UNKNOWN for status in host.statuses(attempt_id)):
                        await host.request(attempt_id, journal_id=journal_id, parameters=PARAMETERS)
                await asyncio.sleep(0.5)

        asking = asyncio.create_task(ask_again())
        await host.listener.until(lambda _: all(map(ended, attempts)), timeout=30)
        asking.cancel()
    runs = emulator.runs()
    assert len(runs) == len(set(runs))
    with_result = {each for each in attempts if host.results(each)}
    assert with_result <= set(runs)


async def test_it_ends_with_its_parent(broker: BrokerProcess, host: HostSide, tmp_path: Path) -> None:
    emulator = Emulator(broker, tmp_path, "reactor", "reactor-1")
    async with running(emulator):
        await host.state(state=InstrumentMode.ONLINE)
        assert emulator.process is not None
        assert emulator.process.stdin is not None
        emulator.process.stdin.close()
        assert await asyncio.wait_for(emulator.process.wait(), 10) == 0
        await host.state(state=InstrumentMode.OFFLINE)
