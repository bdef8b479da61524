"""Good messages of an instrument, to be damaged."""

from datetime import UTC, datetime

from adapters.instruments.messages import (
    AttemptState,
    AttemptStatus,
    Heartbeat,
    InstrumentMode,
    InstrumentState,
    Measurement,
    Message,
    Outcome,
    Result,
)
from tests.controller.stand import DESCRIPTION

AT = datetime(2026, 1, 1, tzinfo=UTC)


def seeds(attempt_id: str, digest: str) -> dict[str, list[Message]]:
    """Good messages by the last word of their topic."""
    who = {"boot_id": "boot-1", "journal_id": "journal-1"}
    values = [Measurement(channel="y", property="yield", value=0.7, unit="dimensionless", standard_error=0.01)]
    of = {"digest": digest, "measurements": values, "started_at": AT, "ended_at": AT, **who}
    return {
        "state": [InstrumentState(state=mode, seq=3, at=AT, **who) for mode in InstrumentMode],
        "description": [DESCRIPTION],
        "heartbeat": [Heartbeat(boot_id="boot-1", seq=9, at=AT, active=[attempt_id])],
        "status": [AttemptStatus(attempt_id=attempt_id, state=state, seq=3, at=AT, **who) for state in AttemptState],
        "result": [
            Result(attempt_id=name, outcome=outcome, **of) for name in (attempt_id, "unknown-1") for outcome in Outcome
        ],
    }
