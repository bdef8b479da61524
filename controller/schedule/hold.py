"""What a restored database holds back until an operator has looked: whatever may have been done since its backup."""

from sqlalchemy import select
from sqlmodel import col

from controller.loop import CAMPAIGN, JOB, PROPOSAL
from controller.loop.attempt import UNDER_WAY
from controller.schedule.backup import Head
from controller.store import Unit
from controller.store.apply.proposals import withdraw
from controller.store.change import change_attempt, change_campaign, change_job
from controller.store.tables import Attempt, Campaign, Instrument, Job, Proposal
from controller.store.views import enrolled, open_attempts_of

REASON = "restored from a backup"


def hold_everything(unit: Unit, backup: str, head: Head, ahead: int) -> tuple[list[str], int]:
    """Pause, withdraw, disarm and doubt; returns the paused campaigns and how many proposals were withdrawn."""
    unit.record("store.restore", backup=backup, event=head.event, head=head.head)
    for instrument in enrolled(unit.session):
        _disarm(unit, instrument, ahead)
    rows = unit.session.scalars(select(Campaign).where(col(Campaign.state).in_(CAMPAIGN.open_states))).all()
    withdrawn = 0
    for campaign in rows:
        campaign.reason, campaign.attempts_from = REASON, ahead
        change_campaign(unit, campaign, "restore", reason=REASON)
        withdrawn += sum(_withdraw(unit, campaign, proposal) for proposal in _open_proposals(unit, campaign))
    return [row.name for row in rows], withdrawn


def _disarm(unit: Unit, instrument: Instrument, ahead: int) -> None:
    instrument.armed_by = instrument.armed_until = None
    instrument.wanted_number = max(instrument.wanted_number + 1, ahead)
    unit.record("instrument.restore", instrument, subject=instrument.name)


def _open_proposals(unit: Unit, campaign: Campaign) -> list[Proposal]:
    query = select(Proposal).where(
        col(Proposal.campaign_id) == campaign.id, col(Proposal.state).in_(PROPOSAL.open_states)
    )
    return list(unit.session.scalars(query.order_by(col(Proposal.number))))


def _withdraw(unit: Unit, campaign: Campaign, proposal: Proposal) -> bool:
    """End a proposal of which nothing is under way: its next attempt may have been made already."""
    if attempts := open_attempts_of(unit.session, proposal.id):
        for attempt in attempts:
            _doubt(unit, attempt)
        return False
    query = select(Job).where(col(Job.proposal_id) == proposal.id, col(Job.state).in_(JOB.open_states))
    for job in unit.session.scalars(query):
        change_job(unit, job, "cancel")
    withdraw(unit, campaign, proposal, "cancel")
    return True


def _doubt(unit: Unit, attempt: Attempt) -> None:
    """Its instrument is asked at once; what the journal still knows ends the doubt, the rest is for an operator.

    A result that was receipted after the backup has left the journal, and would be waited for until the deadline.
    """
    if attempt.adapter == "instrument" and attempt.state in UNDER_WAY:
        attempt.doubt = f"{REASON}: what became of it since then is not known"
        change_attempt(unit, attempt, "doubt", why=attempt.doubt)
