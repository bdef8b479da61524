"""What conforms passes every check; each fault is found by the check of its clause."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from adapters.instruments import ParameterLimits
from adapters.instruments.conformance import (
    Finding,
    NotReady,
    Patience,
    Stand,
    Talk,
    Verdict,
    attempts,
    commands,
    connection,
    examine,
    failed,
    meet,
    refusals,
    stops,
)
from adapters.instruments.conformance.findings import NotConforming
from adapters.instruments.conformance.parameters import fitting
from adapters.instruments.conformance.run import MODULES
from tests.adapters.bare.device import BareDevice
from tests.adapters.helpers import PASSWORD, SITE
from tests.adapters.test_emulators import CANDIDATE, Emulator, running

FAULTY = Path(__file__).with_name("bare") / "faulty_instrument.py"
FILES = "files that results name were put before"  # these devices have none
PATIENCE = Patience(answer_s=3, run_s=5, come_s=20, quiet_s=0.3)


@contextlib.asynccontextmanager
async def stand(folder: Path, patience: Patience = PATIENCE) -> AsyncIterator[tuple[Stand, Talk]]:
    async with (
        Stand(folder / "broker", SITE, "reactor-1", PASSWORD) as made,
        Talk(made.address, SITE, "reactor-1", patience) as talk,
    ):
        yield made, talk


def seen(findings: list[Finding], verdict: Verdict) -> list[str]:
    return [f"{each.clause} {each.what}: {each.seen}" for each in findings if each.verdict is verdict]


@pytest.mark.slow  # the quick ones: the analyser without a restart, and a bare instrument with all of it
async def test_an_emulator_conforms(tmp_path: Path) -> None:
    async with stand(tmp_path) as (made, talk):
        emulator = Emulator(made, tmp_path, "reactor", "reactor-1", duration_s=0.3)  # type: ignore[arg-type]
        async with running(emulator):
            subject = await meet(talk)
            subject.wires = made

            async def restart() -> None:
                await emulator.kill()
                await emulator.start()

            subject.restarted = restart
            findings = await examine(subject, lambda _: None)
    assert seen(findings, Verdict.FAILED) == []
    assert [each.what for each in findings if each.verdict is Verdict.NOT_TESTED] == ["the other capabilities", FILES]
    assert len(emulator.runs()) == len(set(emulator.runs()))


async def test_the_analyser_needs_a_candidate(tmp_path: Path) -> None:
    async with stand(tmp_path) as (made, talk):
        emulator = Emulator(made, tmp_path, "analyser", "reactor-1")  # type: ignore[arg-type]
        async with running(emulator):
            findings = await examine(await meet(talk, CANDIDATE), lambda _: None)
    assert failed(findings) == 0
    about = next(each for each in findings if "units asked for" in each.what)
    assert about.verdict is Verdict.OK
    assert "space_time_yield" in about.seen
    assert "--broker" in next(each.seen for each in findings if "last will" in each.what)


async def bare(folder: Path, *, fault: str | None = None, modules: Sequence[ModuleType] = MODULES) -> list[Finding]:
    """Examine the bare instrument, restarts included, or one with a fault."""
    async with stand(folder) as (made, talk), contextlib.AsyncExitStack() as stack:
        device = BareDevice(made, folder / "journal.db", heartbeat_s=0.2)  # type: ignore[arg-type]
        device.configuration["duration_s"] = 0.3
        if fault is not None:
            device.command = (str(FAULTY), fault)
        await stack.enter_async_context(device.on())
        subject = await meet(talk, capability="heat")
        subject.wires = made
        boots = [device]

        async def restart() -> None:
            await boots[-1].kill()
            boots.append(BareDevice(made, folder / "journal.db", heartbeat_s=0.2))  # type: ignore[arg-type]
            await stack.enter_async_context(boots[-1].on())

        subject.restarted = restart
        return await examine(subject, lambda _: None, modules)


async def test_the_bare_instrument_conforms(tmp_path: Path) -> None:
    findings = await bare(tmp_path)
    assert [each.what for each in findings if each.verdict is not Verdict.OK] == [FILES]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "module", "clause", "words"),
    [
        ("forgetful", attempts, "14", "ran twice"),
        ("forgetful", attempts, "14", "answered by the status accepted"),
        ("deaf", stops, "26", "no state that names"),
        ("hasty", attempts, "23", "no result"),
        ("reckless", refusals, "17", "heat with an undescribed parameter: answered by accepted"),
        ("reckless", commands, "33", "began while no host"),
        ("backdated", connection, "13", "seq"),
    ],
)
async def test_faults_are_found(tmp_path: Path, fault: str, module: ModuleType, clause: str, words: str) -> None:
    findings = await bare(tmp_path, fault=fault, modules=[module])
    found = [each for each in findings if each.verdict is Verdict.FAILED and clause in each.clause.split(", ")]
    assert any(words in each.seen for each in found), seen(findings, Verdict.FAILED)


async def test_nobody_comes(tmp_path: Path) -> None:
    async with stand(tmp_path, Patience(answer_s=2, come_s=0.2)) as (_, talk):
        with pytest.raises(NotReady, match=r"no state of reactor-1 .*site lab, name reactor-1 and the right password"):
            await meet(talk)


async def test_it_does_not_play_beside_a_daemon(tmp_path: Path) -> None:
    async with (
        stand(tmp_path) as (made, talk),
        running(Emulator(made, tmp_path, "reactor", "reactor-1")),  # type: ignore[arg-type]
    ):
        await talk.bus.wait_connected(5)
        await talk.bus.publish("tatara/v1/lab/host/real/state", b'{"state":"online"}', 1, True)
        with pytest.raises(NotReady, match="real"):
            await meet(talk)


@pytest.mark.parametrize(
    ("limits", "value"),
    [
        ({"low": 30, "high": 120}, 75),
        ({"low": 0, "high": 1}, 0.5),
        ({"low": 3.5}, 3.5),
        ({"high": 4}, 4),
        ({"choices": ["a", "b"]}, "a"),
        ({"unit": "g"}, 1),
        ({}, "test"),
    ],
)
def test_values_are_in_the_middle(limits: dict[str, Any], value: Any) -> None:
    assert fitting(ParameterLimits(**limits)) == value
    assert isinstance(fitting(ParameterLimits(**limits)), type(value))


async def test_what_is_not_heard_is_told(tmp_path: Path) -> None:
    async with stand(tmp_path) as (_, talk):
        asked = asyncio.create_task(talk.hear(lambda _: False, "sign of life", within=0.05))
        with pytest.raises(NotConforming, match=r"no sign of life within .* heard: nothing"):
            await asked
