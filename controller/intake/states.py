"""States and descriptions: what an instrument says of itself."""

import hashlib
from collections.abc import Sequence

from adapters.instruments.messages import (
    Description,
    InstrumentMode,
    InstrumentState,
    canonical_json,
    parse,
)
from controller.intake.quarantine import STATES_PER_HOUR, Refused, Said, known
from controller.intake.statuses import nobody_knows
from controller.loop import INSTRUMENT
from controller.loop.instrument import SAID
from controller.loop.limits import is_wider
from controller.store import Unit
from controller.store.apply.attempts import report_attempts
from controller.store.tables import EStop, Instrument
from controller.store.views import enrolled, held_estops, open_attempts

BOOTS_KEPT = 20


def take_state(unit: Unit, said: Said) -> None:
    """Follow an instrument's state, unless it is older than what is known."""
    state = parse(InstrumentState, said.payload)
    instrument = known(unit, said)
    if state.boot_id in instrument.earlier_boots:
        return
    if instrument.boot_id == state.boot_id and state.seq <= instrument.seq:
        return
    if state.state is InstrumentMode.OFFLINE:
        if state.boot_id == instrument.boot_id:  # the will of another boot says nothing
            instrument.state, instrument.seq = INSTRUMENT.next(instrument.state, "leave"), state.seq
            _tell(unit, instrument)
        return
    same = (instrument.boot_id, instrument.journal_id) == (state.boot_id, state.journal_id)
    if said.excess and same and not state.estops and state.state is not InstrumentMode.ESTOPPED:
        raise Refused(f"more than {STATES_PER_HOUR} states and descriptions within an hour")
    returned = instrument.state in ("unseen", "offline", "lost") or instrument.boot_id != state.boot_id
    _follow(unit, instrument, state)
    if returned:
        ask_for_open(unit, instrument)
    assert_wanted(unit, instrument, state.wanted, state.estops)


def _follow(unit: Unit, instrument: Instrument, state: InstrumentState) -> None:
    if instrument.boot_id != state.boot_id:
        if instrument.boot_id is not None:
            instrument.earlier_boots = [*instrument.earlier_boots, instrument.boot_id][-BOOTS_KEPT:]
        if not instrument.simulated:
            instrument.armed_by = instrument.armed_until = None
    forgotten = instrument.journal_id not in (None, state.journal_id)
    instrument.state = INSTRUMENT.next(instrument.state, SAID[state.state.value])
    instrument.boot_id, instrument.journal_id, instrument.seq = state.boot_id, state.journal_id, state.seq
    instrument.said_at = unit.now
    _tell(unit, instrument)
    if forgotten:
        for attempt in open_attempts(unit.session, instrument.name):
            if attempt.journal_id != state.journal_id:
                nobody_knows(unit, attempt, "the instrument has a new journal")


def _tell(unit: Unit, instrument: Instrument) -> None:
    unit.record("instrument.state", instrument, subject=instrument.name, state=instrument.state)
    unit.wake_all()


def ask_for_open(unit: Unit, instrument: Instrument) -> None:
    """Want to hear what became of everything that it may have, in parts that fit into one message."""
    names = [attempt.id for attempt in open_attempts(unit.session, instrument.name)]
    for start in range(0, len(names), 500):
        report_attempts(unit, instrument.name, names[start : start + 500])


def assert_wanted(unit: Unit, instrument: Instrument, obeyed: int, estops: Sequence[str]) -> None:
    """Say again what is wanted where the instrument does not know it yet: pause or resume, e-stop, reset."""
    if obeyed < instrument.wanted_number:
        action = "pause" if instrument.wanted_paused else "resume"
        unit.outbox("command", instrument=instrument.name, action=action, number=instrument.wanted_number)
    held = [stop.id for stop in held_estops(unit.session) if stop.instrument in (None, instrument.name)]
    for missing in set(held) - set(estops):
        unit.outbox("command", instrument=instrument.name, action="estop", id=missing)
    ended = []
    for name in estops:
        row = unit.session.get(EStop, name)
        if row is None:
            _pressed_there(unit, instrument, name)
        elif row.reset_at is not None:
            ended.append(name)
        elif row.instrument not in (None, instrument.name):
            _meant_for_all(unit, row)
    if ended:
        unit.outbox("command", instrument=instrument.name, action="reset", estops=ended)


def _pressed_there(unit: Unit, instrument: Instrument, name: str) -> None:
    """Somebody stopped the instrument at the instrument: it holds here too until an operator resets it."""
    row = EStop(
        id=name, instrument=instrument.name, by=instrument.name, reason="stopped at the instrument", at=unit.now
    )
    instrument.armed_by = instrument.armed_until = None
    unit.record("estop", row, instrument, subject=name)


def _meant_for_all(unit: Unit, row: EStop) -> None:
    """A second instrument holds the same stop: it was for all of them, which the first one's report could not tell."""
    row.instrument = None
    unit.record("estop.widen", row, subject=row.id)


def take_description(unit: Unit, said: Said) -> None:
    """Keep the description; a wider one waits for an admin, a changed one disarms."""
    description = parse(Description, said.payload)
    instrument = known(unit, said)
    plain = description.model_dump(mode="json", exclude_none=True)
    digest = hashlib.sha256(canonical_json(plain).encode()).hexdigest()
    if digest == instrument.description_digest:
        return
    if said.excess:
        raise Refused(f"more than {STATES_PER_HOUR} states and descriptions within an hour")
    accepted = _may_be_accepted(instrument, description)
    if instrument.description_digest is not None and not instrument.simulated:
        instrument.armed_by = instrument.armed_until = None
    instrument.description, instrument.description_digest = plain, digest
    if accepted:
        instrument.accepted_digest = digest
    unit.record("instrument.description", instrument, subject=instrument.name, accepted=accepted)
    unit.wake_all()


def _may_be_accepted(instrument: Instrument, new: Description) -> bool:
    """The first description comes with the enrolment; a later one may only narrow what was accepted."""
    if new.simulated != instrument.simulated:
        return False
    if instrument.accepted_digest is None:
        return instrument.description_digest is None
    if instrument.accepted_digest != instrument.description_digest:
        return False
    return not is_wider(Description.model_validate(instrument.description), new)


def after_connecting(unit: Unit) -> None:
    """At every connect: assert again what is wanted, and ask for everything that is open; no message is trusted."""
    for instrument in enrolled(unit.session):
        ask_for_open(unit, instrument)
        assert_wanted(unit, instrument, 0, ())
