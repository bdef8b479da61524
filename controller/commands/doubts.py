"""Attempts in doubt: an operator says what became of them, or has the instrument asked again."""

from sqlalchemy import select
from sqlmodel import Session, col

from controller.access.actors import Actor, Role
from controller.commands.errors import Conflict, Invalid
from controller.commands.lookup import find
from controller.commands.values import Given, entered, unmeasured
from controller.store import Unit
from controller.store.apply.attempts import report_attempts
from controller.store.change import change_attempt
from controller.store.tables import Attempt

FAILURES = ("failed-synthesis", "failed-measurement", "invalid", "lost")


def list_doubts(session: Session, limit: int | None = None) -> list[Attempt]:
    """Attempts that wait for an operator, oldest first."""
    query = select(Attempt).where(col(Attempt.state) == "doubtful").order_by(col(Attempt.made_at), col(Attempt.id))
    return list(session.scalars(query.limit(limit)))


def ask_again(unit: Unit, actor: Actor, attempt_id: str, why: str) -> Attempt:
    """Ask the instrument once more; its answer, if it has one, ends the doubt."""
    attempt = _doubtful(unit, actor, attempt_id)
    if attempt.adapter != "instrument":
        raise Invalid("this step is done by hand: no instrument can be asked; use repeat, fail or value")
    attempt.asked_at = unit.now
    unit.record("attempt.ask", attempt, campaign_id=attempt.campaign_id, subject=attempt.id, actor=actor.name, why=why)
    report_attempts(unit, attempt.resource, [attempt.id])
    return attempt


def repeat(unit: Unit, actor: Actor, attempt_id: str, why: str) -> Attempt:
    """Make a new attempt with the same replicate number; a late answer to the old one is kept and does not count."""
    attempt = _doubtful(unit, actor, attempt_id)
    attempt.repeat = True
    attempt.reason = why
    change_attempt(unit, attempt, "abandon", actor=actor.name, why=why)
    return attempt


def fail(unit: Unit, actor: Actor, attempt_id: str, why: str, kind: str = "failed-measurement") -> Attempt:
    """Record it as failed, for good."""
    if kind not in FAILURES:
        raise Invalid(f"{kind!r} is no kind of failure; use one of {', '.join(FAILURES)}")
    attempt = _doubtful(unit, actor, attempt_id)
    attempt.failure, attempt.final, attempt.reason = kind, True, why
    change_attempt(unit, attempt, "fail", actor=actor.name, why=why, failure=kind)
    return attempt


def value(
    unit: Unit,
    actor: Actor,
    attempt_id: str,
    values: dict[str, Given],
    why: str,
    sample: str | None = None,
) -> Attempt:
    """Enter what the attempt yields, read by a person; `values` is property -> (value, unit), `sample` what it made."""
    attempt = _doubtful(unit, actor, attempt_id)
    rows = entered(unit, attempt, values, unmeasured(unit.session, attempt), sample)
    attempt.reason = why
    change_attempt(unit, attempt, "succeed", *rows, actor=actor.name, why=why)
    return attempt


def _doubtful(unit: Unit, actor: Actor, attempt_id: str) -> Attempt:
    actor.require(Role.OPERATOR)
    attempt = find(unit.session, Attempt, attempt_id)
    if attempt.state != "doubtful":
        raise Conflict(f"attempt {attempt_id} is {attempt.state}, not in doubt")
    return attempt
