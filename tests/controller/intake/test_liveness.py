"""When each instrument was heard last, for those who look."""

from datetime import UTC, datetime

import pytest

from adapters.instruments.messages import Heartbeat, InstrumentMode, InstrumentState, encode
from controller.intake import liveness
from controller.intake.quarantine import Said


def said(kind: str, payload: bytes) -> Said:
    return Said(f"stove/{kind}", payload, "stove", None, kind)


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
