"""A whole site on this machine: broker, daemon and emulated instruments, each a process that tests may kill."""

import asyncio
import contextlib
import json
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self, TypeVar

from sqlalchemy import select
from sqlmodel import Session

from adapters.broker import (
    BrokerProcess,
    EmbeddedBroker,
    Login,
    daemon_rules,
    hash_password,
    instrument_rules,
    make_password,
)
from adapters.broker.testing import MOSQUITTO, MosquittoBroker
from adapters.instruments.emulators.config import EmulatorConfig
from adapters.instruments.proxy import Proxy
from controller.access.actors import Actor, Role
from controller.commands import instruments
from controller.store import Store, Unit
from controller.store.database import open_engine
from controller.store.tables import Campaign
from tests.laboratory.operator import Operator
from tests.laboratory.processes import Kept
from tests.laboratory.tap import Tap

T = TypeVar("T")

SITE = "lab"
LOOK_S = 0.05
ADMIN = Actor("admin", Role.ADMIN)


@dataclass(frozen=True)
class Device:
    """An emulated instrument to set up: `kind` is reactor or analyser."""

    name: str
    kind: str
    noise: float = 0.0


CRASH_DEVICES = (Device("reactor-1", "reactor"), Device("analyser-1", "analyser", noise=0.02))


async def enrol(data: Path, names: Sequence[str]) -> dict[str, str]:
    """Enrol simulated instruments in the database of a daemon that does not run; returns their passwords."""
    data.mkdir(parents=True, exist_ok=True)
    store = Store(f"sqlite:///{data / 'tatara.db'}")
    await store.start()
    try:
        return await store.write(lambda unit: {name: _enrol(unit, name) for name in names}, name="enrol")
    finally:
        await store.stop()


def _enrol(unit: Unit, name: str) -> str:
    return instruments.enrol(unit, ADMIN, name, simulated=True)


