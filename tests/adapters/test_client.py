"""The client library, clause by clause, on both brokers; what is seen on the wire also of the bare instrument."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.broker import BrokerProcess
from adapters.instruments import (
    Description,
    FailedMeasurement,
    FailedSynthesis,
    Finished,
    Instrument,
    Invalid,
    Measurement,
    OnHostLost,
)
from adapters.instruments.journal import Journal
from adapters.instruments.messages import AttemptState, Heartbeat, InstrumentMode, Outcome, Refusal
from tests.adapters.bare.device import BareDevice
from tests.adapters.devices import Device
from tests.adapters.helpers import Connect, until
from tests.adapters.host import HostSide, now

EVERYTHING = "tatara/v1/lab/#"
TEMPERATURE = {"temperature": {"value": 50, "unit": "degC"}}


@pytest.fixture
async def host(broker: BrokerProcess, connect: Connect) -> HostSide:
    side = HostSide(await connect(broker, "tatara", EVERYTHING))
    await side.present()
    return side


AnyDevice = Device | BareDevice
MakeDevice = Callable[..., AnyDevice]

MADE_BY: dict[str, MakeDevice] = {"library": Device, "bare": BareDevice}
PAIRS = [("library", "mosquitto"), ("library", "embedded"), ("bare", "mosquitto")]

either = pytest.mark.parametrize(("make_device", "broker"), PAIRS, indirect=True)
either_everywhere = pytest.mark.parametrize(("make_device", "broker"), [*PAIRS, ("bare", "embedded")], indirect=True)


@pytest.fixture
def make_device(request: pytest.FixtureRequest) -> MakeDevice:
    """The class of the instrument: the library's, unless the test is for either."""
    return MADE_BY[getattr(request, "param", "library")]


@pytest.fixture
async def device(
    broker: BrokerProcess, host: HostSide, tmp_path: Path, make_device: MakeDevice
) -> AsyncIterator[AnyDevice]:
    async with make_device(broker, tmp_path / "journal.db").on() as running:
        await host.state(state=InstrumentMode.ONLINE)
        yield running


@either
async def test_it_introduces_itself_and_beats(device: AnyDevice, host: HostSide) -> None:
    await host.listener.until(lambda _: len(host.said("heartbeat", Heartbeat)) >= 3)
    beats = host.said("heartbeat", Heartbeat)
    assert [beat.seq for beat in beats] == sorted({beat.seq for beat in beats})
    assert any(delivery.topic.endswith("/description") for delivery in host.listener.seen)


@either_everywhere
async def test_a_request_is_run_once_and_its_result_sent_until_the_receipt(device: AnyDevice, host: HostSide) -> None:
    request = await host.request("a1")
    result = await host.result("a1", count=3)
    assert (result.outcome, result.digest) == (Outcome.OK, request["digest"])
    await host.receipt("a1")
    await host.settled()
    count = len(host.results("a1"))
    await host.request("a1", **{key: value for key, value in request.items() if key != "attempt_id"})
    assert (await host.status("a1", AttemptState.FINISHED)).digest == request["digest"]
    assert device.runs == ["a1"]
    assert len(host.results("a1")) == count


@either
async def test_the_same_id_with_another_digest_is_refused_and_changes_nothing(
    device: AnyDevice, host: HostSide
) -> None:
    device.let_go.clear()
    await host.request("a1")
    await host.status("a1", AttemptState.RUNNING)
    await host.request("a1", campaign="another")
    assert (await host.status("a1", AttemptState.REFUSED)).refusal is Refusal.OTHER_DIGEST
    device.let_go.set()
    assert (await host.result("a1")).outcome is Outcome.OK
    assert device.runs == ["a1"]


