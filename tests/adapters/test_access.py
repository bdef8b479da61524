"""Who may read and write what: the pure rules, and both brokers enforcing them."""

import asyncio
import subprocess
from pathlib import Path
from shutil import which

import pytest

from adapters.broker import (
    BrokerProcess,
    Login,
    daemon_rules,
    hash_password,
    instrument_rules,
    make_password,
    verify_password,
    write_access,
)
from adapters.broker.access import allowed, read_access, topic_matches
from adapters.instruments.bus import Will
from adapters.instruments.topics import attempt, host_state, own
from tests.adapters.helpers import LOGINS, SITE, Connect, make_bus, until


@pytest.mark.parametrize(
    ("topic_filter", "topic", "matches"),
    [
        ("a/b", "a/b", True),
        ("a/+", "a/b", True),
        ("a/+", "a/b/c", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("#", "$SYS/x", False),
        ("a/+/c", "a/#", False),
        ("a/+", "a/+", True),
        ("a/b", "a/+", False),
        ("a/#", "a/+/c", True),
        ("a/#", "#", False),
        ("a/b", "a", False),
    ],
)
def test_topic_matches(topic_filter: str, topic: str, matches: bool) -> None:
    assert topic_matches(topic_filter, topic) is matches


def test_an_instrument_writes_only_its_own_and_reads_only_what_is_for_it() -> None:
    rules = instrument_rules(SITE, "reactor-1")
    for kind in ("state", "description", "heartbeat"):
        assert allowed(rules, "write", own(SITE, "reactor-1", kind))
    for kind in ("status", "result"):
        assert allowed(rules, "write", attempt(SITE, "reactor-1", "a", kind))
        assert not allowed(rules, "read", attempt(SITE, "reactor-2", "a", kind))
    for kind in ("request", "receipt"):
        assert allowed(rules, "read", attempt(SITE, "reactor-1", "a", kind))
        assert not allowed(rules, "write", attempt(SITE, "reactor-1", "a", kind))
    assert allowed(rules, "read", host_state(SITE, "+"))
    assert not allowed(rules, "write", host_state(SITE, "tatara"))
    assert not allowed(rules, "write", own(SITE, "reactor-1", "command"))
    assert not allowed(rules, "write", own(SITE, "reactor-2", "state"))
    assert not allowed(rules, "write", own("other", "reactor-1", "state"))
    with pytest.raises(ValueError, match="host"):
        instrument_rules(SITE, "host")


def test_passwords() -> None:
    password = make_password()
    password_hash = hash_password(password)
    assert verify_password(password, password_hash)
    assert not verify_password(password + "x", password_hash)
    assert password not in password_hash


@pytest.mark.skipif(which("mosquitto_passwd") is None, reason="mosquitto is not installed")
def test_hashes_of_mosquitto_passwd_are_understood(tmp_path: Path) -> None:
    file = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-c", "-b", file, "someone", "secret"], check=True, capture_output=True)
    assert verify_password("secret", file.read_text().strip().split(":", 1)[1])


def test_files_are_private_and_read_back(tmp_path: Path) -> None:
    write_access(tmp_path, LOGINS)
    assert read_access(tmp_path) == LOGINS
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in ("passwords", "acl")} == {0o600}


async def test_the_broker_enforces_the_rules(broker: BrokerProcess, connect: Connect) -> None:
    """A denied publish looks successful to its sender, so a listener that may read everything tells."""
    watcher = await connect(broker, "watcher", "tatara/v1/#")
    device = await connect(broker, "reactor-1")
    forbidden = [
        own(SITE, "reactor-2", "state"),
        own(SITE, "reactor-1", "command"),
        attempt(SITE, "reactor-2", "a", "result"),
        attempt(SITE, "reactor-1", "a", "request"),
        attempt(SITE, "reactor-1", "a", "receipt"),
        host_state(SITE, "tatara"),
        "tatara/v1/other/reactor-1/state",
    ]
    for topic in forbidden:
        await device.bus.publish(topic, b"forged", retain=True)
    await device.bus.publish(own(SITE, "reactor-1", "state"), b"true")
    await watcher.until(lambda seen: any(delivery.payload == b"true" for delivery in seen))
    assert [delivery.topic for delivery in watcher.seen] == [own(SITE, "reactor-1", "state")]
    daemon = await connect(broker, "tatara")
    await daemon.bus.publish(own(SITE, "reactor-1", "state"), b"forged")
    await daemon.bus.publish(own(SITE, "reactor-1", "command"), b"true command")
    await watcher.until(lambda seen: any(delivery.payload == b"true command" for delivery in seen))
    assert all(delivery.payload != b"forged" for delivery in watcher.seen)


