"""A whole laboratory: a broker, emulated instruments and a watcher as processes, and the daemon in this one."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlmodel import Session

from adapters.broker import BrokerProcess, EmbeddedBroker, Login, daemon_rules, hash_password, instrument_rules
from adapters.broker.testing import MosquittoBroker
from controller.access.site import BrokerSection, Site
from controller.daemon import Daemon
from controller.store.tables import Instrument
from tests.benchmarks import rows

SITE = "lab"
WATCHER = "watcher"
PASSWORD = "only-for-benchmarks"
PATIENCE_S = 30.0
BROKERS: dict[str, type[BrokerProcess]] = {"embedded": EmbeddedBroker, "mosquitto": MosquittoBroker}


@dataclass
class Laboratory:
    """What runs."""

    daemon: Daemon
    broker: BrokerProcess
    directory: Path
    processes: list[asyncio.subprocess.Process] = field(default_factory=list)


@contextlib.asynccontextmanager
async def laboratory(
    directory: Path, broker: str, instruments: Mapping[str, str], *, workers: int = 1, heartbeat_s: float = 1.0
) -> AsyncIterator[Laboratory]:
    """Run a daemon with instruments (name -> kind of emulator) until the block ends."""
    (directory / "password").write_text(PASSWORD, encoding="utf-8")
    logins = _logins()
    async with BROKERS[broker](directory / "broker", logins) as running:
        section = BrokerSection(host=running.host, port=running.port, password_file=directory / "password")
        daemon = Daemon(directory / "data", Site(broker=section, workers=workers))
        here = Laboratory(daemon, running, directory)
        async with serving(daemon):
            try:
                passwords = await rows.enrol(daemon.store, *instruments)
                running.reload(logins | {name: _login(name, password) for name, password in passwords.items()})
                await _start(here, instruments, passwords, heartbeat_s)
                yield here
            finally:
                await _end(here.processes)


@contextlib.asynccontextmanager
async def serving(daemon: Daemon) -> AsyncIterator[None]:
    """Run a daemon from when it is ready until the block ends."""
    stop, ready = asyncio.Event(), asyncio.Event()
    run = asyncio.create_task(daemon.run(stop, ready))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait([run, waiting], return_when=asyncio.FIRST_COMPLETED)
    if run.done():
        run.result()
    try:
        yield
    finally:
        stop.set()
        await run


def _logins() -> dict[str, Login]:
    password_hash = hash_password(PASSWORD)
    return {
        "daemon": Login(password_hash, tuple(daemon_rules(SITE))),
        WATCHER: Login(password_hash, (("read", "#"),)),
    }


def _login(name: str, password: str) -> Login:
    return Login(hash_password(password), tuple(instrument_rules(SITE, name)))


async def _start(
    here: Laboratory, instruments: Mapping[str, str], passwords: Mapping[str, str], heartbeat_s: float
) -> None:
    for name, kind in instruments.items():
        secret = here.directory / f"{name}.password"
        secret.write_text(passwords[name], encoding="utf-8")
        config = {
            "kind": kind,
            "name": name,
            "site": SITE,
            "host": here.broker.host,
            "port": here.broker.port,
            "password_file": str(secret),
            "journal": str(here.directory / f"{name}.db"),
            "duration_s": 0.02,
            "heartbeat_s": heartbeat_s,
            "stop_with_parent": True,
        }
        file = here.directory / f"{name}.json"
        file.write_text(json.dumps(config), encoding="utf-8")
        command = [sys.executable, "-m", "adapters.instruments.emulators", str(file)]
        lifeline = asyncio.subprocess.PIPE  # it ends when this process does
        here.processes.append(await asyncio.create_subprocess_exec(*command, stdin=lifeline))
    async with asyncio.timeout(PATIENCE_S):
        while not await here.daemon.store.read(lambda session: _all_there(session, list(instruments))):
            await asyncio.sleep(0.05)


def _all_there(session: Session, names: list[str]) -> bool:
    found = [session.get_one(Instrument, name) for name in names]
    return all(each.state == "online" and each.description_digest for each in found)


async def _end(processes: list[asyncio.subprocess.Process]) -> None:
    for process in processes:
        if process.returncode is None:
            process.terminate()
    await asyncio.gather(*(process.wait() for process in processes))
