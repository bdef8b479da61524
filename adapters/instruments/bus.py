"""One MQTT 3.1.1 connection that survives the broker: the only place that touches aiomqtt and paho.

A message is acknowledged by whoever took it, after it is safe (`Delivery.ack`), never by the library: what was handed
out and not acknowledged when a process dies is delivered again. aiomqtt has no public way to do that, so its client is
subclassed here, and a test fails on the day that this stops working.
"""

import asyncio
import contextlib
import logging
import random
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Self

import aiomqtt

log = logging.getLogger("tatara.bus")

MAX_INFLIGHT = 200
MAX_QUEUED_QOS0 = 10_000  # beyond this, QoS 0 messages (heartbeats) are dropped; QoS 1 is bounded by the broker


# What the reason codes mostly mean. MQTT 3.1.1 says no more when it closes a connection than that it is closed.
_REASONS = {
    128: "it was closed at the other end; if that goes on, another program uses the name {user}",
    134: "the broker refused the name {user} or its password",
    135: "the broker let {user} not in: is the password right, and the site, to whose topics it has a right?",
}


class BusDown(ConnectionError):
    """There is no connection, or it ended before the broker acknowledged: the message may or may not have arrived."""


@dataclass(frozen=True)
class Will:
    """What the broker says for us when we vanish."""

    topic: str
    payload: bytes
    retain: bool = True


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message taken from the broker. `ack` may be called once it is safe; for an older connection it does nothing."""

    topic: str
    payload: bytes
    retain: bool
    qos: int
    mid: int
    connection: "_Connection"

    def ack(self) -> None:
        """Tell the broker that this message need not be sent again."""
        self.connection.acknowledge(self.mid, self.qos)


class _Connection(aiomqtt.Client):
    """One connection: its deliveries, its publishes waiting for PUBACK, and its end."""

    def __init__(self, take: Callable[[Delivery], None], **options: Any) -> None:
        super().__init__(**options)
        self.session_present = False
        self._take = take
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._client.manual_ack_set(True)
        self._ended = False

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        # Whoever waits for a PUBACK must hear of the end at once: what greets a new connection would wait for ever.
        self._disconnected.add_done_callback(lambda _: self._fail_waiting())
        return self

    @property
    def alive(self) -> bool:
        return not self._ended and self._connected.done() and not self._disconnected.done()

    def acknowledge(self, mid: int, qos: int) -> None:
        if qos and self.alive:
            self._client.ack(mid, qos)

    async def publish_and_wait(self, topic: str, payload: bytes, qos: int, retain: bool, timeout: float) -> None:
        if not self.alive:
            raise BusDown("not connected to the broker")
        info = self._client.publish(topic, payload, qos, retain)
        if info.rc != 0:
            raise BusDown(f"could not publish to {topic}: error {info.rc}")
        if qos == 0:
            return
        confirmed = self._waiting[info.mid] = self._loop.create_future()
        # One timer instead of asyncio.wait_for: at 1,000 publishes a second its task switches would count.
        timer = self._loop.call_later(timeout, self.drop, f"no PUBACK within {timeout:g} s")
        try:
            await confirmed
        finally:
            timer.cancel()
            self._waiting.pop(info.mid, None)

    def drop(self, reason: str) -> None:
        """End the connection from our side: MQTT lets a lost PUBLISH be sent again only on a new one."""
        if not self._disconnected.done():
            self._disconnected.set_exception(aiomqtt.MqttError(reason))

    async def ended(self) -> BaseException:
        """Wait for the end; returns why."""
        await asyncio.wait([self._disconnected])
        return self._disconnected.exception() or BusDown("disconnected")

    def discard(self) -> None:
        """Close the socket whatever state it is in and fail what still waits for PUBACK."""
        self._ended = True
        sock = self._client.socket()
        if sock is not None and sock.fileno() > -1:
            self._loop.remove_writer(sock.fileno())
            self._client._sock_close()
        self._fail_waiting()

    def _fail_waiting(self) -> None:
        for confirmed in self._waiting.values():
            if not confirmed.done():
                confirmed.set_exception(BusDown("the connection ended before the broker acknowledged"))

    def _on_connect(self, client: Any, userdata: Any, flags: Any, reason_code: Any, properties: Any = None) -> None:
        self.session_present = bool(flags.session_present)
        super()._on_connect(client, userdata, flags, reason_code, properties)

    def _on_message(self, client: Any, userdata: Any, message: Any) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = message._topic.decode("utf-8", "backslashreplace")
        self._take(Delivery(topic, message.payload, bool(message.retain), message.qos, message.mid, self))

    def _on_publish(self, client: Any, userdata: Any, mid: int, reason_code: Any, properties: Any) -> None:
        confirmed = self._waiting.get(mid)
        if confirmed is not None and not confirmed.done():
            confirmed.set_result(None)


@dataclass(frozen=True)
class Backoff:
    """Seconds between attempts: doubling from `first` to `largest`, each drawn between half and the whole."""

    first: float = 0.2
    largest: float = 10.0

    def delay(self, tries: int) -> float:
        """Seconds to wait after the given number of tries in vain (from 1)."""
        longest: float = min(self.largest, self.first * 2.0 ** min(tries - 1, 30))
        return longest * random.uniform(0.5, 1.0)


async def _nothing(session_present: bool) -> None:
    return None


async def _all_or_none(*parts: Coroutine[Any, Any, None]) -> None:
    """Run the parts together, started in order; the first fault cancels the others and is raised."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


