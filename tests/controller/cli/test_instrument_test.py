"""`tatara instrument test` and `tatara emulate`, as their user meets them: two processes, no daemon."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.broker import BrokerProcess
from adapters.broker.process import free_port
from tests.adapters.bare.device import BareDevice
from tests.adapters.helpers import PASSWORD, SITE, make_broker
from tests.controller.cli.terminal import Done, Terminal

QUICK = ("--quiet", "0.3", "--patience", "5", "--json")


@pytest.fixture
def here(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path, {"PYTHONPATH": os.pathsep.join(sys.path)})


@contextlib.asynccontextmanager
async def emulated(here: Terminal, port: int, *options: str, **settings: Any) -> AsyncIterator[Path]:
    """`tatara emulate` until the end of the block, then Ctrl-C."""
    run_log = here.folder / "runs"
    config = {
        "kind": "reactor", "name": "reactor-1", "site": SITE, "port": port, "password_file": "password",
        "journal": "journal.db", "duration_s": 0.1, "heartbeat_s": 0.3, "resend_s": 0.5, "run_log": "runs", **settings,
    }  # fmt: skip
    (here.folder / "emulator.json").write_text(json.dumps(config), encoding="utf-8")
    process = await here.start("emulate", "emulator.json", *options)
    try:
        yield run_log
    finally:
        process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode == 0


async def ended(process: asyncio.subprocess.Process) -> Done:
    out, err = await asyncio.wait_for(process.communicate(), 100)
    return Done(process.returncode or 0, out.decode(), err.decode())


@pytest.mark.slow
async def test_an_emulator_passes_without_a_daemon(here: Terminal) -> None:
    port = free_port()
    options = ("--site", SITE, "--port", str(port), "--password-file", "password")
    testing = await here.start("instrument", "test", "reactor-1", *options, *QUICK)
    while not (here.folder / "password").is_file():
        await asyncio.sleep(0.05)
    async with emulated(here, port) as run_log:
        done = await ended(testing)
    assert (done.code, done.json["conforms"]) == (0, True), done.out
    assert done.json["counts"]["ok"] >= 38
    runs = run_log.read_text().splitlines()
    assert len(runs) == len(set(runs))
    assert (here.folder / "password").stat().st_mode & 0o777 == 0o600
    assert (here.folder / "password").read_text().strip() not in done.err


@pytest.fixture
async def mosquitto(tmp_path: Path) -> AsyncIterator[BrokerProcess]:
    async with make_broker("mosquitto", tmp_path / "broker") as running:
        yield running


@pytest.mark.slow
async def test_at_a_broker_of_ones_own_what_needs_ours_is_not_tested(here: Terminal, mosquitto: BrokerProcess) -> None:
    (here.folder / "password").write_text(PASSWORD, encoding="utf-8")
    options = ("--site", SITE, "--broker", f"{mosquitto.host}:{mosquitto.port}", "--password-file", "password")
    async with emulated(here, mosquitto.port):
        done = await ended(await here.start("instrument", "test", "reactor-1", *options, *QUICK))
    assert (done.code, done.json["conforms"]) == (0, True), done.out
    reasons = {each["seen"] for each in done.json["checks"] if each["verdict"] == "not tested"}
    assert "the broker is not ours: run it without --broker" in reasons


@pytest.mark.slow
async def test_a_bad_network_is_seen(here: Terminal, mosquitto: BrokerProcess) -> None:
    """Half of the heartbeats are damaged: the test must not call that conforming."""
    (here.folder / "password").write_text(PASSWORD, encoding="utf-8")
    rule = {"kinds": ["heartbeat"], "direction": "to_broker", "corrupt": 0.5}
    (here.folder / "bad.json").write_text(json.dumps({"rules": [rule]}), encoding="utf-8")
    options = ("--site", SITE, "--broker", f"{mosquitto.host}:{mosquitto.port}", "--password-file", "password")
    async with emulated(here, mosquitto.port, "--misbehave", "bad.json", heartbeat_s=0.1):
        done = await ended(await here.start("instrument", "test", "reactor-1", *options, *QUICK))
    assert (done.code, done.json["conforms"]) == (1, False)
    failed = {each["what"] for each in done.json["checks"] if each["verdict"] == "FAILED"}
    assert "every message that it sent could be read" in failed
    (line,) = (line for line in done.err.splitlines() if "every message that it sent could be read" in line)
    assert "could not be read: heartbeat of reactor-1" in line  # the reason, as soon as it is known


async def test_nobody_comes(here: Terminal) -> None:
    done = await here.run("instrument", "test", "reactor-1", "--come", "0.2")
    assert done.code == 1
    assert "no state of reactor-1 within 0.2 s" in done.err
    assert "password  " in done.err
    assert "site lab, name reactor-1 and the right password" in done.err


async def test_a_name_that_no_instrument_can_have(here: Terminal) -> None:
    for name in ("Reactor_1", "host"):
        done = await here.run("instrument", "test", name)
        assert (done.code, name in done.err, "hyphens" in done.err) == (2, True, True), done.err


async def test_no_password_file_stays_of_a_test_that_did_not_begin(here: Terminal, mosquitto: BrokerProcess) -> None:
    taken = ("--port", str(mosquitto.port), "--password-file", "password")
    done = await here.run("instrument", "test", "reactor-1", *taken)
    assert (done.code, (here.folder / "password").exists()) == (1, False), done.err


async def test_a_real_device_is_not_set_to_work_unasked(here: Terminal, mosquitto: BrokerProcess) -> None:
    (here.folder / "password").write_text(PASSWORD, encoding="utf-8")
    options = ("--site", SITE, "--broker", f"{mosquitto.host}:{mosquitto.port}", "--password-file", "password")
    device = BareDevice(mosquitto, here.folder / "journal.db", simulated=False)
    async with device.on():
        done = await here.run("instrument", "test", "reactor-1", "--capability", "heat", *options)
    assert (done.code, device.runs) == (1, [])
    assert "heat with temperature = 50 degC" in done.err
    assert "--yes" in done.err


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--broker", "nowhere"], 2, "HOST:PORT"),
        (["--site", "Lab 1"], 2, "--site 'Lab 1'"),
        (["--broker", "127.0.0.1:1"], 2, "--password-file"),
        (["--candidate", "nothing.json"], 1, "nothing.json"),
        (["--broker", "127.0.0.1:1", "--password-file", "nothing"], 1, "nothing"),
    ],
)
async def test_wrong_usage(here: Terminal, options: list[str], code: int, words: str) -> None:
    done = await here.run("instrument", "test", "reactor-1", *options)
    assert (done.code, words in done.err) == (code, True), done.err


@pytest.mark.parametrize(
    ("config", "options", "words"),
    [
        ("{}", [], "kind"),
        ('{"kind": "reactor", "name": "r", "site": "s", "port": 1, "journal": "j.db"}', [], "no password"),
        (
            '{"kind": "reactor", "name": "r", "site": "s", "port": 1, "journal": "j.db"}',
            ["--misbehave", "no.json"],
            "no.json",
        ),
    ],
)
async def test_an_emulator_says_what_is_wrong(here: Terminal, config: str, options: list[str], words: str) -> None:
    (here.folder / "e.json").write_text(config, encoding="utf-8")
    done = await here.run("emulate", "e.json", *options)
    assert (done.code, words in done.err, "Traceback" in done.err) == (1, True, False), done.err
