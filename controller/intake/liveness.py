"""Liveness: state and heartbeat age. Beats are kept in memory, for they are heard again; what they mean is a row."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session

from adapters.instruments.messages import Heartbeat, InstrumentMode, InstrumentState, MalformedMessage, parse
from controller.intake.quarantine import Said
from controller.intake.states import ask_for_open
from controller.loop import INSTRUMENT
from controller.loop.instrument import PRESENT
from controller.store import Store, StoreUnavailable, Unit
from controller.store.tables import Instrument
from controller.store.views import enrolled

log = logging.getLogger("tatara.intake")

CHECK_S = 1.0
MISSED_BEATS = 3
GRACE_S = 5.0


@dataclass
class _Beat:
    boot_id: str
    seq: int
    heard: float


class Liveness:
    """Knows when each instrument was heard last, and records when one falls silent or is heard again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._beats: Mapping[str, _Beat] = {}  # replaced and never changed: threads of readers look at it
        self._absent: set[str] = set()
        self.clocks: dict[str, float] = {}  # how far each instrument's clock is ahead of ours at its last beat, seconds

    def saw(self, said: Said) -> None:
        """A state proves presence as a heartbeat does; the first beat of a new boot comes later."""
        with contextlib.suppress(MalformedMessage):  # it will be quarantined
            state = parse(InstrumentState, said.payload)
            known = self._beats.get(said.instrument or "")
            if state.state is not InstrumentMode.OFFLINE and (known is None or known.boot_id != state.boot_id):
                self._note(said.instrument or "", _Beat(state.boot_id, state.seq, time.monotonic()))

    async def heard(self, said: Said) -> None:
        """Note a heartbeat; one from an instrument thought absent brings it back. Raises `MalformedMessage`."""
        beat = parse(Heartbeat, said.payload)
        name = said.instrument or ""
        known = self._beats.get(name)
        if known and known.boot_id == beat.boot_id and beat.seq <= known.seq:
            return
        self._note(name, _Beat(beat.boot_id, beat.seq, time.monotonic()))
        self.clocks[name] = (beat.at - datetime.now(UTC)).total_seconds()
        if name in self._absent:
            try:
                await self._store.write(lambda unit: _back(unit, name, beat.boot_id), name="heard-again")
            except StoreUnavailable as error:  # the next beat says the same
                log.error("liveness waits: %s", error)
                return
            self._absent.discard(name)

    def _note(self, name: str, beat: _Beat) -> None:
        self._beats = {**self._beats, name: beat}

    def ages(self) -> dict[str, float]:
        """Seconds since each instrument was heard last; empty after a start, until they are heard again."""
        now = time.monotonic()
        return {name: now - beat.heard for name, beat in self._beats.items()}

    async def run(self) -> None:
        """Look once a second who has fallen silent."""
        started = time.monotonic()
        while True:
            await asyncio.sleep(CHECK_S)
            try:
                rows = await self._store.read(_rows)
            except StoreUnavailable as error:
                log.error("liveness waits: %s", error)
                continue
            self._absent = {row.name for row in rows if row.state in ("offline", "lost")}
            for row in rows:
                if row.state in PRESENT and self._silent(row, started):
                    await self._record_loss(row.name)

    def _silent(self, row: Instrument, started: float) -> bool:
        allowed = MISSED_BEATS * float(row.description.get("heartbeat_s", 5.0)) + GRACE_S
        beat = self._beats.get(row.name)
        last = beat.heard if beat and beat.boot_id == row.boot_id else 0.0
        return time.monotonic() - max(last, started) > allowed

    async def _record_loss(self, name: str) -> None:
        try:
            await self._store.write(lambda unit: _lost(unit, name), name="lost")
        except StoreUnavailable as error:
            log.error("liveness waits: %s", error)


def _rows(session: Session) -> list[Instrument]:
    return list(enrolled(session))


def _lost(unit: Unit, name: str) -> None:
    instrument = unit.session.get_one(Instrument, name)
    if not INSTRUMENT.allows(instrument.state, "miss"):
        return
    instrument.state = INSTRUMENT.next(instrument.state, "miss")
    unit.record("instrument.lost", instrument, subject=name)
    unit.wake_all()


def _back(unit: Unit, name: str, boot_id: str) -> None:
    """A beat of the boot that we know proves presence; another boot will send its state first."""
    instrument = unit.session.get(Instrument, name)
    if instrument is None or instrument.boot_id != boot_id or instrument.state not in ("offline", "lost"):
        return
    instrument.state = INSTRUMENT.next(instrument.state, "appear")
    unit.record("instrument.state", instrument, subject=name, state=instrument.state)
    unit.wake_all()
    ask_for_open(unit, instrument)
