"""The host's side of protocol v1: one connection that takes what instruments say and sends what they are told."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from adapters.instruments import topics
from adapters.instruments.bus import Bus, BusDown, Delivery, Will
from adapters.instruments.messages import Command, HostMode, HostState, Message, Receipt, encode
from adapters.instruments.rights import Right, Rights


@dataclass(frozen=True)
class Address:
    """Where the broker is and who we are there."""

    host: str
    port: int
    username: str
    password: str
    tls: ssl.SSLContext | None = None


class Host:
    """The daemon's connection. `seam` is told of every publication, before and after it, by the kind of message."""

    def __init__(
        self,
        address: Address,
        site: str,
        daemon: str,
        epoch: int,
        *,
        on_connect: Callable[[], Awaitable[None]],
        seam: Callable[[str], None],
    ) -> None:
        self.address = address
        self.site = site
        self.daemon = daemon
        self._epoch = epoch
        self._greet = on_connect
        self._seam = seam
        self._rights = Rights(site, daemon)
        self._bus = Bus(
            address.host,
            address.port,
            address.username,  # mosquitto binds the client id to the user, so that nobody can take over another session
            address.username,
            address.password,
            tls=address.tls,
            will=lambda: Will(self._topic, self._state(HostMode.OFFLINE), retain=True),
            subscriptions=[
                (topics.host_state(site, daemon), 1),
                (f"{topics.ROOT}/{site}/+/state", 1),
                (f"{topics.ROOT}/{site}/+/description", 1),
                (f"{topics.ROOT}/{site}/+/heartbeat", 0),
                (f"{topics.ROOT}/{site}/+/attempt/+/status", 1),
                (f"{topics.ROOT}/{site}/+/attempt/+/result", 1),
                *self._rights.filters,
            ],
            on_connect=self._connected,
        )
        self._topic = topics.host_state(site, daemon)

    @property
    def connected(self) -> bool:
        """Whether the connection stands."""
        return self._bus.connected

    @property
    def last_error(self) -> str | None:
        """Why it does not."""
        return self._bus.last_error

    async def wait_connected(self, timeout: float | None = None) -> None:
        """Return once connected; raises `TimeoutError`."""
        await self._bus.wait_connected(timeout)

    async def messages(self) -> AsyncIterator[Delivery]:
        """What instruments say; each must be acknowledged once it is safe."""
        async for delivery in self._bus.messages():
            if delivery.topic == self._topic:
                await self._contradict(delivery)
            elif self._rights.take(delivery.topic, delivery.payload):
                delivery.ack()
            else:
                yield delivery

    async def _contradict(self, delivery: Delivery) -> None:
        """The will of an earlier connection may come late: while we are here, nobody may believe it."""
        delivery.ack()
        if HostMode.OFFLINE.value.encode() in delivery.payload:
            with contextlib.suppress(BusDown):
                await self._bus.publish(self._topic, self._state(HostMode.ONLINE), qos=1, retain=True)

    async def rights(self) -> list[Right]:
        """Try what the broker lets us do; raises `BusDown`."""
        return await self._rights.run(lambda topic, payload: self._bus.publish(topic, payload, qos=1))

    async def request(self, instrument: str, attempt_id: str, fields: dict[str, Any]) -> None:
        """Publish a request as it was committed; raises `BusDown`."""
        from adapters.instruments.messages import Request

        topic = topics.attempt(self.site, instrument, attempt_id, "request")
        await self._publish("request", topic, Request.model_validate(fields))

    async def receipt(self, instrument: str, receipt: Receipt) -> None:
        """Publish the answer to a result; raises `BusDown`."""
        await self._publish("receipt", topics.attempt(self.site, instrument, receipt.attempt_id, "receipt"), receipt)

    async def command(self, instrument: str, command: Command) -> None:
        """Publish a command; raises `BusDown`."""
        await self._publish(f"command-{command.action}", topics.own(self.site, instrument, "command"), command)

    async def _publish(self, kind: str, topic: str, message: Message) -> None:
        self._seam(f"publish:{kind}:before")
        await self._bus.publish(topic, encode(message), qos=1)
        self._seam(f"publish:{kind}:after")

    async def _connected(self, session_present: bool) -> None:
        await self._bus.publish(self._topic, self._state(HostMode.ONLINE), qos=1, retain=True)
        await self._greet()

    def _state(self, mode: HostMode) -> bytes:
        return encode(HostState(state=mode, epoch=self._epoch, at=datetime.now(UTC)))

    async def __aenter__(self) -> Self:
        await self._bus.__aenter__()
        return self

    async def __aexit__(self, *exit_info: object) -> None:
        if self._bus.connected:
            with contextlib.suppress(BusDown):  # then the last will says it
                await self._bus.publish(self._topic, self._state(HostMode.OFFLINE), qos=1, retain=True)
        await self._bus.__aexit__(*exit_info)


async def rights_of(address: Address, site: str, daemon: str, patience_s: float) -> list[Right]:
    """Try what the broker lets a daemon do that does not run. What waits for it in its session goes on waiting there.

    Raises `TimeoutError` if the broker does not let it in, or `BusDown`.
    """
    rights = Rights(site, daemon)
    user = address.username
    bus = Bus(address.host, address.port, user, user, address.password, tls=address.tls, subscriptions=rights.filters)

    async def listen() -> None:
        async for delivery in bus.messages():
            if rights.take(delivery.topic, delivery.payload):
                delivery.ack()

    async with bus:
        await bus.wait_connected(patience_s)
        listening = asyncio.create_task(listen())
        try:
            return await rights.run(lambda topic, payload: bus.publish(topic, payload, qos=1))
        finally:
            listening.cancel()
