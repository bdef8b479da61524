"""The daemon: starts, supervises and stops the parts of the loop."""

import asyncio
import contextlib
import json
import logging
import signal
import socket
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from adapters.broker import EmbeddedBroker, Login, hash_password, site_logins
from adapters.compute import Workers
from adapters.instruments.bus import BusDown
from adapters.instruments.host import Address, Host
from adapters.instruments.messages import Action, Command
from adapters.instruments.tls import tls_for
from adapters.systemd import notify, watchdog_s
from controller.access.actors import new_secret
from controller.access.limits import load_limits
from controller.access.site import Site
from controller.access.tokens import ensure_admin_token
from controller.api import close_app, create_app
from controller.console import House, mounted
from controller.effects.alert import Alerter
from controller.effects.analyse import Analyst, give_up_analysis
from controller.effects.propose import Proposer, give_up_iteration
from controller.effects.publish import Publisher
from controller.effects.runner import NotYet, Runner, mark_done
from controller.files import Files
from controller.health import Health
from controller.intake.intake import Intake
from controller.intake.liveness import Liveness
from controller.intake.states import after_connecting
from controller.schedule.alerts import Alerts
from controller.schedule.backup import HOUR, backup
from controller.schedule.postgresql import NotDumped
from controller.schedule.turns import Turns
from controller.serving import Services
from controller.store import LostLock, Store, StoreUnavailable
from controller.store.seam import reach
from controller.store.tables import Outbox
from controller.store.views import enrolled

log = logging.getLogger("tatara.daemon")

AGAIN_S = 0.5


