"""The proxy does what it says, and the protocol gets every attempt through it."""

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from adapters.broker import BrokerProcess
from adapters.instruments import messages
from adapters.instruments.messages import AttemptState, AttemptStatus, MalformedMessage, Result
from adapters.instruments.misbehaviour import ALTERATIONS, Fates, ProxyConfig, Rule, skew, wrong_unit
from adapters.instruments.packets import CONNECT, Packet, Publish, last_will, read_packet
from adapters.instruments.proxy import Proxy
from adapters.instruments.topics import attempt, own, parse_topic
from tests.adapters.helpers import SITE, Connect, make_bus, until
from tests.adapters.host import HostSide
from tests.adapters.test_emulators import PARAMETERS, Emulator, running

KINDS = ["state", "description", "heartbeat", "status", "result"]
RESULT = (
    b'{"attempt_id":"a1","digest":"%s","outcome":"ok","measurements":[{"channel":"c","property":"p","value":1.5,'
    b'"unit":"g"}],"boot_id":"b","journal_id":"j","started_at":"2026-11-02T09:00:00Z",'
    b'"ended_at":"2026-11-02T09:00:01Z"}' % (b"a" * 64)
)


@pytest.mark.parametrize("name", [name for name in ALTERATIONS if name != "wrong_unit"])
def test_what_is_altered_is_invalid(name: str) -> None:
    messages.parse(Result, RESULT)
    with pytest.raises(MalformedMessage):
        messages.parse(Result, ALTERATIONS[name](RESULT))


def test_a_wrong_unit_is_of_another_dimension() -> None:
    changed = messages.parse(Result, wrong_unit(RESULT))
    assert [each.unit for each in changed.measurements] == ["lux"]


def test_a_skewed_clock_changes_times_only() -> None:
    true, skewed = (messages.parse(Result, payload) for payload in (RESULT, skew(RESULT, -3600)))
    assert (true.started_at - skewed.started_at).total_seconds() == 3600
    assert true.measurements == skewed.measurements


def test_fates_are_seeded() -> None:
    def draws(seed: int) -> list[str]:
        rule = Rule(kinds=["result"], direction="to_broker", drop=0.3, duplicate=0.3)
        fates = Fates(ProxyConfig(broker_port=1, seed=seed, rules=[rule]))
        return [fates.draw("to_broker", attempt(SITE, "x", f"a{n}", "result")) for n in range(50)]

    assert draws(1) == draws(1) != draws(2)
    assert set(draws(1)) == {"pass", "drop", "duplicate"}


@pytest.mark.parametrize("size", [0, 100, 127, 128, 20_000, 300_000])
@pytest.mark.parametrize("qos", [0, 1])
async def test_packets_survive_being_taken_apart(size: int, qos: int) -> None:
    message = Publish("a/b", b"x" * size, qos, True, 77 if qos else None, bool(qos))
    reader = asyncio.StreamReader()
    reader.feed_data(message.packet().encode())
    reader.feed_eof()
    packet = await read_packet(reader)
    assert packet is not None
    assert Publish.of(packet) == message
    assert await read_packet(reader) is None


def test_the_last_will_is_found() -> None:
    def text(value: bytes) -> bytes:
        return len(value).to_bytes(2, "big") + value

    body = text(b"MQTT") + bytes([4, 0x26, 0, 15]) + text(b"id") + text(b"a/state") + text(b"gone")
    assert last_will(Packet(CONNECT << 4, body)) == Publish("a/state", b"gone", 0, True)


def proxy_config(broker: BrokerProcess, **options: Any) -> ProxyConfig:
    return ProxyConfig(broker_port=broker.port, delay_s=0.05, reset_s=0.05, **options)


@pytest.mark.parametrize("fate", ["drop", "duplicate", "reorder", "delay"])
async def test_nothing_is_lost_by_a_bad_network(mosquitto: BrokerProcess, connect: Connect, fate: str) -> None:
    """Publisher behind the proxy repeats what was not acknowledged; the receiver must see everything."""
    watcher = await connect(mosquitto, "tatara", "tatara/v1/lab/+/attempt/+/result")
    rule = Rule(kinds=["result"], direction="to_broker", **{fate: 0.2})  # type: ignore[arg-type]
    async with Proxy(proxy_config(mosquitto, rules=[rule])) as proxy:
        bus = make_bus(mosquitto, "reactor-1")
        bus._options["port"] = proxy.port
        async with bus:
            for number in range(60):
                await _publish_at_last(bus, attempt(SITE, "reactor-1", f"a{number}", "result"))
        assert proxy.fates.done[f"to_broker result {fate}"] >= 3
    seen = await watcher.until(lambda seen: len({delivery.topic for delivery in seen}) == 60)
    times = Counter(delivery.topic for delivery in seen)
    assert (max(times.values()) > 1) == (fate == "duplicate")


async def _publish_at_last(bus: Any, topic: str) -> None:
    while True:
        await bus.wait_connected(10)
        try:
            await bus.publish(topic, b"{}")
            return
        except ConnectionError:
            continue