@either
@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"journal_id": "j-of-another-life"}, Refusal.OTHER_JOURNAL),
        ({"capability": "fly"}, Refusal.UNKNOWN_CAPABILITY),
        ({"capability": "heat"}, Refusal.INVALID_PARAMETER),
        ({"capability": "heat", "parameters": {"temperature": {"value": 500, "unit": "degC"}}}, "invalid-parameter"),
        ({"capability": "heat", "parameters": {"temperature": {"value": 50, "unit": "K"}}}, "invalid-parameter"),
        ({"capability": "heat", "parameters": {"temperature": {"value": "hot", "unit": "degC"}}}, "invalid-parameter"),
        ({"parameters": TEMPERATURE}, "invalid-parameter"),
        ({"timeout_s": -1}, Refusal.MALFORMED),
        ({"colour": "red"}, Refusal.MALFORMED),
        ({"parameters": {"no name": {"value": 1}}}, Refusal.MALFORMED),
    ],
)
async def test_refusals(device: AnyDevice, host: HostSide, changes: dict[str, Any], refusal: str) -> None:
    await host.request("a1", **changes)
    status = await host.status("a1", AttemptState.REFUSED)
    assert status.refusal == refusal
    assert status.reason
    assert device.runs == []


@either
async def test_a_refusal_is_for_ever(device: AnyDevice, host: HostSide) -> None:
    await host.send_request("a1", b"{broken")
    assert (await host.status("a1", AttemptState.REFUSED)).refusal is Refusal.MALFORMED
    await host.request("a1")
    assert (await host.status("a1", AttemptState.REFUSED, count=2)).refusal is Refusal.MALFORMED
    assert device.runs == []


@either
async def test_a_broken_copy_of_a_known_request_changes_nothing(device: AnyDevice, host: HostSide) -> None:
    device.let_go.clear()
    await host.request("a1")
    await host.status("a1", AttemptState.RUNNING)
    await host.send_request("a1", b"\xff\x00")
    await host.status("a1", AttemptState.RUNNING, count=2)
    device.let_go.set()
    await host.result("a1")


@either_everywhere
async def test_malformed_messages_never_stop_it(device: AnyDevice, host: HostSide) -> None:
    for kind in ("command", "attempt/a1/receipt", "attempt/NOT AN ID/request"):
        for payload in (b"", b"null", b"[1]", b'{"action": NaN}', b"\xff", b"{" * 50_000, b"x" * 300_000):
            await host.listener.bus.publish(f"tatara/v1/lab/reactor-1/{kind}", payload)
    await host.request("a2", capability="heat", parameters=TEMPERATURE)
    assert (await host.result("a2")).outcome is Outcome.OK


@either
async def test_a_request_that_comes_too_late_expires(device: AnyDevice, host: HostSide) -> None:
    await host.request("a1", start_before=(now() - timedelta(seconds=1)).isoformat())
    await host.status("a1", AttemptState.EXPIRED)
    assert device.runs == []


@either
async def test_a_request_that_waits_too_long_expires(device: AnyDevice, host: HostSide) -> None:
    await host.command("pause", number=1)
    await host.request("a1", start_before=(now() + timedelta(seconds=0.3)).isoformat())
    await host.status("a1", AttemptState.ACCEPTED)
    await asyncio.wait_for(_clock_passes(0.4), 5)
    await host.command("resume", number=2)
    await host.status("a1", AttemptState.EXPIRED)
    assert device.runs == []


async def _clock_passes(seconds: float) -> None:
    end = now() + timedelta(seconds=seconds)
    await until(lambda: now() > end)


@either
async def test_a_cancel_before_the_request_refuses_it(device: AnyDevice, host: HostSide) -> None:
    await host.command("cancel", attempts=["a1"])
    assert (await host.status("a1", AttemptState.REFUSED)).refusal is Refusal.CANCELLED_BEFORE
    await host.request("a1")
    assert (await host.status("a1", AttemptState.REFUSED, count=2)).refusal is Refusal.CANCELLED_BEFORE
    assert device.runs == []


@either_everywhere
async def test_cancelling_what_runs_and_what_waits(device: AnyDevice, host: HostSide) -> None:
    device.let_go.clear()
    await host.request("a1")
    await host.status("a1", AttemptState.RUNNING)
    await host.request("a2")
    await host.status("a2", AttemptState.ACCEPTED)
    await host.command("cancel", attempts=["a2", "a1"], reason="enough")
    assert (await host.status("a1", AttemptState.CANCELLED)).reason == "enough"
    await host.status("a2", AttemptState.CANCELLED)
    assert device.runs == ["a1"]
    assert host.results("a1") == []