class Daemon:
    """One site's daemon over one data directory."""

    def __init__(self, data: Path, site: Site) -> None:
        self.data = data
        self.site = site
        data.mkdir(parents=True, exist_ok=True)
        self.store = Store(site.database or f"sqlite:///{data / 'tatara.db'}", load_limits(data / "limits.yaml"))
        self.files = Files(data / "files")
        self.liveness = Liveness(self.store)
        self.broker: EmbeddedBroker | None = None
        self.host: Host | None = None
        self.health = Health(data, site, self.store, self.liveness)
        self.api_url: str | None = None
        self._instruments: dict[str, str] = {}  # name -> password hash; the e-stop must not depend on the database
        self._password = new_secret()
        self._connections = asyncio.Event()
        self._enrolling = asyncio.Lock()

    async def run(self, stop: asyncio.Event, ready: asyncio.Event | None = None) -> None:
        """Serve until `stop` is set. Raises `LockedElsewhere`, `WrongSchema` or `LostLock`."""
        await self.store.start()
        try:
            await ensure_admin_token(self.store, self.data / "admin-token")
            async with self._broker() as address:
                await self._serve(address, stop, ready)
        finally:
            notify("STOPPING=1")
            await self.store.stop()

    async def _serve(self, address: Address, stop: asyncio.Event, ready: asyncio.Event | None) -> None:
        workers = Workers(self.site.workers)
        scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        host = self.host = self.health.host = Host(
            address,
            self.site.name,
            self.site.daemon,
            self.store.lock.epoch,
            on_connect=self._connected,
            seam=reach,
        )
        publisher = Publisher(self.store, host)
        effects = {
            "propose": Proposer(self.store, workers, self.files).propose,
            "request": publisher.request,
            "command": publisher.command,
            "analysis": Analyst(self.store, workers, self.files).analyse,
            "enrolment": self._admit,
            "alert": Alerter(self.store, self.site.alerts, self.site.name).alert,
        }
        endings = {"propose": give_up_iteration, "analysis": give_up_analysis}
        liveness = self.liveness
        turns = Turns(self.store, scheduler, self.health.disk_is_full)
        scheduler.add_job(self._back_up, "cron", hour=HOUR, id="backup")
        scheduler.start()
        try:
            async with host:
                await self._supervise(
                    stop,
                    ready,
                    Intake(self.store, host, liveness).run(),
                    liveness.run(),
                    turns.run(),
                    Runner(self.store, effects, endings).run(),
                    self._greet(),
                    self.health.watch_database(),
                    self._feed_watchdog(),
                    self.health.lag.run(),
                    *([Alerts(self.store, self.site.alerts).run()] if self.site.alerts.receivers else []),
                    self.store.writing(),
                    self._serve_api(workers),
                )
        finally:
            scheduler.shutdown(wait=False)
            await workers.stop()

    async def _supervise(self, stop: asyncio.Event, ready: asyncio.Event | None, *parts: Any) -> None:
        """Run all parts until `stop`; the first that fails ends the daemon, and its error is raised."""
        tasks = [asyncio.ensure_future(part) for part in parts]
        stopping = asyncio.create_task(stop.wait())
        if ready is not None:
            ready.set()
        try:
            done, _ = await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in [*tasks, stopping]:
                task.cancel()
            await asyncio.gather(*tasks, stopping, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def _broker(self) -> AsyncIterator[Address]:
        """The address of the broker: the site's own, or an embedded one that is started here."""
        self._instruments = await self.store.read(_password_hashes)
        section = self.site.broker
        if section is not None:
            password = section.password_file.read_text(encoding="utf-8").strip()
            tls = tls_for(section.host, section.ca_file)
            yield Address(section.host, section.port, section.username, password, tls)
            return
        self.broker = EmbeddedBroker(self.data / "broker", self._logins(), self._last_port())
        async with self.broker:
            _write_json(self.data / "broker.json", {"host": self.broker.host, "port": self.broker.port})
            log.info("embedded broker on %s:%d", self.broker.host, self.broker.port)
            yield Address(self.broker.host, self.broker.port, self.site.daemon, self._password)

    def _last_port(self) -> int:
        """The port of the last time, so that instruments find the embedded broker again."""
        try:
            port = json.loads((self.data / "broker.json").read_text(encoding="utf-8"))["port"]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return 0
        return port if isinstance(port, int) and 0 < port < 65536 else 0

    def _api_port(self) -> int:
        """The site's, or that of the last time if it is free: instruments that upload keep its address."""
        try:
            url = json.loads((self.data / "api.json").read_text(encoding="utf-8"))["url"]
            port = self.site.api.port or urlsplit(url).port or 0
            with socket.create_server((self.site.api.host, port)):
                return port
        except (OSError, ValueError, KeyError, TypeError):
            return self.site.api.port

    def _logins(self) -> dict[str, Login]:
        daemon_hash = hash_password(self._password)
        return site_logins(self.site.name, self.site.daemon, daemon_hash, self._instruments)

    async def _admit(self, row: Outbox) -> None:
        """Outbox kind `enrolment`: let newly enrolled instruments in, and those that were removed no more."""
        async with self._enrolling:  # an older look at the rows must not overtake a newer one
            self._instruments = await self.store.read(_password_hashes)
            if self.broker is not None:
                try:
                    self.broker.reload(self._logins())
                except OSError as error:
                    log.error("the embedded broker cannot be told of an instrument: %s", error)
                    raise NotYet from error
        await self.store.write(lambda unit: mark_done(unit, row), name="admitted")

    async def _connected(self) -> None:
        self.health.connected_at = self.store.clock()
        self._connections.set()  # the connection must not wait for the database

    async def _greet(self) -> None:
        """After each connect, want everybody asked what is open and told what is wanted."""
        while True:
            await self._connections.wait()
            self._connections.clear()
            try:
                await self.store.write(after_connecting, name="connected")
            except StoreUnavailable as error:
                log.error("asking the instruments waits: %s", error)
                await asyncio.sleep(AGAIN_S)
                self._connections.set()

    async def _serve_api(self, workers: Workers) -> None:
        services = Services(
            store=self.store,
            files=self.files,
            workers=workers,
            site=self.site.name,
            publish_estop=self.publish_estop,
            health=self.health.told,
            missing=self.health.missing,
            diagnose=self.health.diagnose,
            heard=self.liveness.ages,
            machine=self.health.machine,
            alerts=self.site.alerts,
            daemon=self.site.daemon,
            broker=f"{host.address.host}:{host.address.port}" if (host := self.host) else "",
            external_broker=self.site.broker is not None,
            metrics_without_token=self.site.api.metrics_without_token,
        )
        app = create_app(services)
        async with mounted(app, House(services, app.state.bell, app.state.recorder)):
            await self._listen(app)

    async def _listen(self, app: FastAPI) -> None:
        config = uvicorn.Config(
            app,
            host=self.site.api.host,
            port=self._api_port(),
            log_level="warning",
            log_config=None,  # its lines go the way of all others
            lifespan="off",
            timeout_graceful_shutdown=2,
        )
        server = _Server(config)
        serving = asyncio.ensure_future(server.serve())
        try:
            port = await server.listening()
            self.api_url = f"http://{self.site.api.host}:{port}"
            _write_json(self.data / "api.json", {"url": self.api_url})
            notify("READY=1")
            log.info("site %s: console and API at %s, data in %s", self.site.name, self.api_url, self.data.resolve())
            await serving
        finally:
            close_app(app)
            server.should_exit = True
            await asyncio.gather(serving, return_exceptions=True)

    async def publish_estop(self, estop_id: str, instrument: str | None, why: str) -> None:
        """Tell the instruments to stop, before anything is recorded. Raises `BusDown`."""
        command = Command(action=Action.ESTOP, id=estop_id, reason=why, at=datetime.now(UTC))
        names = [instrument] if instrument else list(self._instruments)
        if self.host is None:
            raise BusDown("the daemon has no connection to the broker yet")
        await asyncio.gather(*(self.host.command(name, command) for name in names))

    async def _feed_watchdog(self) -> None:
        """Tell systemd that things move: the event loop, and the writer, which answers also when it cannot commit."""
        within = watchdog_s()
        while within is not None:
            with contextlib.suppress(StoreUnavailable):
                await self.store.write(lambda unit: None, name="watchdog")
            notify("WATCHDOG=1")
            await asyncio.sleep(within / 3)
        await asyncio.Event().wait()  # nobody watches

    async def _back_up(self) -> None:
        """The nightly copy; a failure is told and costs nothing else."""
        try:
            await asyncio.to_thread(backup, self.store.url, self.data / "backups", datetime.now(UTC))
        except (NotDumped, OSError, SQLAlchemyError, sqlite3.Error) as error:
            log.error("the nightly backup failed: %s", error)


class _Server(uvicorn.Server):
    """Uvicorn that leaves the signals to the daemon and tells its port."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield

    async def listening(self) -> int:
        """The port, once it listens."""
        while not self.started:
            await asyncio.sleep(0.01)
        return int(self.servers[0].sockets[0].getsockname()[1])


def _password_hashes(session: Session) -> dict[str, str]:
    return {row.name: row.password_hash for row in enrolled(session)}


def _write_json(path: Path, content: dict[str, Any]) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(content), encoding="utf-8")
    fresh.replace(path)


def serve(data: Path, site: Site) -> None:
    """Run a daemon until SIGTERM or SIGINT."""
    asyncio.run(_serve_until_signal(Daemon(data, site)))


async def _serve_until_signal(daemon: Daemon) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await daemon.run(stop)


__all__ = ["Daemon", "LostLock", "serve"]