async def test_an_instrument_hears_only_what_is_for_it(broker: BrokerProcess, connect: Connect) -> None:
    daemon = await connect(broker, "tatara")
    await daemon.bus.publish(attempt(SITE, "reactor-2", "a0", "request"), b"retained secret", retain=True)
    await daemon.bus.publish(own(SITE, "reactor-1", "command"), b"for it, retained", retain=True)
    device = await connect(
        broker, "reactor-1", "#", "tatara/v1/lab/+/attempt/+/request", "tatara/v1/lab/reactor-1/command"
    )
    await daemon.bus.publish(attempt(SITE, "reactor-2", "a1", "request"), b"secret")
    await daemon.bus.publish(own(SITE, "reactor-1", "command"), b"for it")
    await device.until(lambda seen: any(delivery.payload == b"for it" for delivery in seen))
    # A resumed session must not hear more than the first one did.
    device.bus.drop("test")
    await until(lambda: not device.bus.connected)
    await device.bus.wait_connected(10)
    await daemon.bus.publish(own(SITE, "reactor-1", "command"), b"for it again")
    await device.until(lambda seen: any(delivery.payload == b"for it again" for delivery in seen))
    assert {delivery.topic for delivery in device.seen} == {own(SITE, "reactor-1", "command")}


async def test_a_will_on_a_foreign_topic_says_nothing(broker: BrokerProcess, connect: Connect) -> None:
    watcher = await connect(broker, "watcher", "tatara/v1/#")
    forger = make_bus(broker, "reactor-2", will=lambda: Will(own(SITE, "reactor-1", "state"), b"forged"))
    async with forger:
        await until(lambda: forger.connected or forger.last_error is not None)
        forger.drop("test")
        await until(lambda: not forger.connected)
    device = await connect(broker, "reactor-1")
    await device.bus.publish(own(SITE, "reactor-1", "state"), b"true")
    await watcher.until(lambda seen: any(delivery.payload == b"true" for delivery in seen))
    assert all(delivery.payload != b"forged" for delivery in watcher.seen)


async def test_nobody_takes_over_another_session(broker: BrokerProcess, connect: Connect) -> None:
    """Nor breaks it, nor leaves a will in it."""
    watcher = await connect(broker, "watcher", own(SITE, "+", "state"))
    device = await connect(broker, "reactor-1", own(SITE, "reactor-1", "command"))
    will = Will(own(SITE, "analyser-1", "state"), b"forged")
    thief = make_bus(broker, "reactor-2", own(SITE, "reactor-1", "command"), will=lambda: will)
    thief._options["identifier"] = "reactor-1"
    connection = device.bus._connection
    async with thief:
        await until(lambda: thief.connected or thief.last_error is not None)
        daemon = await connect(broker, "tatara")
        assert device.bus._connection is connection
        await daemon.bus.publish(own(SITE, "reactor-1", "command"), b"for it")
        await device.until(lambda seen: any(delivery.payload == b"for it" for delivery in seen))
        assert thief._queue.empty()
        device.bus.drop("as if its cable was pulled")
        await until(lambda: not device.bus.connected)
        await device.bus.wait_connected(10)
        await device.bus.publish(own(SITE, "reactor-1", "state"), b"true")
        await watcher.until(lambda seen: any(delivery.payload == b"true" for delivery in seen))
    assert [delivery.payload for delivery in watcher.seen] == [b"true"]


async def test_new_users_are_taken_at_reload(broker: BrokerProcess) -> None:
    bus = make_bus(broker, "newcomer")
    async with bus:
        await until(lambda: bus.last_error is not None)
        login = Login(LOGINS["tatara"].password_hash, tuple(daemon_rules(SITE)))
        broker.reload({**LOGINS, "newcomer": login})
        await bus.wait_connected(10)


async def test_the_embedded_broker_ends_with_its_parent(tmp_path: Path) -> None:
    from adapters.broker import EmbeddedBroker

    broker = EmbeddedBroker(tmp_path, LOGINS)
    await broker.start()
    process = broker._process
    assert process is not None
    assert process.stdin is not None
    process.stdin.close()  # what the kernel does when the parent is killed
    await asyncio.wait_for(process.wait(), 10)
