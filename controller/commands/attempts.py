"""Commands on one attempt that is under way."""

from controller.access.actors import Actor, Role
from controller.commands.errors import Conflict
from controller.commands.lookup import find
from controller.loop.attempt import UNDER_WAY
from controller.store import Unit
from controller.store.change import change_attempt
from controller.store.tables import Attempt


def cancel(unit: Unit, actor: Actor, attempt_id: str, why: str) -> Attempt:
    """Call one attempt off: no other is made in its place, and its proposal fails.

    It ends when the instrument says so. A result that it gives all the same counts. The candidate stays open: that
    somebody called the work off says nothing about it.
    """
    actor.require(Role.OPERATOR)
    attempt = find(unit.session, Attempt, attempt_id)
    if attempt.state not in UNDER_WAY:
        raise Conflict(f"attempt {attempt_id} is {attempt.state}: there is nothing to cancel")
    if attempt.cancel_asked and attempt.final:
        raise Conflict(f"attempt {attempt_id} is being cancelled already")
    attempt.cancel_asked = attempt.final = True
    if attempt.adapter == "person":  # a task is taken off the list
        attempt.reason = why
        change_attempt(unit, attempt, "cancel", actor=actor.name, why=why)
        return attempt
    unit.record(
        "attempt.cancel-asked",
        attempt,
        campaign_id=attempt.campaign_id,
        subject=attempt.id,
        actor=actor.name,
        why=why,
    )
    unit.outbox("command", instrument=attempt.resource, action="cancel", attempts=[attempt.id], reason=why)
    return attempt
