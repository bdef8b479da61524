"""Statuses: what an instrument's journal knows about an attempt."""

from datetime import datetime

from adapters.instruments.messages import AttemptState, AttemptStatus, Refusal, parse
from controller.intake.quarantine import Refused, Said
from controller.loop import ATTEMPT
from controller.loop.attempt import grace
from controller.store import Unit
from controller.store.change import change_attempt
from controller.store.tables import Attempt
from controller.store.views import held_estops

_FOR_GOOD = (Refusal.UNKNOWN_CAPABILITY, Refusal.INVALID_PARAMETER, Refusal.MALFORMED)


def take_status(unit: Unit, said: Said) -> None:
    """Take an attempt one step further, if this status is news; raises `Refused` or `MalformedMessage`."""
    status = parse(AttemptStatus, said.payload)
    if status.attempt_id != said.attempt_id:
        raise Refused(f"the topic names attempt {said.attempt_id}, the message {status.attempt_id}")
    attempt = unit.session.get(Attempt, status.attempt_id)
    if attempt is None:
        raise Refused(f"attempt {status.attempt_id} is not known here")
    if attempt.resource != said.instrument:
        raise Refused(f"attempt {attempt.id} was sent to {attempt.resource}, not to {said.instrument}")
    if ATTEMPT.final(attempt.state) or attempt.result_digest is not None or _is_old(attempt, status):
        return  # once its result is here, its journal knows nothing that we do not
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
            nobody_knows(unit, attempt, "it broke off while the instrument was working on it", status)
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


def _heard(attempt: Attempt, status: AttemptStatus) -> None:
    """Note which status was taken, together with what it changes."""
    attempt.said_boot, attempt.said_seq = status.boot_id, status.seq


def _move(unit: Unit, attempt: Attempt, event: str, status: AttemptStatus) -> None:
    """Carry out a transition that is possible and changes something; what is late or repeated does neither."""
    if attempt.state == "doubtful" and event in ("accept", "run") and _out_of_time(attempt, unit.now):
        return  # it would be doubted again at once
    after = ATTEMPT.next(attempt.state, event) if ATTEMPT.allows(attempt.state, event) else attempt.state
    if after != attempt.state:
        _heard(attempt, status)
        attempt.reason = reason = _reason(unit, attempt, status)
        if event == "refuse":
            # Repeating the same request elsewhere or later would be refused for the same reason.
            attempt.failure, attempt.final = "refused", status.refusal in _FOR_GOOD
        change_attempt(unit, attempt, event, reason=reason)
    if attempt.cancel_asked and not ATTEMPT.final(attempt.state):
        cancel_again(unit, attempt)  # the first cancel may have been lost on the way


def _reason(unit: Unit, attempt: Attempt, status: AttemptStatus) -> str | None:
    """As the instrument says it; of an e-stop it knows a number alone, and here it is known whose it is."""
    if status.refusal is Refusal.ESTOPPED:
        for stop in held_estops(unit.session):
            if stop.instrument in (None, attempt.resource):
                where = "all instruments" if stop.instrument is None else stop.instrument
                return f"an emergency stop holds, of {stop.by} for {where}: {stop.reason}"
    return status.reason


def _out_of_time(attempt: Attempt, now: datetime) -> bool:
    return now >= attempt.deadline + grace(attempt.request["timeout_s"])


def _denied(unit: Unit, attempt: Attempt, status: AttemptStatus) -> None:
    """The journal has never seen it. Only the journal it was meant for can prove that it never ran."""
    if status.journal_id != attempt.journal_id:
        nobody_knows(unit, attempt, "the instrument's journal is not the one that it was sent to", status)
    elif attempt.cancel_asked:
        cancel_again(unit, attempt)
    elif attempt.state == "sent" and unit.now < attempt.start_before:
        _heard(attempt, status)
        change_attempt(unit, attempt, "deny")
        unit.outbox("request", attempt.campaign_id, attempt=attempt.id)
    elif attempt.state in ("sent", "doubtful") or (attempt.state == "created" and unit.now >= attempt.start_before):
        # The request may still be on the wire; the cancel makes sure that it is not run when it arrives.
        _heard(attempt, status)
        attempt.cancel_asked = True
        unit.record("attempt.cancel-asked", attempt, campaign_id=attempt.campaign_id, subject=attempt.id)
        cancel_again(unit, attempt)
    # `created`: its request is still to be published. Otherwise older than the acceptance that we know of; if not,
    # silence will show it.


def cancel_again(unit: Unit, attempt: Attempt) -> None:
    """Want the cancel sent; the instrument's answer ends the attempt."""
    unit.outbox("command", instrument=attempt.resource, action="cancel", attempts=[attempt.id])


def _refused(unit: Unit, attempt: Attempt, status: AttemptStatus) -> None:
    if status.refusal is Refusal.OTHER_JOURNAL:
        nobody_knows(unit, attempt, "the instrument's journal is not the one that it was sent to", status)
    elif status.refusal is Refusal.OTHER_DIGEST:
        nobody_knows(unit, attempt, "the instrument holds another request under this id", status)
    elif status.refusal is Refusal.CANCELLED_BEFORE:
        _move(unit, attempt, "cancel", status)
    else:
        _move(unit, attempt, "refuse", status)


def nobody_knows(unit: Unit, attempt: Attempt, why: str, status: AttemptStatus | None = None) -> None:
    """Leave it to the step's `on_unknown`, which the next decision applies."""
    if attempt.state == "doubtful" or attempt.unknown is not None:
        return  # nothing new
    if status is not None:
        _heard(attempt, status)
    attempt.unknown = why
    unit.record("attempt.unknown", attempt, campaign_id=attempt.campaign_id, subject=attempt.id, why=why)
