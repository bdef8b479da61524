"""How the daemon is: whether it can work, and what a watchdog, the console and `tatara doctor` are told of it."""

import asyncio
import contextlib
import logging
import shutil
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from adapters.instruments.bus import BusDown
from adapters.instruments.host import Host
from controller.access.site import Site
from controller.intake.liveness import Liveness
from controller.schedule.backup import latest_backup
from controller.schedule.lag import Lag
from controller.store import Store, StoreUnavailable
from controller.store.tables import Epoch

log = logging.getLogger("tatara.daemon")

FREE_DISK = 0.05
LOCK_CHECK_S = 1.0
READ_WITHIN_S = 10.0


class Health:
    """Of one daemon; `host` is its connection to the broker, once there is one."""

    def __init__(self, data: Path, site: Site, store: Store, liveness: Liveness) -> None:
        self._data, self._site, self._store, self._liveness = data, site, store, liveness
        self.host: Host | None = None
        self.lag = Lag()
        self.connected_at: datetime | None = None
        self._database_away = False

    def told(self) -> dict[str, Any]:
        """What a watchdog wants to know."""
        connected, full = self.host is not None and self.host.connected, self.disk_is_full()
        return {
            "ok": connected and not full and not self._database_away,
            "site": self._site.name,
            "epoch": self._store.lock.epoch,
            "broker": "connected" if connected else "disconnected",
            "broker_error": self.host.last_error if self.host else None,
            "database": "unreachable" if self._database_away else "ok",
            "disk": "full" if full else "ok",
        }

    def missing(self) -> list[str]:
        """What keeps it from working: nothing when it is ready."""
        found = {
            "broker": self.host is not None and self.host.connected,
            "database": self._store.lost is None and not self._database_away,
            "disk": not self.disk_is_full(),
        }
        return [name for name, there in found.items() if not there]

    async def diagnose(self) -> dict[str, Any]:
        """What `tatara doctor` cannot find out from outside; `rights` is null without a connection."""
        rights = None
        if self.host is not None and self.host.connected:
            with contextlib.suppress(BusDown):
                rights = [asdict(right) for right in await self.host.rights()]
        return {"rights": rights, "clocks": dict(self._liveness.clocks), "version": version("tatara")}

    def machine(self) -> dict[str, Any]:
        """What who looks after the daemon wants to know of its process and its machine."""
        usage = shutil.disk_usage(self._data)
        connected = self.host is not None and self.host.connected
        return {
            "lag_s": self.lag.largest_s,
            "disk_free": usage.free,
            "disk_total": usage.total,
            "connected_since": self.connected_at.isoformat() if connected and self.connected_at else None,
            "tls": self.host is not None and self.host.address.tls is not None,
            "backup": latest_backup(self._data / "backups"),
        }

    async def watch_database(self) -> None:
        """Know whether it can be read, and stop when the lock is lost: two daemons must never act on one database."""
        while True:
            await asyncio.sleep(LOCK_CHECK_S)
            if self._store.lost is not None:
                raise self._store.lost
            try:
                await asyncio.wait_for(self._store.read(lambda session: session.get(Epoch, 1)), READ_WITHIN_S)
                self._database_away = False
            except (StoreUnavailable, SQLAlchemyError, TimeoutError) as error:
                if not self._database_away:
                    log.error("the database cannot be read: %s", str(error) or "no answer")
                self._database_away = True

    def disk_is_full(self) -> bool:
        """Whether nothing new may begin for want of room."""
        usage = shutil.disk_usage(self._data)
        return usage.free < FREE_DISK * usage.total