@either
async def test_what_names_no_attempt_changes_none(device: AnyDevice, host: HostSide) -> None:
    device.let_go.clear()
    await host.request("a1", sample_id=None)
    await host.status("a1", AttemptState.RUNNING)
    await host.command("cancel")
    await host.command("cancel", attempts=[])
    await host.command("report-attempts", attempts=[])
    await host.settled()
    assert [status.state for status in host.statuses("a1")][-1] is AttemptState.RUNNING
    device.let_go.set()
    assert (await host.result("a1")).outcome is Outcome.OK


@either
async def test_pause_starts_nothing_new_and_old_numbers_never_win(device: AnyDevice, host: HostSide) -> None:
    await host.command("pause", number=5)
    await host.state(state=InstrumentMode.PAUSED, wanted=5)
    await host.request("a1")
    await host.status("a1", AttemptState.ACCEPTED)
    await host.command("resume", number=4)
    await host.command("resume", number=5)
    await host.settled()
    assert device.runs == []
    await host.command("resume", number=6)
    await host.result("a1")
    await host.command("pause", number=6)
    await host.settled()
    assert (await host.state(wanted=6)).state is InstrumentMode.ONLINE


@either_everywhere
async def test_an_emergency_stop_holds_until_a_reset_names_it(
    broker: BrokerProcess, host: HostSide, tmp_path: Path, make_device: MakeDevice
) -> None:
    device = make_device(broker, tmp_path / "journal.db")
    async with device.on():
        device.let_go.clear()
        await host.request("a1")
        await host.status("a1", AttemptState.RUNNING)
        await host.request("a2")
        await host.status("a2", AttemptState.ACCEPTED)
        await host.command("estop", id="e1", reason="smoke")
        await host.command("estop", id="e2")
        assert "smoke" in (await host.status("a1", AttemptState.CANCELLED)).reason
        assert (await host.status("a2", AttemptState.REFUSED)).refusal is Refusal.ESTOPPED
        await host.state(state=InstrumentMode.ESTOPPED, estops=["e1", "e2"])
    again = make_device(broker, tmp_path / "journal.db")
    async with again.on():
        await host.listener.until(lambda _: len({state.boot_id for state in host.states()}) == 2)
        await host.state(state=InstrumentMode.ESTOPPED)
        await host.request("a3")
        assert (await host.status("a3", AttemptState.REFUSED)).refusal is Refusal.ESTOPPED
        await host.command("reset", estops=["e1", "e-unknown"])
        await host.state(state=InstrumentMode.ESTOPPED, estops=["e2"])
        await host.command("reset", estops=["e2"])
        await host.state(state=InstrumentMode.ONLINE, boot_id=host.states()[-1].boot_id)
        await host.request("a4")
        await host.result("a4")
        assert again.runs == ["a4"]


@either
async def test_what_was_begun_is_interrupted_after_a_restart(
    broker: BrokerProcess, host: HostSide, tmp_path: Path, make_device: MakeDevice
) -> None:
    first = make_device(broker, tmp_path / "journal.db")
    async with first.on():
        first.let_go.clear()
        await host.request("a1")
        await host.status("a1", AttemptState.RUNNING)
        await host.request("a2")
        await host.status("a2", AttemptState.ACCEPTED)
    await host.state(state=InstrumentMode.OFFLINE)
    second = make_device(broker, tmp_path / "journal.db")
    async with second.on():
        await host.status("a1", AttemptState.INTERRUPTED)
        await host.result("a2")
        await host.command("report-attempts", attempts=["a1"])
        await host.status("a1", AttemptState.INTERRUPTED, count=2)
    assert (first.runs, second.runs) == (["a1"], ["a2"])


