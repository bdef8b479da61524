"""Tasks: steps done by hand, and what the person who did one tells about it."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlmodel import Session, SQLModel, col

from controller.access.actors import Actor, Role
from controller.commands.doubts import FAILURES
from controller.commands.errors import Conflict, Invalid
from controller.commands.lookup import find
from controller.commands.values import entered
from controller.loop.attempt import ATTEMPT
from controller.store import Unit
from controller.store.change import change_attempt
from controller.store.tables import Attempt, Measurement


def open_tasks(session: Session) -> list[Attempt]:
    """Tasks that wait for somebody, oldest first."""
    query = select(Attempt).where(col(Attempt.adapter) == "person", col(Attempt.state).in_(ATTEMPT.open_states))
    return list(session.scalars(query.order_by(col(Attempt.made_at), col(Attempt.id))))


def measure(
    unit: Unit,
    actor: Actor,
    attempt_id: str,
    values: Mapping[str, tuple[float, str]],
    *,
    sample: str | None = None,
    why: str | None = None,
) -> Attempt:
    """Enter what a step by hand yielded; `values` is property -> (value, unit), `sample` the name of what it made."""
    attempt = _unanswered(unit, actor, attempt_id)
    rows = entered(unit, attempt, values, sample)
    attempt.outcome, attempt.reason = "ok", why
    _take(unit, actor, attempt, "succeed", rows, why)
    return attempt


def fail(unit: Unit, actor: Actor, attempt_id: str, kind: str, why: str | None = None) -> Attempt:
    """Record that a step by hand failed; what the kind says about the candidate is as with any instrument."""
    if kind not in FAILURES:
        raise Invalid(f"{kind!r} is no kind of failure; use one of {', '.join(FAILURES)}")
    attempt = _unanswered(unit, actor, attempt_id)
    attempt.outcome = attempt.failure = kind
    attempt.reason = why
    _take(unit, actor, attempt, "fail", [], why)
    return attempt


def _take(unit: Unit, actor: Actor, attempt: Attempt, event: str, rows: Sequence[SQLModel], why: str | None) -> None:
    """As of any instrument: what comes after the end is kept, marked late."""
    if not ATTEMPT.final(attempt.state):
        change_attempt(unit, attempt, event, *rows, actor=actor.name, why=why)
        return
    attempt.late = True
    for row in rows:
        if isinstance(row, Measurement):
            row.late = True
    unit.record(
        "attempt.late", attempt, *rows, campaign_id=attempt.campaign_id, subject=attempt.id, actor=actor.name, why=why
    )


def _unanswered(unit: Unit, actor: Actor, attempt_id: str) -> Attempt:
    actor.require(Role.OPERATOR)
    attempt = find(unit.session, Attempt, attempt_id)
    if attempt.adapter != "person":
        raise Conflict(f"attempt {attempt_id} runs on {attempt.resource}, which reports its results itself")
    if attempt.outcome is not None or attempt.state in ("succeeded", "failed"):
        raise Conflict(f"attempt {attempt_id} is {attempt.state} already")
    return attempt
