"""Actions on attempts."""

from controller.loop.actions import AbandonAttempt, AskInstrument, CancelAttempt, DoubtAttempt
from controller.store.change import change_attempt
from controller.store.tables import Attempt, Campaign
from controller.store.unit import Unit


def ask(unit: Unit, campaign: Campaign, action: AskInstrument) -> None:
    """Send `report-attempts` for it."""
    attempt = unit.session.get_one(Attempt, action.attempt_id)
    attempt.asked_at = unit.now
    unit.record("attempt.ask", attempt, campaign_id=campaign.id, subject=attempt.id)
    report_attempts(unit, attempt.resource, [attempt.id])


def cancel(unit: Unit, campaign: Campaign, action: CancelAttempt) -> None:
    """Send `cancel` for it; it ends when the instrument says so. A task by hand is taken off the list."""
    attempt = unit.session.get_one(Attempt, action.attempt_id)
    attempt.cancel_asked = True
    if attempt.adapter != "instrument":
        change_attempt(unit, attempt, "cancel")
        return
    unit.record("attempt.cancel-asked", attempt, campaign_id=campaign.id, subject=attempt.id)
    unit.outbox("command", instrument=attempt.resource, action="cancel", attempts=[attempt.id])


def doubt(unit: Unit, campaign: Campaign, action: DoubtAttempt) -> None:
    """Only an operator can say what became of it."""
    attempt = unit.session.get_one(Attempt, action.attempt_id)
    attempt.doubt, attempt.unknown = action.why, None
    change_attempt(unit, attempt, "doubt", why=action.why)


def abandon(unit: Unit, campaign: Campaign, action: AbandonAttempt) -> None:
    """Give it up; what comes all the same is kept as late."""
    attempt = unit.session.get_one(Attempt, action.attempt_id)
    attempt.reason = action.why
    change_attempt(unit, attempt, "abandon", why=action.why)


def report_attempts(unit: Unit, instrument: str, attempts: list[str]) -> None:
    """Want the instrument asked what its journal says about these attempts."""
    unit.outbox("command", instrument=instrument, action="report-attempts", attempts=attempts)
