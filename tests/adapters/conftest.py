"""Both brokers, and parties of the protocol connected to them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.broker import BrokerProcess
from tests.adapters.helpers import Connect, Listener, make_broker, make_bus


@pytest.fixture(params=["mosquitto", "embedded"])
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[BrokerProcess]:
    async with make_broker(request.param, tmp_path / "broker") as running:
        yield running


@pytest.fixture
async def mosquitto(tmp_path: Path) -> AsyncIterator[BrokerProcess]:
    async with make_broker("mosquitto", tmp_path / "broker") as running:
        yield running


@pytest.fixture
async def connect(request: pytest.FixtureRequest) -> AsyncIterator[Connect]:
    """Connect a user to a broker and listen."""
    async with contextlib.AsyncExitStack() as stack:

        async def open_bus(broker: BrokerProcess, user: str, *filters: str, ack: bool = True) -> Listener:
            bus = make_bus(broker, user, *filters)
            await stack.enter_async_context(bus)
            listener = Listener(bus, ack)
            task = asyncio.create_task(listener.run())
            stack.callback(task.cancel)
            await bus.wait_connected(10)
            return listener

        yield open_bus
