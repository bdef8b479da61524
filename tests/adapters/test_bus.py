"""The bus on both brokers: nothing is lost over restarts, and what is not acknowledged comes again."""

import asyncio
import ssl
import subprocess
from pathlib import Path
from shutil import which

import pytest

from adapters.broker import BrokerProcess
from adapters.broker.testing import MOSQUITTO, MosquittoBroker
from adapters.instruments.bus import Backoff, Bus, BusDown, Will
from adapters.instruments.topics import attempt, own
from tests.adapters.helpers import LOGINS, SITE, Connect, Listener, make_bus, until

RESULTS = "tatara/v1/lab/+/attempt/+/result"


def result(number: int) -> str:
    return attempt("lab", "reactor-1", f"a{number}", "result")


async def test_what_is_published_arrives(broker: BrokerProcess, connect: Connect) -> None:
    host = await connect(broker, "tatara", RESULTS)
    device = await connect(broker, "reactor-1")
    await asyncio.gather(*(device.bus.publish(result(n), b"%d" % n) for n in range(300)))
    seen = await host.until(lambda seen: len(seen) >= 300)
    assert sorted(int(delivery.payload) for delivery in seen) == list(range(300))


async def test_unacknowledged_messages_come_again(mosquitto: BrokerProcess, connect: Connect) -> None:
    """The test that breaks when manual acknowledgement stops working."""
    device = await connect(mosquitto, "reactor-1")
    host = make_bus(mosquitto, "tatara", RESULTS)
    async with host:
        await host.wait_connected(5)
        for number in range(10):
            await device.bus.publish(result(number), b"%d" % number)
        messages = host.messages()
        first = [await anext(messages) for _ in range(10)]
        for delivery in first[:4]:
            delivery.ack()
        # A ping-pong through the broker proves that it has read the acknowledgements.
        await host.publish(attempt("lab", "reactor-1", "a", "receipt"), b"x")
    again = await connect(mosquitto, "tatara", RESULTS)
    seen = await again.until(lambda seen: len(seen) >= 6)
    assert [int(delivery.payload) for delivery in seen] == [4, 5, 6, 7, 8, 9]


async def test_an_acknowledgement_for_an_older_connection_is_dropped(
    mosquitto: BrokerProcess, connect: Connect
) -> None:
    device = await connect(mosquitto, "reactor-1")
    host = make_bus(mosquitto, "tatara", RESULTS)
    async with host:
        await host.wait_connected(5)
        await device.bus.publish(result(1), b"1")
        messages = host.messages()
        async with asyncio.timeout(10):
            old = await anext(messages)
            host.drop("test")
            new = await anext(messages)
            old.ack()
            host.drop("test")
            third = await anext(messages)
            third.ack()
    assert (new.payload, third.payload) == (b"1", b"1")
    assert old.connection is not new.connection


async def test_messages_queued_while_away_are_delivered(broker: BrokerProcess, connect: Connect) -> None:
    device = await connect(broker, "reactor-1")
    async with make_bus(broker, "tatara", RESULTS) as host:
        await host.wait_connected(5)
    await device.bus.publish(result(1), b"1")
    sessions: list[bool] = []

    async def note(session_present: bool) -> None:
        sessions.append(session_present)

    bus = make_bus(broker, "tatara", RESULTS, on_connect=note)
    async with bus:
        delivery = await asyncio.wait_for(anext(bus.messages()), 5)
        delivery.ack()
        await bus.wait_connected(5)
    assert sessions == [True]
    assert delivery.payload == b"1"