async def test_killed_while_it_works_and_before_the_receipt(
    mosquitto: BrokerProcess, connect: Connect, tmp_path: Path
) -> None:
    host = HostSide(await connect(mosquitto, "tatara", EVERYTHING))
    await host.present()
    first = BareDevice(mosquitto, tmp_path / "journal.db")
    async with first.on():
        await host.request("a1")
        result = await host.result("a1")
        first.let_go.clear()
        await host.request("a2")
        await host.status("a2", AttemptState.RUNNING)
        await host.request("a3")
        await host.status("a3", AttemptState.ACCEPTED)
        await first.kill()
    offline = await host.state(state=InstrumentMode.OFFLINE)
    assert (offline.boot_id, offline.seq) == (result.boot_id, 1_999_999_999)
    told = len(host.results("a1"))
    second = BareDevice(mosquitto, tmp_path / "journal.db")
    async with second.on():
        assert await host.result("a1", count=told + 1) == result
        await host.status("a2", AttemptState.INTERRUPTED)
        await host.result("a3")
    assert (first.runs, second.runs) == (["a1", "a2"], ["a3"])


@either
async def test_a_new_journal_refuses_what_was_meant_for_the_old_one(
    broker: BrokerProcess, host: HostSide, tmp_path: Path, make_device: MakeDevice
) -> None:
    async with make_device(broker, tmp_path / "old.db").on():
        request = await host.make_request("a1")
    await host.state(state=InstrumentMode.OFFLINE)
    device = make_device(broker, tmp_path / "new.db")
    async with device.on():
        await host.request("a1", **{key: value for key, value in request.items() if key != "attempt_id"})
        assert (await host.status("a1", AttemptState.REFUSED)).refusal is Refusal.OTHER_JOURNAL
    assert device.runs == []


@either
async def test_report_attempts(device: AnyDevice, host: HostSide) -> None:
    await host.request("a1")
    await host.result("a1")
    await host.receipt("a1", "quarantined")
    await host.settled()
    kept = len(host.results("a1"))
    await host.command("report-attempts", attempts=["a1", "never-seen"])
    await host.status("never-seen", AttemptState.UNKNOWN)
    await host.result("a1", count=kept + 1)
    await host.receipt("a1", "duplicate")
    device.let_go.clear()
    await host.request("a2")
    await host.status("a2", AttemptState.RUNNING)
    finished = len(host.results("a1"))
    await host.command("report-attempts")
    await host.status("a2", AttemptState.RUNNING, count=2)
    assert len(host.results("a1")) == finished


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (FailedSynthesis("clogged"), Outcome.FAILED_SYNTHESIS),
        (FailedMeasurement("lamp off"), Outcome.FAILED_MEASUREMENT),
        (Invalid("no such solvent"), Outcome.INVALID),
        (ZeroDivisionError("oops"), Outcome.FAILED_MEASUREMENT),
        (TimeoutError("device"), Outcome.FAILED_MEASUREMENT),
    ],
)
async def test_failures_are_results(device: Device, host: HostSide, failure: Exception, outcome: Outcome) -> None:
    device.failure = failure
    await host.request("a1")
    result = await host.result("a1")
    assert result.outcome is outcome
    assert str(failure) in (result.reason or "")


async def test_results_that_cannot_be_sent_are_failed_measurements(device: Device, host: HostSide) -> None:
    twice = Measurement(channel="out", property="y", value=1.5, unit="g")
    nan = Measurement.model_construct(channel="out", index=0, property="y", value=float("nan"), unit="g")
    large = [Measurement(channel="c" * 64, index=i, property="p" * 64, value=1 / 3, unit="u" * 64) for i in range(1000)]
    for number, measurements in enumerate(([twice, twice], [nan], large)):
        device.finished = Finished(measurements)
        await host.request(f"a{number}")
        assert (await host.result(f"a{number}")).outcome is Outcome.FAILED_MEASUREMENT


@either
async def test_a_run_that_takes_too_long_is_ended(
    device: AnyDevice, host: HostSide, caplog: pytest.LogCaptureFixture
) -> None:
    device.let_go.clear()
    await host.request("a1", timeout_s=0.1)
    result = await host.result("a1")
    assert result.outcome is Outcome.FAILED_MEASUREMENT
    assert result.reason
    if isinstance(device, Device):
        assert "attempt a1 was stopped: not finished within timeout_s = 0.1" in caplog.text
        assert "Traceback" not in caplog.text


