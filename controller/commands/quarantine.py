"""Refused messages: an operator puts a corrected result in the place of one, or says that nothing comes of it."""

import hashlib

from adapters.instruments.messages import MalformedMessage
from controller.access.actors import Actor, Role
from controller.commands.errors import Conflict, Invalid
from controller.commands.lookup import find
from controller.intake.intake import read_topic
from controller.intake.quarantine import Refused, known
from controller.intake.results import take_result
from controller.store import Unit
from controller.store.tables import Attempt, Quarantine

DISCARDED = "discarded"


def discard(unit: Unit, actor: Actor, quarantine_id: str, why: str) -> Quarantine:
    """Nothing comes of the message; it is kept."""
    row = _open(unit, actor, quarantine_id)
    _settle(unit, actor, row, DISCARDED, why)
    return row


def accept(unit: Unit, actor: Actor, quarantine_id: str, payload: str, why: str) -> Quarantine:
    """Take a corrected result as if the instrument had sent it in the place of the refused one.

    Raises `Invalid` if it is refused again, for a reason that the text tells; then the refused one stays as it was.
    """
    row = _open(unit, actor, quarantine_id)
    # Half of a surrogate pair cannot be sent either; as bytes it is refused as no UTF-8.
    said = read_topic(row.topic, payload.encode("utf-8", "surrogatepass"))
    if said.kind != "result":
        raise Invalid("it was sent as no result: nothing can be put in its place, and it can only be discarded")
    try:
        known(unit, said)
        verdict = take_result(unit, said, actor=actor.name)
    except (Refused, MalformedMessage) as error:
        raise Invalid(f"refused again: {error}") from error
    _settle(unit, actor, row, verdict.value, why, corrected=hashlib.sha256(said.payload).hexdigest())
    return row


def _open(unit: Unit, actor: Actor, quarantine_id: str) -> Quarantine:
    actor.require(Role.OPERATOR)
    row = find(unit.session, Quarantine, quarantine_id)
    if row.settled_at is not None:
        raise Conflict(f"{row.settled_by} has settled it already: {row.settled_how}")
    return row


def _settle(unit: Unit, actor: Actor, row: Quarantine, how: str, why: str, **data: str) -> None:
    row.settled_at, row.settled_by, row.settled_how, row.settled_why = unit.now, actor.name, how, why
    attempt = unit.session.get(Attempt, row.attempt_id) if row.attempt_id else None
    unit.record(
        "message.settle",
        row,
        campaign_id=attempt.campaign_id if attempt is not None else None,
        subject=row.attempt_id or row.instrument,
        actor=actor.name,
        quarantine=row.id,
        how=how,
        why=why,
        **data,
    )
