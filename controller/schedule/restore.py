"""Put a backup in the place of the database. Nothing that may have happened since is done a second time by itself.

What an instrument did after the backup is unknown to the restored database. So everything waits for an operator: all
open campaigns are paused, and what had not been sent yet is withdrawn, because it may have been sent since. What was
under way is in doubt until its instrument says more.
"""

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlmodel import col

from controller.loop import CAMPAIGN, JOB, PROPOSAL
from controller.schedule.backup import Head, copy_database
from controller.store import Store, Unit
from controller.store.apply.proposals import withdraw
from controller.store.change import change_attempt, change_campaign, change_job
from controller.store.database import Lock, open_engine
from controller.store.schema import is_older, upgrade
from controller.store.tables import Attempt, Campaign, Instrument, Job, Proposal
from controller.store.views import enrolled, open_attempts_of

REASON = "restored from a backup"


class NotRestored(RuntimeError):
    """The backup cannot be used; the present database is as it was."""


@dataclass(frozen=True)
class Restored:
    """What was done: the state that is back, where the replaced database is now, and who waits for an operator."""

    head: Head
    kept: Path | None
    campaigns: list[str]
    withdrawn: int


async def restore(backup: Path, database: Path, now: datetime) -> Restored:
    """Replace the database by a backup; raises `LockedElsewhere` while a daemon runs, and `NotRestored`.

    Epochs, wishes and attempts go on from a number that is the moment in seconds. It is above all that were used since
    the backup, also by databases that were restored from it before: instruments ignore older epochs and wishes than
    they know, and no id of an attempt is used twice.
    """
    ahead = int(now.timestamp())
    engine = open_engine(f"sqlite:///{database}", writing=True)
    lock = Lock(engine)
    lock.take()
    try:
        fresh = database.with_name(f"{database.name}.restoring")
        head = _copy(backup, fresh, ahead)
        campaigns, withdrawn = await _make_safe(fresh, str(backup), head, ahead)
        kept = _put_aside(database, now)
        os.replace(fresh, database)
        _sync(database.parent)
        return Restored(head, kept, campaigns, withdrawn)
    finally:
        lock.release()
        engine.dispose()


def _copy(backup: Path, fresh: Path, ahead: int) -> Head:
    for leftover in (fresh, fresh.with_name(f"{fresh.name}-wal"), fresh.with_name(f"{fresh.name}-shm")):
        leftover.unlink(missing_ok=True)
    try:
        head = copy_database(backup, fresh)
        with closing(sqlite3.connect(fresh)) as copy:
            [found] = copy.execute("PRAGMA integrity_check(1)").fetchone()
            if found != "ok":
                raise NotRestored(f"{backup} is damaged: {found}")
            copy.execute("UPDATE epoch SET number = max(number, ?)", (ahead,))
            copy.commit()
    except (OSError, sqlite3.Error) as error:
        raise NotRestored(f"{backup} cannot be read as a backup of Tatara: {error}") from error
    return head


async def _make_safe(fresh: Path, backup: str, head: Head, ahead: int) -> tuple[list[str], int]:
    _upgrade(fresh)
    store = Store(f"sqlite:///{fresh}")
    try:
        await store.start()
        return await store.write(lambda unit: _hold_everything(unit, backup, head, ahead), name="restore")
    finally:
        await store.stop()
        fresh.with_name(f"{fresh.name}.lock").unlink(missing_ok=True)


def _upgrade(fresh: Path) -> None:
    """A backup may be of an earlier version."""
    engine = open_engine(f"sqlite:///{fresh}", writing=True)
    try:
        if is_older(engine):
            upgrade(engine)
    finally:
        engine.dispose()


def _hold_everything(unit: Unit, backup: str, head: Head, ahead: int) -> tuple[list[str], int]:
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
    if attempt.adapter == "instrument" and attempt.state != "doubtful":
        attempt.doubt = f"{REASON}: what became of it since then is not known"
        change_attempt(unit, attempt, "doubt", why=attempt.doubt)


def _put_aside(database: Path, now: datetime) -> Path | None:
    """Keep the present database under another name. The name itself is free only for the moment of one rename."""
    if not database.exists():
        return None
    kept = database.with_name(f"{database.stem}-replaced-{now:%Y%m%dT%H%M%SZ}{database.suffix}")
    _write_back(database)
    os.link(database, kept)
    for ending in ("-wal", "-shm"):  # there still, if the database is damaged
        beside = Path(f"{database}{ending}")
        if beside.exists():
            beside.rename(f"{kept}{ending}")
    return kept


def _write_back(database: Path) -> None:
    """Bring what stands in the WAL into the file; a damaged database is kept as it is, with its WAL."""
    try:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.DatabaseError:
        return


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
