"""As much of MQTT 3.1.1 on the wire as the misbehaving proxy needs: framing, CONNECT's last will, PUBLISH, PUBACK."""

import asyncio
from dataclasses import dataclass, replace

CONNECT, PUBLISH, PUBACK = 1, 3, 4


@dataclass(frozen=True)
class Packet:
    """One control packet: first byte and what follows the remaining length."""

    first: int
    body: bytes

    @property
    def kind(self) -> int:
        """Control packet type."""
        return self.first >> 4

    def encode(self) -> bytes:
        """The packet as it travels."""
        length, size = bytearray(), len(self.body)
        while True:
            size, digit = divmod(size, 128)
            length.append(digit | (0x80 if size else 0))
            if not size:
                return bytes([self.first]) + bytes(length) + self.body


@dataclass(frozen=True)
class Publish:
    """A PUBLISH taken apart; `mid` is absent at QoS 0."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    mid: int | None = None
    dup: bool = False

    @classmethod
    def of(cls, packet: Packet) -> "Publish":
        """Take a PUBLISH packet apart."""
        topic, rest = _string(packet.body)
        qos = packet.first >> 1 & 3
        mid = int.from_bytes(rest[:2], "big") if qos else None
        payload = rest[2:] if qos else rest
        dup, retain = bool(packet.first & 8), bool(packet.first & 1)
        return cls(topic.decode("utf-8", "replace"), payload, qos, retain, mid, dup)

    def packet(self) -> Packet:
        """Put it together again."""
        first = PUBLISH << 4 | (8 if self.dup else 0) | self.qos << 1 | int(self.retain)
        topic = self.topic.encode()
        mid = b"" if self.mid is None else self.mid.to_bytes(2, "big")
        return Packet(first, len(topic).to_bytes(2, "big") + topic + mid + self.payload)

    def again(self) -> "Publish":
        """The same message, sent once more."""
        return replace(self, dup=self.qos > 0)


def puback_mid(packet: Packet) -> int:
    """Which message a PUBACK acknowledges."""
    return int.from_bytes(packet.body[:2], "big")


def last_will(connect: Packet) -> Publish | None:
    """The last will in a CONNECT, as a QoS 0 message; None if there is none."""
    _, rest = _string(connect.body)
    flags = rest[1]
    if not flags & 0x04:
        return None
    _, rest = _string(rest[4:])  # client id, after level, flags and keep-alive
    topic, rest = _string(rest)
    payload, _ = _string(rest)
    return Publish(topic.decode("utf-8", "replace"), payload, 0, bool(flags & 0x20))


async def read_packet(reader: asyncio.StreamReader) -> Packet | None:
    """The next packet; None at the end of the stream."""
    try:
        first = (await reader.readexactly(1))[0]
        size = shift = 0
        while True:
            digit = (await reader.readexactly(1))[0]
            size |= (digit & 0x7F) << shift
            shift += 7
            if not digit & 0x80:
                return Packet(first, await reader.readexactly(size))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def _string(data: bytes) -> tuple[bytes, bytes]:
    size = int.from_bytes(data[:2], "big")
    return data[2 : 2 + size], data[2 + size :]