class Laboratory:
    """`async with Laboratory(folder, devices, kill_at=...) as laboratory`: everything runs when it is entered.

    `wire` makes what stands between an instrument and the broker. `others` are enrolled and connect by themselves.
    `ask_s` is the operator's.

    `kill_at`: the value of TATARA_KILL_AT for the first, second ... start of the daemon; later starts have none.
    `before_start` is called for each instrument before it is started for the first time.
    """

    def __init__(
        self,
        folder: Path,
        devices: Sequence[Device] = CRASH_DEVICES,
        *,
        kill_at: Sequence[str] = (),
        points_log: Path | None = None,
        broker: str | None = None,
        others: Sequence[str] = (),
        duration_s: float = 0.01,
        heartbeat_s: float = 1.0,
        daemon_first: bool = False,
        wire: Callable[[str, BrokerProcess], "Tap | Proxy"] = lambda name, broker: Tap(broker.host, broker.port),
        ask_s: float = 0.0,
        before_start: Callable[["Laboratory", str], None] = lambda laboratory, instrument: None,
    ) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.devices = {device.name: device for device in devices}
        self.wires: dict[str, Tap | Proxy] = {}
        self.instruments: dict[str, Kept] = {}
        self.passwords: dict[str, str] = {}
        self.operator = Operator(self.data, ask_s)
        self._kill_at = list(kill_at)
        self._points_log = points_log
        self._broker_kind = broker or ("embedded" if MOSQUITTO is None else "mosquitto")
        self._others = list(others)
        self._duration_s = duration_s
        self._heartbeat_s = heartbeat_s
        self._daemon_first = daemon_first
        self._before_start = before_start
        self._wire = wire
        self._stack = contextlib.AsyncExitStack()
        self._restarting: set[asyncio.Task[None]] = set()

    # Setting up

    async def __aenter__(self) -> Self:
        try:
            await self._set_up()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _set_up(self) -> None:
        self.passwords = await enrol(self.data, [*self.devices, *self._others])
        self._engine = open_engine(f"sqlite:///{self.data / 'tatara.db'}", writing=False)
        self._stack.callback(self._engine.dispose)
        self.broker = self._make_broker()
        await self._stack.enter_async_context(self.broker)
        self._stack.push_async_callback(self._end_restarts)
        self.daemon = self._make_daemon()
        self._stack.push_async_callback(self.daemon.end)
        await self.daemon.start()
        if self._daemon_first:
            await self.while_running(self._serving(), 30)
        for device in self.devices.values():
            await self._set_up_instrument(device)

    async def _serving(self) -> None:
        while not (self.data / "api.json").exists():
            await asyncio.sleep(LOOK_S)

    def _make_broker(self) -> BrokerProcess:
        password = make_password()
        password_file = self.folder / "daemon-password"
        password_file.write_text(password, encoding="utf-8")
        logins = {"daemon": Login(hash_password(password, 101), tuple(daemon_rules(SITE)))}
        for name, secret in self.passwords.items():
            logins[name] = Login(hash_password(secret, 101), tuple(instrument_rules(SITE, name)))
        made = MosquittoBroker if self._broker_kind == "mosquitto" else EmbeddedBroker
        return made(self.folder / "broker", logins)

    def _make_daemon(self) -> Kept:
        site = self.folder / "site.yaml"
        site.write_text(
            f"name: {SITE}\n"
            f"broker: {{host: {self.broker.host}, port: {self.broker.port}, username: daemon, "
            f"password_file: {self.folder / 'daemon-password'}}}\n",
            encoding="utf-8",
        )
        command = [sys.executable, "-m", "controller.cli", "serve", "--data", str(self.data), "--site", str(site)]
        return Kept("daemon", command, self.folder / "daemon.log", self._daemon_environment)

    def _daemon_environment(self, start: int) -> Mapping[str, str]:
        kill_at = self._kill_at[start] if start < len(self._kill_at) else ""
        log = {"TATARA_POINTS_LOG": f"{self._points_log}.{start}"} if self._points_log else {}
        return {"TATARA_KILL_AT": kill_at, **log}

    async def _set_up_instrument(self, device: Device) -> None:
        wire = self._wire(device.name, self.broker)
        await self._stack.enter_async_context(wire)
        self.wires[device.name] = wire
        password_file = self.folder / f"{device.name}.password"
        password_file.write_text(self.passwords[device.name], encoding="utf-8")
        config = EmulatorConfig.model_validate(
            {
                "kind": device.kind,
                "name": device.name,
                "site": SITE,
                "port": wire.port,
                "password_file": password_file,
                "journal": self.journal(device.name),
                "seed": 1,
                "noise": device.noise,
                "duration_s": self._duration_s,
                "heartbeat_s": self._heartbeat_s,
                "resend_s": 0.3,
                "ack_timeout_s": 3.0,
                "run_log": self.run_log(device.name),
            }
        )
        path = self.folder / f"{device.name}.json"
        path.write_text(config.model_dump_json(), encoding="utf-8")
        command = [sys.executable, "-m", "adapters.instruments.emulators", str(path)]
        kept = self.instruments[device.name] = Kept(device.name, command, self.folder / f"{device.name}.log")
        self._stack.push_async_callback(kept.end)
        self._before_start(self, device.name)
        await kept.start()

    def tap(self, instrument: str) -> Tap:
        """The tap on an instrument's wire."""
        wire = self.wires[instrument]
        assert isinstance(wire, Tap)
        return wire

    # Files

    def journal(self, name: str) -> Path:
        """An instrument's journal."""
        return self.folder / f"{name}.db"

    def run_log(self, name: str) -> Path:
        """What an instrument ran, synced before each run."""
        return self.folder / f"{name}.runs"

    def delete_journal(self, name: str) -> None:
        """Let an instrument that is down forget everything."""
        for path in self.folder.glob(f"{name}.db*"):
            path.unlink()

    def runs(self) -> list[str]:
        """Attempt ids in all run logs."""
        logs = [self.run_log(name) for name in self.devices]
        return [line for log in logs if log.exists() for line in log.read_text(encoding="utf-8").split()]

    # Doing and waiting

    def restart_broker(self) -> None:
        """SIGKILL to the broker, and a new one on the same port; sessions and retained messages are gone."""
        task = asyncio.create_task(self._restart_broker())
        self._restarting.add(task)
        task.add_done_callback(self._restarting.discard)

    async def _restart_broker(self) -> None:
        await self.broker.kill()
        await self.broker.start()

    async def _end_restarts(self) -> None:
        await asyncio.gather(*self._restarting)

    async def submit(self, text: str) -> None:
        """Start a campaign through the command line."""
        path = self.folder / "campaign.yaml"
        path.write_text(text, encoding="utf-8")
        await self.while_running(self.operator.submit(path), 60)

    def read(self, look: Callable[[Session], T]) -> T:
        """Look at the database."""
        with Session(self._engine) as session:
            return look(session)

    async def wait_for(self, condition: Callable[[Session], bool], limit_s: float) -> None:
        """Wait until a look at the database says yes; raises `TimeoutError`, or what ended a process."""

        async def looking() -> None:
            while not self.read(condition):
                await asyncio.sleep(LOOK_S)

        await self.while_running(looking(), limit_s)

    async def while_running(self, doing: Awaitable[None], limit_s: float) -> None:
        """Wait for something as long as no process has ended of itself."""
        task = asyncio.ensure_future(doing)
        faults = [self.daemon.fault, *(kept.fault for kept in self.instruments.values())]
        try:
            await asyncio.wait([task, *faults], timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
            for fault in faults:
                if fault.done():
                    fault.result()
            if not task.done():
                raise TimeoutError(f"not within {limit_s:g} s; {self._state()}")
            task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def completed(self, limit_s: float) -> None:
        """Let the operator answer what is in doubt until the campaign has ended."""
        working = asyncio.create_task(self.operator.work(self.read))
        try:
            await self.wait_for(_ended, limit_s)
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    def _state(self) -> str:
        """For the message of a test that waited in vain."""
        from controller.report.lists import campaigns, doubts
        from tests.laboratory.checks import unfinished

        log = (self.folder / "daemon.log").read_text(encoding="utf-8", errors="replace")[-2000:]
        found = {
            "campaigns": self.read(lambda s: [(row["state"], row["reason"]) for row in campaigns(s)]),
            "open": self.read(unfinished),
            "doubts": self.read(lambda s: len(doubts(s, datetime.now(UTC)))),
            "starts": {kept.name: kept.starts for kept in (self.daemon, *self.instruments.values())},
            "operator": self.operator.said[-3:],
        }
        return f"{json.dumps(found, indent=1, default=str)}\n{log}"

    async def end(self) -> None:
        """Kill daemon and instruments; what they left can be examined then."""
        await asyncio.gather(self.daemon.end(), *(kept.end() for kept in self.instruments.values()))


def _ended(session: Session) -> bool:
    return any(row.ended_at is not None for row in session.scalars(select(Campaign)))