class Bus:
    """A connection to the broker that is made again whenever it breaks.

    `async with bus` runs it; `messages` yields what arrives; `publish` waits for the broker's PUBACK. At every
    connection `on_connect(session_present)` runs before what arrived on it is handed out, and `will` is made anew.
    """

    def __init__(
        self,
        host: str,
        port: int,
        client_id: str,
        username: str | None = None,
        password: str | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        will: Callable[[], Will] | None = None,
        subscriptions: Sequence[tuple[str, int]] = (),
        on_connect: Callable[[bool], Awaitable[None]] = _nothing,
        keepalive_s: int = 15,
        ack_timeout_s: float = 10.0,
        backoff: Backoff = Backoff(),
    ) -> None:
        self._options = {
            "hostname": host,
            "port": port,
            "identifier": client_id,
            "username": username,
            "password": password,
            "tls_context": tls,
            "keepalive": keepalive_s,
            "clean_session": False,
            "protocol": aiomqtt.ProtocolVersion.V311,
            "max_inflight_messages": MAX_INFLIGHT,
            "timeout": ack_timeout_s,
            # Otherwise a request that follows a PUBACK waits 40 ms for the broker's delayed TCP acknowledgement.
            "socket_options": [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        }
        self._will = will
        self._subscriptions = list(subscriptions)
        self._on_connect = on_connect
        self._ack_timeout = ack_timeout_s
        self._backoff = backoff
        self._connection: _Connection | None = None
        self._held: deque[Delivery] | None = None
        self._queue: asyncio.Queue[Delivery | None] = asyncio.Queue()
        self._ready = asyncio.Event()
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.refused: list[str] = []  # topic filters that the broker refused at the last connect
        self.last_error: str | None = None

    @property
    def connected(self) -> bool:
        """Whether the connection stands and `on_connect` has run."""
        return self._ready.is_set()

    @property
    def linked(self) -> bool:
        """Whether there is a connection, `on_connect` done or not."""
        return self._connection is not None

    async def wait_connected(self, timeout: float | None = None) -> None:
        """Return once connected; raises `TimeoutError` after `timeout` seconds."""
        await asyncio.wait_for(self._ready.wait(), timeout)

    async def publish(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> None:
        """Publish and, at QoS 1, wait for the PUBACK. Many may wait at once. Raises `BusDown`."""
        if self._connection is None:
            raise BusDown("not connected to the broker")
        await self._connection.publish_and_wait(topic, payload, qos, retain, self._ack_timeout)

    async def messages(self) -> AsyncIterator[Delivery]:
        """Yield what arrives until the bus is closed; raises what ended its task, if that was a fault."""
        while (delivery := await self._queue.get()) is not None:
            yield delivery
        if self._task is not None and self._task.done():
            self._task.result()

    def drop(self, reason: str) -> None:
        """Break the connection; it is made again."""
        if self._connection is not None:
            self._connection.drop(reason)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="bus")
        self._task.add_done_callback(lambda _: self._queue.put_nowait(None))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        tries = 0
        while not self._closing.is_set():
            connection = _Connection(self._take, will=self._make_will(), **self._options)
            try:
                if await self._open(connection):
                    tries = 0
                    await self._stay(connection)
            finally:
                self._close(connection)
            tries += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), self._backoff.delay(tries))

    def _make_will(self) -> aiomqtt.Will | None:
        if self._will is None:
            return None
        will = self._will()
        return aiomqtt.Will(will.topic, will.payload, 1, will.retain)

    async def _open(self, connection: _Connection) -> bool:
        self._held = deque()
        try:
            await connection.__aenter__()
            self._connection = connection
            # SUBSCRIBE goes out first, but its answer is not awaited before what is queued is handed out: amqtt
            # answers only after the client has acknowledged that.
            await _all_or_none(self._subscribe(connection), self._greet(connection))
        except (aiomqtt.MqttError, BusDown, OSError) as error:
            self._note(self._in_words(error))
            return False
        self._ready.set()
        self.last_error = None
        return True

    async def _greet(self, connection: _Connection) -> None:
        await self._on_connect(connection.session_present)
        self._release()

    async def _subscribe(self, connection: _Connection) -> None:
        if not self._subscriptions:
            return
        codes = await connection.subscribe(self._subscriptions)
        granted = [code if isinstance(code, int) else code.value for code in codes]
        self.refused = [topic for (topic, _), code in zip(self._subscriptions, granted, strict=True) if code >= 0x80]
        if self.refused:
            log.error("the broker refused the subscriptions %s: is the site right?", self.refused)

    def _release(self) -> None:
        held, self._held = self._held, None
        for delivery in held or ():
            self._queue.put_nowait(delivery)

    def _take(self, delivery: Delivery) -> None:
        if self._held is not None:
            self._held.append(delivery)
        elif delivery.qos or self._queue.qsize() < MAX_QUEUED_QOS0:
            self._queue.put_nowait(delivery)

    async def _stay(self, connection: _Connection) -> None:
        closing = asyncio.create_task(self._closing.wait())
        ended = asyncio.create_task(connection.ended())
        try:
            await asyncio.wait([closing, ended], return_when=asyncio.FIRST_COMPLETED)
        finally:
            closing.cancel()
            ended.cancel()
        if ended.done() and not ended.cancelled() and not self._closing.is_set():
            self._note(self._in_words(ended.result()))
        elif self._closing.is_set():
            with contextlib.suppress(aiomqtt.MqttError):
                await connection.__aexit__(None, None, None)

    def _close(self, connection: _Connection) -> None:
        self._ready.clear()
        self._connection = None
        # Deliveries held by a connection that broke before `on_connect` ended still count: not every broker repeats.
        self._release()
        connection.discard()

    def _in_words(self, error: BaseException) -> str:
        code = getattr(error.rc, "value", -1) if isinstance(error, aiomqtt.MqttCodeError) else -1
        words = _REASONS.get(code)
        return f"{words.format(user=self._options['username'])} ({error})" if words else str(error)

    def _note(self, reason: str) -> None:
        if reason != self.last_error:
            log.warning("broker connection: %s", reason)
        self.last_error = reason