@either
async def test_nothing_new_starts_without_a_host(device: AnyDevice, host: HostSide) -> None:
    await host.present(mode="offline")
    await host.request("a1")
    await host.status("a1", AttemptState.ACCEPTED)
    await host.settled()
    assert device.runs == []
    await host.present(epoch=2)
    await host.result("a1")
    await host.present(epoch=1, mode="offline")  # the late will of an earlier daemon
    await host.request("a2")
    await host.result("a2")


@either
@pytest.mark.parametrize("on_host_lost", list(OnHostLost))
async def test_what_runs_when_the_host_is_lost(
    broker: BrokerProcess, host: HostSide, tmp_path: Path, make_device: MakeDevice, on_host_lost: OnHostLost
) -> None:
    async with make_device(broker, tmp_path / "journal.db", on_host_lost=on_host_lost).on() as device:
        device.let_go.clear()
        await host.request("a1")
        await host.status("a1", AttemptState.RUNNING)
        await host.present(mode="offline")
        await host.settled()
        device.let_go.set()
        if on_host_lost is OnHostLost.ABORT:
            await host.status("a1", AttemptState.CANCELLED)
        elif on_host_lost is OnHostLost.CONTINUE:
            await host.result("a1")
        else:
            await host.status("a1", AttemptState.HOLDING)
            await host.present()
            await host.result("a1")


@either_everywhere
async def test_it_survives_a_broker_restart(device: AnyDevice, host: HostSide, broker: BrokerProcess) -> None:
    device.let_go.clear()
    await host.request("a1")
    await host.status("a1", AttemptState.RUNNING)
    await broker.kill()
    device.let_go.set()
    await broker.start()
    await host.result("a1")
    await host.listener.bus.wait_connected(10)
    await host.present()
    await host.request("a2")
    await host.result("a2")
    states = [state for state in host.states() if state.state is InstrumentMode.ONLINE]
    assert states[-1].seq > states[0].seq + 999_000_000


@either_everywhere
async def test_it_says_goodbye(device: AnyDevice, host: HostSide) -> None:
    online = await host.state(state=InstrumentMode.ONLINE)
    device.stop.set()
    offline = await host.state(state=InstrumentMode.OFFLINE)
    assert offline.seq > online.seq
    assert offline.boot_id == online.boot_id


async def test_the_hardware_is_stopped_first(broker: BrokerProcess, host: HostSide, tmp_path: Path) -> None:
    device = Device(broker, tmp_path / "journal.db")
    stopped: list[str] = []

    @device.instrument.emergency_stop
    def stop() -> None:
        stopped.append("now")
        raise OSError("relay does not answer")

    async with device.on():
        await host.state(state=InstrumentMode.ONLINE)
        await host.command("estop", id="e1")
        await host.state(state=InstrumentMode.ESTOPPED, estops=["e1"])
    assert stopped == ["now"]


async def test_it_ends_when_the_journal_cannot_be_written(
    broker: BrokerProcess, host: HostSide, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = Device(broker, tmp_path / "journal.db")
    device.let_go.clear()
    task = asyncio.create_task(device.instrument.serve(device.stop))
    await host.state(state=InstrumentMode.ONLINE)
    await host.request("a1")
    await host.status("a1", AttemptState.RUNNING)

    def full(self: Journal, result: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(Journal, "finish", full)
    device.let_go.set()
    with pytest.raises(sqlite3.OperationalError, match="full"):
        await asyncio.wait_for(task, 10)
    monkeypatch.undo()
    async with Device(broker, tmp_path / "journal.db").on():
        await host.status("a1", AttemptState.INTERRUPTED)


async def test_a_capability_without_a_function_is_an_error(broker: BrokerProcess, tmp_path: Path) -> None:
    device = Device(broker, tmp_path / "journal.db")
    device.instrument._handlers.clear()
    with pytest.raises(ValueError, match="heat"):
        await device.instrument.serve(device.stop)
    with pytest.raises(ValueError, match="fly"):
        device.instrument.capability("fly")


def test_a_broker_elsewhere_needs_tls(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="tls"):
        Instrument(
            "x", site="lab", description=Description(model="m", software="s", capabilities={}), journal=tmp_path / "j",
            host="192.0.2.1",
        )  # fmt: skip
