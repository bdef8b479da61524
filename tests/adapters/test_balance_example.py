"""The worked example in deploy/examples/balance: one small file that passes every check."""

import asyncio
import contextlib
import importlib.util
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import pytest

from adapters.instruments import FailedMeasurement
from adapters.instruments.conformance import Patience, Stand, Talk, Verdict, examine, meet

FOLDER = Path(__file__).parents[2] / "deploy" / "examples" / "balance"


@contextlib.asynccontextmanager
async def program(name: str, *arguments: str) -> AsyncIterator[Process]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    started = await asyncio.create_subprocess_exec(
        sys.executable, str(FOLDER / name), *arguments, stdout=PIPE, env=environment
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


@pytest.fixture
def balance() -> ModuleType:
    spec = importlib.util.spec_from_file_location("balance", FOLDER / "balance.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_stable_weight_is_a_mass(balance: ModuleType) -> None:
    measured = balance.reading("S S     12.3456 g")
    assert (measured.value, measured.unit, measured.property) == (12.3456, "g", "mass")


@pytest.mark.parametrize("answer", ["S +", "S -", "S I", "ES", "", "S D 12.3 g", "S S 12.3 kg"])
def test_anything_else_is_a_failed_measurement(balance: ModuleType, answer: str) -> None:
    with pytest.raises(FailedMeasurement):
        balance.reading(answer)


@pytest.mark.slow
async def test_it_conforms(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("only-for-tests", encoding="utf-8")
    patience = Patience(answer_s=5, run_s=10, come_s=20, quiet_s=0.5)
    async with contextlib.AsyncExitStack() as stack:
        stand = await stack.enter_async_context(Stand(tmp_path / "broker", "lab", "balance-1", "only-for-tests"))
        talk = await stack.enter_async_context(Talk(stand.address, "lab", "balance-1", patience))
        simulated = await stack.enter_async_context(program("simulated_port.py"))
        assert simulated.stdout is not None
        port = (await simulated.stdout.readline()).decode().strip()
        arguments = (
            *("balance.py", port, "--broker", f"{stand.host}:{stand.port}", "--simulated"),
            *("--password-file", str(tmp_path / "password"), "--journal", str(tmp_path / "journal.db")),
        )
        boots = [await stack.enter_async_context(program(*arguments))]
        subject = await meet(talk)
        subject.wires = stand

        async def restart() -> None:
            boots[-1].kill()
            await boots[-1].wait()
            boots.append(await stack.enter_async_context(program(*arguments)))

        subject.restarted = restart
        findings = await examine(subject, lambda _: None)
    assert [each for each in findings if each.verdict is Verdict.FAILED] == []
    about = next(each.seen for each in findings if "units asked for" in each.what)
    assert about.startswith("mass = 12.3")
