"""Outbox kinds `request` and `command`: publish what is committed, then record that it was published."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from adapters.instruments.host import Host
from adapters.instruments.messages import Command
from controller.effects.runner import NotYet, mark_done
from controller.store import Store, Unit
from controller.store.change import change_attempt
from controller.store.tables import Attempt, Campaign, Instrument, Outbox
from controller.store.views import load_resources


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
            await self._host.request(attempt.resource, attempt.id, attempt.request)
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
    attempt, campaign_state, instrument = session.execute(_LOOK, {"attempt": attempt_id}).one()
    wanted = (
        attempt.state == "created"
        and attempt.journal_id == instrument.journal_id
        and attempt.unknown is None
        and not attempt.cancel_asked
    )
    # Since the commit an operator may have stopped the instrument. A pause comes too late for what was dispatched.
    there = load_resources(session, [attempt.resource], now)[attempt.resource]
    return attempt, wanted, there.obstacle is None and campaign_state != "aborting"


_LOOK = (
    select(Attempt, col(Campaign.state), Instrument)
    .join(Campaign, col(Campaign.id) == col(Attempt.campaign_id))
    .join(Instrument, col(Instrument.name) == col(Attempt.resource))
    .where(col(Attempt.id) == bindparam("attempt"))
)


def _sent(unit: Unit, row: Outbox, attempt_id: str, published: bool) -> None:
    if not mark_done(unit, row):
        return
    attempt = unit.session.get_one(Attempt, attempt_id)
    if published and attempt.state == "created":  # the answer may have been quicker than this record
        change_attempt(unit, attempt, "send")


def _command(row: Outbox) -> Command:
    fields: dict[str, Any] = {key: value for key, value in row.payload.items() if key != "instrument"}
    return Command.model_validate({**fields, "at": datetime.now(UTC)})
