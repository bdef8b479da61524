"""When each instrument was heard last, for those who look."""

from datetime import UTC, datetime

import pytest

from adapters.instruments.messages import Heartbeat, InstrumentMode, InstrumentState, encode
from controller.intake import liveness
from controller.intake.quarantine import Said


def said(kind: str, payload: bytes, name: str = "stove") -> Said:
    return Said(f"{name}/{kind}", payload, name, None, kind)


def beat(seq: int) -> Said:
    return said("heartbeat", encode(Heartbeat(boot_id="boot-1", seq=seq, at=datetime.now(UTC))))


async def test_it_says_how_long_ago_each_instrument_was_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(liveness.time, "monotonic", lambda: now[0])
    watch = liveness.Liveness(None)  # type: ignore[arg-type] - nobody was thought absent: nothing is written
    assert watch.ages() == {}
    state = InstrumentState(state=InstrumentMode.ONLINE, boot_id="boot-1", journal_id="j", seq=1, at=datetime.now(UTC))
    watch.saw(said("state", encode(state)))
    now[0] = 107.0
    assert watch.ages() == {"stove": 7.0}
    await watch.heard(beat(2))
    assert watch.ages() == {"stove": 0.0}
    now[0] = 110.0
    await watch.heard(beat(2))  # a repetition
    assert watch.ages() == {"stove": 3.0}


async def test_an_instrument_may_come_while_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = liveness.Liveness(None)  # type: ignore[arg-type]
    state = encode(
        InstrumentState(state=InstrumentMode.ONLINE, boot_id="boot-1", journal_id="j", seq=1, at=datetime.now(UTC))
    )

    class Heard(float):
        """When an instrument was heard; another one comes as soon as this is asked for."""

        def __rsub__(self, now: float) -> float:
            watch.saw(said("state", state, "press"))
            return now - float(self)

    monkeypatch.setattr(liveness.time, "monotonic", lambda: Heard(100.0))
    watch.saw(said("state", state))
    monkeypatch.setattr(liveness.time, "monotonic", lambda: 107.0)
    assert watch.ages() == {"stove": 7.0}
    assert watch.ages() == {"stove": 7.0, "press": 0.0}
