"""A unit of work: what one transaction reads, changes and tells."""

import contextlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlmodel import Session, SQLModel, col
from ulid import ULID

from controller.loop.site_limits import Limits
from controller.store.chain import GENESIS, event_hash, row_digest, row_name
from controller.store.tables import Event, Outbox


class Chain:
    """The end of the event chain during one transaction; read once, then carried."""

    def __init__(self, session: Session) -> None:
        newest = select(col(Event.number), col(Event.hash)).order_by(col(Event.number).desc()).limit(1)
        self.number: int
        self.hash: str
        self.number, self.hash = session.execute(newest).one_or_none() or (0, GENESIS)


class Unit:
    """Handed to every function that writes. Each change of rows is told by an event in the same transaction.

    `now` is the wall clock at the start of the unit. `wakes` collects the campaigns that must decide in the
    same transaction.
    """

    def __init__(self, session: Session, chain: Chain, now: datetime, limits: Limits) -> None:
        self.session = session
        self.now = now
        self.limits = limits
        self.wakes: set[str] = set()
        self.everybody = False
        self.wanted: list[Outbox] = []
        self._chain = chain
        self._told: list[dict[str, Any]] = []

    @property
    def next_event(self) -> int:
        """The number that the next recorded event will have."""
        return self._chain.number + 1

    def record(
        self,
        kind: str,
        *rows: SQLModel,
        campaign_id: str | None = None,
        subject: str | None = None,
        actor: str | None = None,
        **data: Any,
    ) -> int:
        """Append the event that tells that `rows` were made or changed; returns its number."""
        self.session.add_all(rows)
        event: dict[str, Any] = {
            "number": self.next_event,
            "at": self.now,
            "kind": kind,
            "campaign_id": campaign_id,
            "subject": subject,
            "actor": actor,
            "data": data,
            "rows": {row_name(row): row_digest(row) for row in rows},
            "previous": self._chain.hash,
        }
        event["hash"] = event_hash(event)
        self._told.append(event)
        self._chain.number, self._chain.hash = event["number"], event["hash"]
        if campaign_id:
            self.wakes.add(campaign_id)
        return self._chain.number

    def wake(self, *campaigns: str) -> None:
        """Let these campaigns decide in this transaction."""
        self.wakes.update(campaigns)

    def wake_all(self) -> None:
        """Let every campaign decide in this transaction."""
        self.everybody = True

    def flush(self) -> None:
        """Send everything to the database, in as few statements as possible."""
        self.session.flush()
        if self._told:
            self.session.execute(insert(Event), self._told)
            self._told = []

    @contextlib.contextmanager
    def savepoint(self) -> Iterator[None]:
        """Keep all of what is done inside, or, when it raises, nothing of it."""
        self.flush()
        number, newest, wanted = self._chain.number, self._chain.hash, len(self.wanted)
        wakes, everybody = set(self.wakes), self.everybody
        try:
            with self.session.begin_nested():
                yield
                self.flush()
        except BaseException:
            self._chain.number, self._chain.hash = number, newest
            self._told = []
            del self.wanted[wanted:]
            self.wakes, self.everybody = wakes, everybody
            raise

    def outbox(self, kind: str, campaign_id: str | None = None, **payload: Any) -> None:
        """Want something done after the commit."""
        row = Outbox(kind=kind, campaign_id=campaign_id, payload=payload)
        self.session.add(row)
        self.wanted.append(row)

    @staticmethod
    def new_id() -> str:
        """A fresh lower-case ULID; no id is ever used again."""
        return str(ULID()).lower()
