"""Outbox kinds `request` and `command`: publish what is committed, then record that it was published."""

from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from adapters.instruments.host import Host
from adapters.instruments.messages import Command
from controller.effects.runner import NotYet, mark_done
from controller.store import Store, Unit
from controller.store.change import change_attempt
from controller.store.tables import Attempt, Campaign, Instrument, Outbox
from controller.store.views import load_instruments


class Publisher:
    """Sends requests and commands over the host's connection."""

    def __init__(self, store: Store, host: Host) -> None:
        self._store = store
        self._host = host

    async def request(self, row: Outbox) -> None:
        """Publish an attempt's request unless that is no longer wanted, or no longer safe."""
        attempt_id = row.payload["attempt"]
        now = self._store.clock()
        attempt, wanted, allowed = await self._store.read(lambda session: _look(session, attempt_id, now))
        if wanted and not allowed:
            raise NotYet
        if wanted:
            await self._host.request(attempt.instrument, attempt.id, attempt.request)
        await self._store.write(lambda unit: _sent(unit, row, attempt_id, wanted), name="sent")

    async def command(self, row: Outbox) -> None:
        """Publish a command."""
        await self._host.command(row.payload["instrument"], _command(row))
        await self._store.write(lambda unit: mark_done(unit, row), name="command-sent")


def _look(session: Session, attempt_id: str, now: datetime) -> tuple[Attempt, bool, bool]:
    """The attempt, whether its request is still to be published, and whether that may be done now.

    With another journal nobody knows whether an earlier publication was carried out; the request would be refused
    there anyway, because it names its journal. Intake has seen the new journal and set `unknown`.
    """
    attempt = session.get_one(Attempt, attempt_id)
    campaign = session.get_one(Campaign, attempt.campaign_id)
    instrument = session.get_one(Instrument, attempt.instrument)
    wanted = (
        attempt.state == "created"
        and attempt.journal_id == instrument.journal_id
        and attempt.unknown is None
        and not attempt.cancel_asked
    )
    # Since the commit an operator may have stopped the instrument. A pause comes too late for what was dispatched.
    there = load_instruments(session, [attempt.instrument], now)[attempt.instrument]
    return attempt, wanted, there.obstacle is None and campaign.state != "aborting"


def _sent(unit: Unit, row: Outbox, attempt_id: str, published: bool) -> None:
    if not mark_done(unit, row):
        return
    attempt = unit.session.get_one(Attempt, attempt_id)
    if published and attempt.state == "created":  # the answer may have been quicker than this record
        change_attempt(unit, attempt, "send")


def _command(row: Outbox) -> Command:
    fields: dict[str, Any] = {key: value for key, value in row.payload.items() if key != "instrument"}
    return Command.model_validate({**fields, "at": datetime.now(UTC)})
