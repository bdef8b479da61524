"""The instrument of the client library, with handles for the tests."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from adapters.broker import BrokerProcess
from adapters.instruments import (
    Backoff,
    Capability,
    Description,
    Finished,
    Instrument,
    Measurement,
    ParameterLimits,
    Work,
)
from tests.adapters.helpers import PASSWORD


class Device:
    """An instrument whose handler does what the test tells it, and counts its runs."""

    def __init__(self, broker: BrokerProcess, journal: Path, **description: Any) -> None:
        self.runs: list[str] = []
        self.let_go = asyncio.Event()
        self.let_go.set()
        self.failure: Exception | None = None
        self.finished = Finished([Measurement(channel="out", property="y", value=1.5, unit="g")])
        self.stop = asyncio.Event()
        capability = Capability(parameters={"temperature": ParameterLimits(unit="degC", low=0, high=100)})
        self.instrument = Instrument(
            "reactor-1",
            site="lab",
            description=Description(
                model="test",
                software="1",
                heartbeat_s=0.1,
                capabilities={"react": Capability(), "heat": capability},
                **description,
            ),
            journal=journal,
            host=broker.host,
            port=broker.port,
            password=PASSWORD,
            resend=Backoff(0.1, 0.2),
            reconnect=Backoff(0.05, 0.1),
        )
        self.instrument.capability("react")(self.work)
        self.instrument.capability("heat")(self.work)

    async def work(self, work: Work) -> Finished:
        self.runs.append(work.attempt_id)
        await self.let_go.wait()
        await work.checkpoint()
        if self.failure is not None:
            raise self.failure
        return self.finished

    @contextlib.asynccontextmanager
    async def on(self) -> AsyncIterator["Device"]:
        task = asyncio.create_task(self.instrument.serve(self.stop))
        try:
            yield self
        finally:
            self.stop.set()
            await asyncio.wait_for(task, 10)
