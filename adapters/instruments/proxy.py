"""A TCP proxy between an instrument and its broker that misbehaves as a network, a cable or a firmware may.

`python -m adapters.instruments.proxy CONFIG.json` runs it as a process; see `misbehaviour.ProxyConfig`. It alters a
message only so that it is invalid: a changed but valid number could not be told from a true one by anyone.
"""

import argparse
import asyncio
import contextlib
import json
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from adapters.instruments.misbehaviour import ALTERATIONS, Direction, Fates, ProxyConfig, skew
from adapters.instruments.packets import CONNECT, PUBACK, PUBLISH, Packet, Publish, last_will, puback_mid, read_packet
from adapters.lifeline import parent_gone


@dataclass
class _Way:
    """One direction of a connection."""

    direction: Direction
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    held: list[Publish] = field(default_factory=list)  # sent after the next one
    surplus: Counter[int] = field(default_factory=Counter)  # PUBACKs to expect once more, for duplicates made here

    def send(self, packet: Packet) -> None:
        if not self.writer.is_closing():
            self.writer.write(packet.encode())


class Link:
    """One connection of the device through the proxy."""

    def __init__(self, config: ProxyConfig, fates: Fates, up: _Way, down: _Way) -> None:
        self._config = config
        self._fates = fates
        self._up = up
        self._down = down
        self.will: Publish | None = None

    async def run(self) -> None:
        """Carry packets both ways until either side ends."""
        ways = [
            asyncio.create_task(self._carry(self._up, self._down)),
            asyncio.create_task(self._carry(self._down, self._up)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.cut()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    def cut(self) -> None:
        """Break the connection on both sides, without a goodbye."""
        for way in (self._up, self._down):
            way.writer.transport.abort()

    def inject(self, message: Publish) -> None:
        """Say something in the device's name."""
        self._up.send(message.packet())

    async def _carry(self, way: _Way, back: _Way) -> None:
        while (packet := await read_packet(way.reader)) is not None:
            if packet.kind == PUBLISH:
                self._publish(way, Publish.of(packet))
            elif packet.kind == PUBACK and back.surplus[puback_mid(packet)] > 0:
                # The sender knows of one message only: a second PUBACK could acknowledge the next one of that number.
                back.surplus[puback_mid(packet)] -= 1
            else:
                if packet.kind == CONNECT:
                    self.will = last_will(packet)
                way.send(packet)
            with contextlib.suppress(ConnectionError):
                await way.writer.drain()

    def _publish(self, way: _Way, message: Publish) -> None:
        if way.direction == "to_broker" and self._config.clock_skew_s:
            message = replace(message, payload=skew(message.payload, self._config.clock_skew_s))
        fate = self._fates.draw(way.direction, message.topic)
        if fate == "drop":
            if message.qos:
                self._later(self._config.reset_s, self.cut)
            return
        if fate == "delay":
            self._later(self._config.delay_s, lambda: way.send(message.packet()))
            return
        if fate == "reorder":
            way.held.append(message)
            self._later(self._config.delay_s, lambda: self._release(way))
            return
        if fate in ALTERATIONS:
            message = replace(message, payload=ALTERATIONS[fate](message.payload))
        way.send(message.packet())
        if fate == "duplicate":
            if message.mid is not None:
                way.surplus[message.mid] += 1
            way.send(message.again().packet())
        self._release(way)

    def _release(self, way: _Way) -> None:
        for message in way.held:
            way.send(message.packet())
        way.held.clear()

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(seconds, act)


class Proxy:
    """`async with Proxy(config) as proxy`: the device connects to `proxy.port`. `fates.quiet` ends the misbehaviour."""

    def __init__(self, config: ProxyConfig) -> None:
        self.port = config.port
        self.fates = Fates(config)
        self._config = config
        self._links: set[Link] = set()
        self._wills: list[Publish] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        """Break all connections."""
        for link in self._links:
            link.cut()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, self._config.host, self._config.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            broker_reader, broker_writer = await asyncio.open_connection(
                self._config.broker_host, self._config.broker_port
            )
        except OSError:
            writer.transport.abort()
            return
        up = _Way("to_broker", reader, broker_writer)
        down = _Way("to_device", broker_reader, writer)
        link = Link(self._config, self.fates, up, down)
        for will in self._wills:
            self.fates.done["late will"] += 1
            asyncio.get_running_loop().call_later(self._config.late_will_s, link.inject, will)
        self._wills.clear()
        self._links.add(link)
        try:
            await link.run()
        finally:
            self._links.discard(link)
        if link.will is not None and self.fates.chance("late will") < self._config.late_will:
            self._wills.append(link.will)


async def serve(config: ProxyConfig) -> None:
    """Run until SIGTERM or SIGINT, or until the parent is gone where the configuration says so."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if config.stop_with_parent:
        gone = asyncio.create_task(parent_gone())
        gone.add_done_callback(lambda _: stop.set())
    async with Proxy(config) as proxy:
        if config.ready_file is not None:
            fresh = config.ready_file.with_suffix(".new")
            fresh.write_text(json.dumps({"port": proxy.port}), encoding="utf-8")
            fresh.replace(config.ready_file)
        await stop.wait()
    if config.report_file is not None:
        config.report_file.write_text(json.dumps(proxy.fates.done, indent=2, sort_keys=True), encoding="utf-8")


def main() -> None:
    """Read the configuration and serve."""
    parser = argparse.ArgumentParser(prog="adapters.instruments.proxy", description=__doc__)
    parser.add_argument("config", type=Path, help="JSON file; see adapters.instruments.misbehaviour.ProxyConfig")
    text = parser.parse_args().config.read_text(encoding="utf-8")
    asyncio.run(serve(ProxyConfig.model_validate_json(text)))


if __name__ == "__main__":
    main()
