"""Messages that are refused: kept with the reason, so that nothing that was sent is lost and nothing of it counts."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlmodel import col

from controller.loop.instrument import REMOVED
from controller.store import Unit
from controller.store.tables import Instrument, Quarantine

KEPT_PER_HOUR = 1000
STATES_PER_HOUR = 3600


class Refused(ValueError):
    """The message must not take effect; the text says why, to its sender and to the operator."""


@dataclass(frozen=True)
class Said:
    """A message as it came: where from and what."""

    topic: str
    payload: bytes
    instrument: str | None = None
    attempt_id: str | None = None
    kind: str = "other"
    excess: bool = False  # its instrument says too much of itself


def known(unit: Unit, said: Said) -> Instrument:
    """Who said it; raises `Refused` for an instrument that is not enrolled, or no more."""
    row = unit.session.get(Instrument, said.instrument)
    if row is None or row.state == REMOVED:
        raise Refused(f"instrument {said.instrument!r} is not enrolled")
    return row


class Spoken:
    """Counts what each instrument says of itself: every state is an event, so that even good ones must be bounded."""

    def __init__(self) -> None:
        self._since = 0.0
        self._counts: Counter[str] = Counter()

    def is_excess(self, instrument: str | None, seconds: float) -> bool:
        """One more at this moment of a clock that only goes on; whether it is beyond 3,600 an hour."""
        if seconds - self._since > 3600:
            self._since, self._counts = seconds, Counter()
        self._counts[instrument or ""] += 1
        return self._counts[instrument or ""] > STATES_PER_HOUR


def quarantine(unit: Unit, said: Said, reason: str) -> bool:
    """Keep the message and the reason. Beyond 1,000 an hour from one instrument: pause it, and return False."""
    if _kept_lately(unit, said.instrument) >= KEPT_PER_HOUR:
        instrument = unit.session.get(Instrument, said.instrument) if said.instrument else None
        if instrument is not None:
            _stop_the_flood(unit, instrument)
        return False
    row = Quarantine(
        id=unit.new_id(),
        at=unit.now,
        topic=said.topic,
        instrument=said.instrument,
        attempt_id=said.attempt_id,
        reason=reason[:2000],
        digest=hashlib.sha256(said.payload).hexdigest(),
        payload=said.payload,
        size=len(said.payload),
    )
    unit.record("message.quarantine", row, subject=said.attempt_id or said.instrument, reason=row.reason)
    return True


def _kept_lately(unit: Unit, instrument: str | None) -> int:
    query = select(func.count()).where(
        col(Quarantine.instrument) == instrument, col(Quarantine.at) > unit.now - timedelta(hours=1)
    )
    return unit.session.scalar(query) or 0


def _stop_the_flood(unit: Unit, instrument: Instrument) -> None:
    """Told once, when it begins."""
    if instrument.wanted_paused:
        return
    instrument.wanted_paused = True
    instrument.wanted_number += 1
    unit.record("instrument.flood", instrument, subject=instrument.name, why=f"over {KEPT_PER_HOUR} refused an hour")
    unit.outbox("command", instrument=instrument.name, action="pause", number=instrument.wanted_number)
