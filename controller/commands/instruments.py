"""Commands on instruments: enrolment, arming, pause, e-stop and reset."""

from datetime import datetime

from adapters.broker.access import hash_password
from adapters.instruments.topics import HOST
from controller.access.actors import Actor, Role, new_secret
from controller.commands.errors import Conflict, Invalid, NotFound
from controller.commands.lookup import find
from controller.loop import INSTRUMENT
from controller.loop.instrument import REMOVED
from controller.spec import PEOPLE
from controller.store import Unit
from controller.store.tables import EStop, Instrument
from controller.store.views import enrolled, open_attempts


def enrol(unit: Unit, actor: Actor, name: str, *, simulated: bool) -> str:
    """Enrol an instrument; returns its password, which is shown once and stored as a hash only."""
    actor.require(Role.ADMIN)
    if name == PEOPLE:
        raise Invalid(f"{PEOPLE!r} stands for steps by hand; give the instrument another name")
    if name == HOST:
        raise Invalid(f"{HOST!r} is the topic of the daemon; give the instrument another name")
    password = new_secret()
    row = unit.session.get(Instrument, name)
    if row is None:
        row = Instrument(name=name, simulated=simulated, password_hash="")
    elif row.state != REMOVED:
        raise Conflict(f"instrument {name!r} is enrolled already")
    elif row.simulated != simulated:
        raise Conflict(f"{name!r} was {'simulated' if row.simulated else 'real'} before; take another name")
    else:
        row.state = INSTRUMENT.next(row.state, "enrol")
    row.password_hash = hash_password(password)
    unit.record("instrument.enrol", row, subject=name, actor=actor.name, simulated=simulated)
    unit.outbox("enrolment")
    return password


def remove(unit: Unit, actor: Actor, name: str, why: str) -> Instrument:
    """Let an instrument in no more. Its row and all that it did stay; what it still says is quarantined."""
    actor.require(Role.ADMIN)
    row = find_instrument(unit, name)
    if attempts := open_attempts(unit.session, name):
        raise Conflict(f"{name} has open attempts: {', '.join(each.id for each in attempts)}; end them first")
    row.state = INSTRUMENT.next(row.state, "remove")
    row.armed_by = row.armed_until = None
    unit.record("instrument.remove", row, subject=name, actor=actor.name, why=why)
    unit.outbox("enrolment")
    unit.wake_all()
    return row


def find_instrument(unit: Unit, name: str) -> Instrument:
    """An enrolled instrument; raises `NotFound`, also for one that was removed."""
    row = find(unit.session, Instrument, name)
    if row.state == REMOVED:
        raise NotFound(f"instrument {name!r} was removed")
    return row


def accept_description(unit: Unit, actor: Actor, name: str, digest: str) -> Instrument:
    """Accept a description that is wider than the one before; `digest` is that of the one that was shown."""
    actor.require(Role.ADMIN)
    row = find_instrument(unit, name)
    if row.description_digest != digest:
        raise Conflict(f"{name} describes itself otherwise than what was shown; look again")
    if bool(row.description.get("simulated")) != row.simulated:
        raise Invalid(f"{name} describes itself as simulated or real otherwise than it was enrolled")
    row.accepted_digest = row.description_digest
    unit.record("instrument.accept", row, subject=name, actor=actor.name)
    unit.wake_all()
    return row


def arm(unit: Unit, actor: Actor, name: str, until: datetime) -> Instrument:
    """Let a real instrument take work until a moment; an e-stop, a new boot or a changed description ends it."""
    actor.require(Role.OPERATOR)
    row = find_instrument(unit, name)
    if until <= unit.now:
        raise Invalid("the time until which it is armed has passed")
    row.armed_by, row.armed_until = actor.name, until
    unit.record("instrument.arm", row, subject=name, actor=actor.name, until=until.isoformat())
    unit.wake_all()
    return row


def disarm(unit: Unit, actor: Actor, name: str, why: str | None = None) -> Instrument:
    """Let it take no further work. Everyone signed in may."""
    row = find_instrument(unit, name)
    row.armed_by = row.armed_until = None
    unit.record("instrument.disarm", row, subject=name, actor=actor.name, why=why)
    return row


def set_paused(unit: Unit, actor: Actor, name: str, *, paused: bool, why: str) -> Instrument:
    """Want an instrument paused or not; numbered, so that an older wish never wins."""
    actor.require(Role.VIEWER if paused else Role.OPERATOR)
    row = find_instrument(unit, name)
    row.wanted_paused = paused
    row.wanted_number += 1
    action = "pause" if paused else "resume"
    unit.record(f"instrument.{action}", row, subject=name, actor=actor.name, why=why)
    unit.outbox("command", instrument=name, action=action, number=row.wanted_number, reason=why)
    unit.wake_all()
    return row


def record_estop(unit: Unit, actor: Actor, estop_id: str, instrument: str | None, why: str) -> EStop:
    """Latch an e-stop that has been published already. Everyone signed in may."""
    stopped = [find(unit.session, Instrument, instrument)] if instrument else enrolled(unit.session)
    for each in stopped:
        _disarm(unit, each)
    row = unit.session.get(EStop, estop_id) or EStop(id=estop_id, by=actor.name, reason=why, at=unit.now)
    # An instrument's own report of it may have been quicker, and could not tell whom it was for.
    row.instrument, row.by, row.reason = instrument, actor.name, why
    unit.record("estop", row, subject=estop_id, actor=actor.name, instrument=instrument, why=why)
    unit.wake_all()
    return row


def explain_estop(unit: Unit, actor: Actor, estop_id: str, why: str) -> EStop:
    """Say why an e-stop was pressed, which nobody is asked before. Everyone signed in may."""
    row = find(unit.session, EStop, estop_id)
    if not why.strip():
        raise Invalid("say why")
    if row.reason:
        raise Conflict(f"a reason was given already: {row.reason}")
    row.reason = why
    unit.record("estop.explain", row, subject=estop_id, actor=actor.name, why=why)
    return row


def _disarm(unit: Unit, row: Instrument) -> None:
    if row.armed_until is not None:
        row.armed_by = row.armed_until = None
        unit.record("instrument.disarm", row, subject=row.name)


def reset(unit: Unit, actor: Actor, estop_id: str, why: str) -> EStop:
    """End an e-stop, with a reason; the instruments are told which one."""
    actor.require(Role.OPERATOR)
    row = find(unit.session, EStop, estop_id)
    if row.reset_at is not None:
        raise Conflict(f"e-stop {estop_id} was reset already")
    if not why.strip():
        raise Invalid("a reset takes a reason")
    row.reset_by, row.reset_reason, row.reset_at = actor.name, why, unit.now
    unit.record("estop.reset", row, subject=estop_id, actor=actor.name, why=why)
    for instrument in enrolled(unit.session):  # one that does not hold it ignores it
        unit.outbox("command", instrument=instrument.name, action="reset", estops=[estop_id], reason=why)
    unit.wake_all()
    return row
