"""A tap on the wire between an instrument and its broker: something happens when the nth message of a kind passes."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from adapters.instruments.misbehaviour import Direction, kind_of
from adapters.instruments.packets import PUBACK, PUBLISH, Packet, Publish, puback_mid, read_packet


@dataclass(frozen=True)
class Trigger:
    """When to act: `before` the message is passed on (it is lost then), or `after` its receiver has acknowledged it
    (the acknowledgement is lost then)."""

    direction: Direction
    kind: str
    count: int
    moment: str

    def __str__(self) -> str:
        return f"{self.direction}:{self.kind}:{self.moment}#{self.count}"


class Tap:
    """`async with Tap(host, port) as tap`: the instrument connects to `tap.port`."""

    def __init__(self, host: str, port: int) -> None:
        self._broker = (host, port)
        self._trigger: Trigger | None = None
        self._act: Callable[[], None] = lambda: None
        self._wanted_ack: int | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._to_broker: set[asyncio.StreamWriter] = set()
        self.seen: Counter[tuple[str, str]] = Counter()
        self.pulled = 0

    def set(self, trigger: Trigger, act: Callable[[], None]) -> None:
        """Call `act` once, when the trigger's message passes; both connections break then."""
        self._trigger, self._act = trigger, act

    def say(self, topic: str, payload: bytes) -> None:
        """Say something in the device's name."""
        for writer in self._to_broker:
            writer.write(Publish(topic, payload, 0, False).packet().encode())

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Break all connections."""
        for writer in self._writers:
            writer.transport.abort()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, device: asyncio.StreamReader, to_device: asyncio.StreamWriter) -> None:
        try:
            broker, to_broker = await asyncio.open_connection(*self._broker)
        except OSError:
            to_device.transport.abort()
            return
        both = {to_device, to_broker}
        self._writers |= both
        self._to_broker.add(to_broker)
        ways = [
            asyncio.create_task(self._carry("to_broker", device, to_broker)),
            asyncio.create_task(self._carry("to_device", broker, to_device)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._writers -= both
            self._to_broker.discard(to_broker)
            for writer in both:
                writer.transport.abort()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _carry(self, direction: Direction, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (packet := await read_packet(reader)) is not None:
            if not self._passes(direction, packet):
                self._pull()
                return
            if writer.is_closing():
                return
            writer.write(packet.encode())
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            if self._wanted_ack == 0:  # QoS 0: nobody will acknowledge it
                self._pull()
                return

    def _passes(self, direction: Direction, packet: Packet) -> bool:
        wanted = self._trigger
        if packet.kind == PUBACK and wanted is not None and direction != wanted.direction:
            return puback_mid(packet) != self._wanted_ack
        if packet.kind != PUBLISH:
            return True
        message = Publish.of(packet)
        kind = kind_of(message.topic)
        self.seen[direction, kind] += 1
        if wanted is None or (direction, kind) != (wanted.direction, wanted.kind):
            return True
        if self._wanted_ack is None and self.seen[direction, kind] == wanted.count:
            if wanted.moment == "before":
                return False
            self._wanted_ack = message.mid or 0
        return True

    def _pull(self) -> None:
        self._trigger = self._wanted_ack = None
        self.pulled += 1
        self._act()
        self.cut()
