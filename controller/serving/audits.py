"""The audit as it is asked for on a page: in a process of its own, one at a time, while the daemon goes on."""

import asyncio
from dataclasses import asdict
from typing import Any

from adapters.compute import TaskFailed, Workers
from controller.access.actors import Actor, Role
from controller.commands.errors import Conflict
from controller.serving.services import Services

TASK = "controller.serving.audits:run"
DEADLINE_S = 3600.0

Plain = dict[str, Any]


class Auditor:
    """Checks the whole record when asked to."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._busy = False

    async def verify(self, actor: Actor) -> Plain:
        """What `tatara audit` finds; raises `Conflict` while it is at work, or if it could not be done."""
        actor.require(Role.VIEWER)
        if self._busy:
            raise Conflict("the trail is being verified already; look again in a while")
        self._busy = True
        workers = Workers(1)  # those of the campaigns have other work
        try:
            return await workers.run(TASK, {"url": self._services.store.url}, DEADLINE_S)
        except TaskFailed as error:
            raise Conflict(f"the trail could not be verified: {error}") from error
        finally:
            self._busy = False
            await asyncio.shield(workers.stop())


def run(payload: Plain) -> Plain:
    """In the worker, the only one that opens the database (decision 017): one snapshot, read to its end."""
    from sqlalchemy import event
    from sqlmodel import Session

    from controller.report.audit import audit
    from controller.store.database import open_engine

    engine = open_engine(payload["url"], writing=False)
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    else:
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA query_only=ON"))
    try:
        with Session(engine) as session:
            report = audit(session)
    finally:
        engine.dispose()
    return {**asdict(report), "ok": report.ok}