async def test_it_reconnects_when_the_broker_restarts(broker: BrokerProcess, connect: Connect) -> None:
    calls = 0

    async def greet(session_present: bool) -> None:
        nonlocal calls
        calls += 1

    host = await connect(broker, "tatara", RESULTS)
    bus = make_bus(broker, "reactor-1", on_connect=greet)
    async with bus:
        await bus.wait_connected(5)
        await broker.kill()
        await until(lambda: not bus.connected)
        with pytest.raises(BusDown):
            await bus.publish(result(1), b"1")
        await broker.start()
        await bus.wait_connected(10)
        await host.bus.wait_connected(10)
        await bus.publish(result(2), b"2")
        await host.until(lambda seen: any(delivery.payload == b"2" for delivery in seen))
    assert calls == 2


async def test_the_will_is_made_anew_at_each_connect(broker: BrokerProcess, connect: Connect) -> None:
    topic = own("lab", "reactor-1", "state")
    host = await connect(broker, "tatara", topic)
    made = 0

    def will() -> Will:
        nonlocal made
        made += 1
        return Will(topic, b"%d" % made)

    bus = make_bus(broker, "reactor-1", will=will)
    async with bus:
        for expected in (b"1", b"2"):
            await bus.wait_connected(5)
            bus.drop("test")
            await host.until(lambda seen, wanted=expected: any(d.payload == wanted for d in seen))  # type: ignore[misc]
            await until(lambda: made > int(expected))  # noqa: B023


async def test_a_publish_that_is_never_acknowledged_breaks_the_connection() -> None:
    """A silent broker: CONNACK, then nothing."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(bytes([0x20, 2, 0, 0]))
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Bus("127.0.0.1", port, "x", ack_timeout_s=0.2, backoff=Backoff(5, 5)) as bus:
        await bus.wait_connected(5)
        with pytest.raises(BusDown):
            await bus.publish("a", b"1")
        await until(lambda: not bus.connected)
        assert "PUBACK" in (bus.last_error or "")


async def test_wrong_password_is_reported(broker: BrokerProcess) -> None:
    bus = make_bus(broker, "reactor-1")
    bus._options["password"] = "wrong"
    async with bus:
        await until(lambda: bus.last_error is not None)
        assert not bus.connected
        assert "reactor-1" in (bus.last_error or "")
        assert "password" in (bus.last_error or "")


async def test_a_second_program_of_the_same_name_is_suspected(broker: BrokerProcess) -> None:
    first, second = make_bus(broker, "reactor-1", backoff=Backoff(60, 60)), make_bus(broker, "reactor-1")
    async with first:
        await first.wait_connected(5)
        async with second:
            await second.wait_connected(5)
            await until(lambda: first.last_error is not None)
        assert "another program uses the name reactor-1" in (first.last_error or "")


async def test_listener_is_closed_with_the_bus(broker: BrokerProcess) -> None:
    bus = make_bus(broker, "reactor-1")
    async with bus:
        listener = Listener(bus)
        task = asyncio.create_task(listener.run())
    await asyncio.wait_for(task, 5)


async def test_a_fault_in_on_connect_reaches_the_reader(broker: BrokerProcess) -> None:
    async def greet(session_present: bool) -> None:
        raise ZeroDivisionError

    async def read() -> None:
        async with asyncio.timeout(10), make_bus(broker, "reactor-1", on_connect=greet) as bus:
            async for _ in bus.messages():
                pass

    with pytest.raises(ZeroDivisionError):
        await read()


@pytest.mark.skipif(which("openssl") is None, reason="openssl makes the certificate")
async def test_tls(tmp_path: Path) -> None:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    async with MosquittoBroker(tmp_path / "broker", LOGINS, tls=(certificate, key)) as broker:
        trusting = make_bus(broker, "tatara", tls=ssl.create_default_context(cafile=str(certificate)))
        async with trusting:
            await trusting.wait_connected(10)
            await trusting.publish(attempt(SITE, "reactor-1", "a", "receipt"), b"{}")
        distrusting = make_bus(broker, "tatara", tls=ssl.create_default_context())
        async with distrusting:
            await until(lambda: distrusting.last_error is not None)
            assert "CERTIFICATE_VERIFY_FAILED" in (distrusting.last_error or "")
