"""Statuses: what an instrument's journal knows about an attempt."""

from adapters.instruments.messages import AttemptState, AttemptStatus, Refusal, parse
from controller.intake.quarantine import Refused, Said
from controller.loop import ATTEMPT
from controller.store import Unit
from controller.store.change import change_attempt
from controller.store.tables import Attempt

# Repeating the same request elsewhere or later would be refused for the same reason.
_FOR_GOOD = (Refusal.UNKNOWN_CAPABILITY, Refusal.INVALID_PARAMETER, Refusal.MALFORMED)


def take_status(unit: Unit, said: Said) -> None:
    """Take an attempt one step further, if this status is news; raises `Refused` or `MalformedMessage`."""
    status = parse(AttemptStatus, said.payload)
    if status.attempt_id != said.attempt_id:
        raise Refused(f"the topic names attempt {said.attempt_id}, the message {status.attempt_id}")
    attempt = unit.session.get(Attempt, status.attempt_id)
    if attempt is None:
        raise Refused(f"attempt {status.attempt_id} is not known here")
    if attempt.instrument != said.instrument:
        raise Refused(f"attempt {attempt.id} was sent to {attempt.instrument}, not to {said.instrument}")
    if ATTEMPT.final(attempt.state) or _is_old(attempt, status):
        return
    attempt.said_boot, attempt.said_seq = status.boot_id, status.seq
    _take(unit, attempt, status)


def _is_old(attempt: Attempt, status: AttemptStatus) -> bool:
    return attempt.said_boot == status.boot_id and status.seq <= attempt.said_seq


def _take(unit: Unit, attempt: Attempt, status: AttemptStatus) -> None:
    match status.state:
        case AttemptState.UNKNOWN:
            _denied(unit, attempt, status)
        case AttemptState.REFUSED:
            _refused(unit, attempt, status)
        case AttemptState.INTERRUPTED:
            nobody_knows(unit, attempt, "it broke off while the instrument was working on it")
        case AttemptState.FINISHED:
            pass  # its result is on the way
        case AttemptState.ACCEPTED:
            _move(unit, attempt, "accept", status)
        case AttemptState.RUNNING | AttemptState.HOLDING:
            _move(unit, attempt, "run", status)
        case AttemptState.EXPIRED:
            _move(unit, attempt, "expire", status)
        case AttemptState.CANCELLED:
            _move(unit, attempt, "cancel", status)


def _move(unit: Unit, attempt: Attempt, event: str, status: AttemptStatus) -> None:
    """Carry out a transition that is possible and changes something; what is late or repeated does neither."""
    if ATTEMPT.allows(attempt.state, event) and ATTEMPT.next(attempt.state, event) != attempt.state:
        attempt.reason = status.reason
        change_attempt(unit, attempt, event, reason=status.reason)


def _denied(unit: Unit, attempt: Attempt, status: AttemptStatus) -> None:
    """The journal has never seen it. Only the journal it was meant for can prove that it never ran."""
    if status.journal_id != attempt.journal_id:
        nobody_knows(unit, attempt, "the instrument's journal is not the one that it was sent to")
    elif attempt.state not in ("created", "sent"):
        return  # older than the acceptance that we know of; if not, silence will show it
    elif unit.now < attempt.start_before:
        change_attempt(unit, attempt, "deny")
        unit.outbox("request", attempt.campaign_id, attempt=attempt.id)
    elif not attempt.cancel_asked:
        # The request may still be on the wire; the cancel makes sure that it is not run when it arrives.
        attempt.cancel_asked = True
        unit.record("attempt.cancel-asked", attempt, campaign_id=attempt.campaign_id, subject=attempt.id)
        unit.outbox("command", instrument=attempt.instrument, action="cancel", attempts=[attempt.id])


def _refused(unit: Unit, attempt: Attempt, status: AttemptStatus) -> None:
    if status.refusal is Refusal.OTHER_JOURNAL:
        nobody_knows(unit, attempt, "the instrument's journal is not the one that it was sent to")
    elif status.refusal is Refusal.OTHER_DIGEST:
        nobody_knows(unit, attempt, "the instrument holds another request under this id")
    elif status.refusal is Refusal.CANCELLED_BEFORE:
        _move(unit, attempt, "cancel", status)
    else:
        attempt.failure = "refused"
        attempt.final = status.refusal in _FOR_GOOD
        _move(unit, attempt, "refuse", status)


def nobody_knows(unit: Unit, attempt: Attempt, why: str) -> None:
    """Leave it to the step's `on_unknown`, which the next decision applies."""
    if attempt.state == "doubtful" or attempt.unknown is not None:
        return
    attempt.unknown = why
    unit.record("attempt.unknown", attempt, campaign_id=attempt.campaign_id, subject=attempt.id, why=why)