@pytest.mark.parametrize("fate", ["drop", "duplicate"])
async def test_nothing_is_lost_on_the_way_down(mosquitto: BrokerProcess, connect: Connect, fate: str) -> None:
    daemon = await connect(mosquitto, "tatara")
    rule = Rule(kinds=["command"], direction="to_device", **{fate: 0.2})  # type: ignore[arg-type]
    async with Proxy(proxy_config(mosquitto, rules=[rule])) as proxy:
        bus = make_bus(mosquitto, "reactor-1", own(SITE, "reactor-1", "command"))
        bus._options["port"] = proxy.port
        async with bus:
            await bus.wait_connected(10)
            sent = {b"%d" % number for number in range(60)}
            for payload in sorted(sent):
                await daemon.bus.publish(own(SITE, "reactor-1", "command"), payload)
            missing = set(sent)
            async with asyncio.timeout(20):
                async for delivery in bus.messages():
                    delivery.ack()
                    missing.discard(delivery.payload)
                    if not missing:
                        break
        assert proxy.fates.done[f"to_device command {fate}"] >= 3


async def test_a_late_will_comes_after_the_next_connection(mosquitto: BrokerProcess, connect: Connect) -> None:
    host = HostSide(await connect(mosquitto, "tatara", "tatara/v1/lab/#"))
    from adapters.instruments.bus import Will

    config = proxy_config(mosquitto, late_will=1.0, late_will_s=0.05)
    async with Proxy(config) as proxy:
        topic = own(SITE, "reactor-1", "state")
        bus = make_bus(mosquitto, "reactor-1", will=lambda: Will(topic, b"will"))
        bus._options["port"] = proxy.port
        async with bus:
            await bus.wait_connected(10)
            proxy.cut()
            await host.listener.until(lambda seen: [each.payload for each in seen].count(b"will") >= 2)


async def test_chaos_in_small(broker: BrokerProcess, connect: Connect, tmp_path: Path) -> None:
    """Everything at once, both ways; the host asks again as the protocol says. Every attempt ends, none runs twice."""
    evil = {"drop": 0.04, "duplicate": 0.06, "reorder": 0.06, "delay": 0.06, "corrupt": 0.02, "nan": 0.02}
    evil |= {"oversize": 0.01, "wrong_unit": 0.02}
    config = proxy_config(
        broker,
        seed=5,
        late_will=0.5,
        late_will_s=0.05,
        clock_skew_s=120,
        rules=[
            Rule(kinds=KINDS, direction="to_broker", **evil),  # type: ignore[arg-type]
            Rule(kinds=["request", "receipt", "command", "host-state"], direction="to_device", **evil),  # type: ignore[arg-type]
        ],
    )
    listener = await connect(broker, "tatara", "tatara/v1/lab/#")
    host = ForgivingHost(listener)
    await host.present()
    async with Proxy(config) as proxy:
        emulator = Emulator(broker, tmp_path, "reactor", "reactor-1", duration_s=0.01, port=proxy.port, ack_timeout_s=1)
        async with running(emulator):
            journal_id = (await host.state()).journal_id
            requests = {
                attempt_id: await host.make_request(attempt_id, journal_id=journal_id, parameters=PARAMETERS)
                for attempt_id in [f"a{number}" for number in range(30)]
            }
            async with asyncio.timeout(40):
                while open_attempts := [each for each in requests if not host.ended(each)]:
                    for attempt_id in open_attempts:
                        await host.send_request(attempt_id, json.dumps(requests[attempt_id]).encode())
                    await host.present()
                    await host.command("report-attempts", attempts=open_attempts)
                    for attempt_id in requests:
                        if host.results(attempt_id):
                            await host.receipt(attempt_id)
                    await asyncio.sleep(0.3)
        runs = emulator.runs()
    assert len(runs) == len(set(runs))
    assert {each for each in requests if host.results(each)} <= set(runs)
    assert sum(proxy.fates.done.values()) > 20


async def test_it_runs_as_a_process(mosquitto: BrokerProcess, tmp_path: Path) -> None:
    config = proxy_config(
        mosquitto, ready_file=tmp_path / "ready.json", report_file=tmp_path / "report.json", stop_with_parent=True
    )
    (tmp_path / "proxy.json").write_text(config.model_dump_json(), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "adapters.instruments.proxy", str(tmp_path / "proxy.json"), stdin=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    await until((tmp_path / "ready.json").exists)
    bus = make_bus(mosquitto, "reactor-1")
    bus._options["port"] = json.loads((tmp_path / "ready.json").read_text())["port"]
    async with bus:
        await bus.wait_connected(10)
    process.stdin.close()
    assert await asyncio.wait_for(process.wait(), 10) == 0
    assert json.loads((tmp_path / "report.json").read_text()) == {}


class ForgivingHost(HostSide):
    """Skips what is malformed, as the real host quarantines it."""

    def said(self, kind: str, model: type[Any], attempt_id: str | None = None) -> list[Any]:
        found = []
        for delivery in self.listener.seen:
            topic = parse_topic(delivery.topic)
            if topic and topic.kind == kind and attempt_id in (None, topic.attempt_id):
                try:
                    found.append(messages.parse(model, delivery.payload))
                except MalformedMessage:
                    continue
        return found

    def ended(self, attempt_id: str) -> bool:
        """A result, or word that there never will be one."""
        told: list[AttemptStatus] = self.statuses(attempt_id)
        return bool(self.results(attempt_id)) or any(status.state is AttemptState.REFUSED for status in told)
