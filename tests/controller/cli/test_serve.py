"""The daemon as a service: what it logs, and what it tells systemd and those who watch it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import httpx
import pytest

from tests.controller.cli.terminal import Terminal

PATIENCE = 30


@pytest.fixture
async def heard(tmp_path: Path) -> AsyncIterator[asyncio.Queue[str]]:
    """What arrives at a socket like systemd's."""
    said: asyncio.Queue[str] = asyncio.Queue()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.setblocking(False)
        asyncio.get_running_loop().add_reader(listener, lambda: said.put_nowait(listener.recv(100).decode()))
        yield said
        asyncio.get_running_loop().remove_reader(listener)


async def _answers(url: str) -> None:
    """Wait until it answers 200: the connection to the broker may come after the API."""
    async with asyncio.timeout(PATIENCE), httpx.AsyncClient(trust_env=False) as client:
        while (await client.get(url)).status_code != 200:
            await asyncio.sleep(0.05)


async def test_systemd_hears_that_it_is_ready_lives_and_stops_and_the_log_is_json(
    heard: asyncio.Queue[str], tmp_path: Path
) -> None:
    environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "300000"}
    process = await Terminal(tmp_path, environment).start("serve")
    try:
        async with asyncio.timeout(PATIENCE):
            told = {await heard.get()}
            while not {"READY=1", "WATCHDOG=1"} <= told:
                told.add(await heard.get())
        url = json.loads((tmp_path / "tatara-data" / "api.json").read_text())["url"]
        await _answers(f"{url}/health")
        await _answers(f"{url}/ready")
        for _ in range(3):  # it goes on
            assert await asyncio.wait_for(heard.get(), PATIENCE) == "WATCHDOG=1"
    finally:
        process.terminate()
        _, err = await process.communicate()
    assert process.returncode == 0
    while (last := heard.get_nowait()) != "STOPPING=1":
        assert last == "WATCHDOG=1"
    lines = [json.loads(line) for line in err.decode().splitlines()]
    assert {line["logger"] for line in lines} >= {"tatara.daemon"}
    assert {"event", "level", "logger", "at"} <= set(lines[0])
    assert any(url in line["event"] for line in lines)


async def test_a_removed_instruments_login_is_refused(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, {})
    data = tmp_path / "tatara-data"
    process = await terminal.start("serve")
    try:
        async with asyncio.timeout(PATIENCE):
            while not (data / "api.json").exists():
                await asyncio.sleep(0.05)
        await terminal.run("instrument", "add", "oven", "--password-file", "oven.password")
        await _until_let_in(data, tmp_path / "oven.password", wanted=True)
        assert (await terminal.run("instrument", "remove", "oven", "--why", "sold")).code == 0
        await _until_let_in(data, tmp_path / "oven.password", wanted=False)
        await terminal.run("instrument", "add", "oven", "--password-file", "new.password")
        await _until_let_in(data, tmp_path / "new.password", wanted=True)
        await _until_let_in(data, tmp_path / "oven.password", wanted=False)
    finally:
        process.terminate()
        await process.communicate()


async def _until_let_in(data: Path, password: Path, *, wanted: bool) -> None:
    """Wait until the broker does with this password what is wanted: it is told after the commit."""
    broker = json.loads((data / "broker.json").read_text())
    login = {"username": "oven", "password": password.read_text().strip(), "identifier": "oven"}
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                async with aiomqtt.Client(broker["host"], broker["port"], **login, timeout=5):
                    let_in = True
            except aiomqtt.MqttError:
                let_in = False
            if let_in == wanted:
                return
            await asyncio.sleep(0.1)


async def test_a_fault_is_one_line_of_json_with_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    import logging

    from controller.cli.logs import LogFormat, configure

    before, level = list(logging.root.handlers), logging.root.level
    try:
        configure(LogFormat.JSON)
        try:
            raise ValueError("a\nb")
        except ValueError:
            logging.getLogger("tatara.test").exception("it failed on %s", "x")
        [line] = capsys.readouterr().err.splitlines()
        told = json.loads(line)
        assert (told["event"], told["level"], told["logger"]) == ("it failed on x", "error", "tatara.test")
        assert "ValueError: a\nb" in told["exception"]
        configure(LogFormat.TEXT)
        logging.getLogger("tatara.test").info("for people")
        assert capsys.readouterr().err.endswith("INFO tatara.test: for people\n")
    finally:
        logging.basicConfig(handlers=before, level=level, force=True)
