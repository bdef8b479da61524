"""Attempts in doubt: an operator says what became of them, or has the instrument asked again."""

from sqlalchemy import select
from sqlmodel import Session, col

from controller.access.actors import Actor, Role
from controller.commands.errors import Conflict, Invalid
from controller.commands.lookup import find
from controller.intake.results import LARGEST
from controller.store import Unit
from controller.store.apply.attempts import report_attempts
from controller.store.change import change_attempt
from controller.store.specs import spec_of, units_of
from controller.store.tables import Attempt, Campaign, Measurement
from strategies.units import UnitError, check_unit, convert

FAILURES = ("failed-synthesis", "failed-measurement", "invalid", "lost")


def list_doubts(session: Session) -> list[Attempt]:
    """Attempts that wait for an operator, oldest first."""
    query = select(Attempt).where(col(Attempt.state) == "doubtful").order_by(col(Attempt.made_at))
    return list(session.scalars(query))


def ask_again(unit: Unit, actor: Actor, attempt_id: str, why: str) -> Attempt:
    """Ask the instrument once more; its answer, if it has one, ends the doubt."""
    attempt = _doubtful(unit, actor, attempt_id)
    attempt.asked_at = unit.now
    unit.record("attempt.ask", attempt, campaign_id=attempt.campaign_id, subject=attempt.id, actor=actor.name, why=why)
    report_attempts(unit, attempt.instrument, [attempt.id])
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


def value(unit: Unit, actor: Actor, attempt_id: str, values: dict[str, tuple[float, str]], why: str) -> Attempt:
    """Enter what the attempt yields, read by a person; `values` is property -> (value, unit)."""
    attempt = _doubtful(unit, actor, attempt_id)
    wanted = set(attempt.request.get("yields", []))
    if set(values) != wanted:
        raise Invalid(f"the step yields {', '.join(sorted(wanted)) or 'nothing'}; give exactly these")
    rows = [_row(unit, attempt, name, number, given) for name, (number, given) in values.items()]
    attempt.reason = why
    change_attempt(unit, attempt, "succeed", *rows, actor=actor.name, why=why)
    return attempt


def _row(unit: Unit, attempt: Attempt, name: str, number: float, given: str) -> Measurement:
    campaign = unit.session.get_one(Campaign, attempt.campaign_id)
    target = units_of(spec_of(unit.session, campaign)).get(name, given)
    try:
        converted = convert(number, check_unit(given), target)
    except UnitError as error:
        raise Invalid(f"{name}: {error}") from error
    if not abs(converted) <= LARGEST:
        raise Invalid(f"{name}: {number} {given} is beyond {LARGEST:g} {target}")
    return Measurement(
        id=f"{attempt.id}/{name}/operator",
        campaign_id=campaign.id,
        proposal_id=attempt.proposal_id,
        attempt_id=attempt.id,
        channel=name,
        place=0,
        property=name,
        value=converted,
        unit=target,
        origin="operator",
        simulated=campaign.simulated,
        event=unit.next_event,
    )


def _doubtful(unit: Unit, actor: Actor, attempt_id: str) -> Attempt:
    actor.require(Role.OPERATOR)
    attempt = find(unit.session, Attempt, attempt_id)
    if attempt.state != "doubtful":
        raise Conflict(f"attempt {attempt_id} is {attempt.state}, not in doubt")
    return attempt
