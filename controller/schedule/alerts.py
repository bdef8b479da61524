"""Alerts: after each commit, and when their time has come, it is decided what people are told."""

import asyncio
import contextlib
import logging
from datetime import datetime, timedelta

from sqlmodel import Session

from controller.access.alerts import AlertsSection
from controller.loop.alerting import Rhythm, Telling, tell
from controller.report.alerts import Found, alert_rows, causes, view_of
from controller.store import Committed, LostLock, Store, StoreUnavailable, Unit
from controller.store.tables import Alert

log = logging.getLogger("tatara.alerts")

BREATH_S = 1.0  # between two looks, so that many commits are one look
AFTER_A_FAULT = timedelta(minutes=1)
LOOK_AGAIN = timedelta(hours=1)  # the clock may have been set


def rhythm_of(section: AlertsSection) -> Rhythm:
    """How often people are told."""
    return Rhythm(timedelta(seconds=section.group), [timedelta(seconds=each) for each in section.repeat])


class Alerts:
    """Keeps the rows of alerts, and wants messages sent; it runs only where the site has receivers."""

    def __init__(self, store: Store, section: AlertsSection) -> None:
        self._store = store
        self._section = section
        self._event = asyncio.Event()
        self._event.set()
        store.on_commit(self._notice)

    def _notice(self, _committed: Committed) -> None:
        self._event.set()

    async def run(self) -> None:
        """Look after each commit, and when something is due, for ever."""
        wake_at: datetime | None = None
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._event.wait(), self._seconds_until(wake_at))
            self._event.clear()
            try:
                wake_at = await self.look()
            except StoreUnavailable as error:
                log.error("alerts wait: %s", error)
                self._event.set()
            except LostLock:
                raise
            except Exception:  # a fault of ours must cost alerts, not the daemon
                log.exception("it cannot be decided what people are told")
                wake_at = self._store.clock() + AFTER_A_FAULT
            await asyncio.sleep(BREATH_S)

    def _seconds_until(self, wake_at: datetime | None) -> float:
        now = self._store.clock()
        return max(0.0, (min(wake_at or now + LOOK_AGAIN, now + LOOK_AGAIN) - now).total_seconds())

    async def look(self) -> datetime | None:
        """Decide once, and write only if there is something to keep; returns when to look again."""
        now = self._store.clock()
        telling, wake_at = await self._store.read(lambda session: self._decide(session, now)[2:])
        if telling.changes:
            wake_at = await self._store.write(self._write, name="alerts")
        return wake_at

    def _decide(self, session: Session, now: datetime) -> tuple[Found, list[Alert], Telling, datetime | None]:
        found = causes(session, self._section.rules, now)
        rows = alert_rows(found)
        telling = tell([view_of(row) for row in rows], found.causes, now, rhythm_of(self._section))
        moments = [each for each in (found.wake_at, telling.wake_at) if each is not None]
        return found, rows, telling, min(moments, default=None)

    def _write(self, unit: Unit) -> datetime | None:
        found, rows, telling, wake_at = self._decide(unit.session, unit.now)
        if telling.changes:  # what was seen before may be over, or kept, by now
            keep(unit, found, rows, telling, self._section)
        return wake_at


def keep(unit: Unit, found: Found, rows: list[Alert], telling: Telling, section: AlertsSection) -> None:
    """Write down what was decided, and want its messages sent, in one transaction: nothing is told twice."""
    standing = {each.key: each for each in found.causes}
    opened = {row.key: row for row in rows if row.ended_at is None}
    for cause in telling.begin:
        opened[cause.key] = Alert(
            id=unit.new_id(),
            key=cause.key,
            rule=cause.rule,
            subject=cause.subject,
            text=cause.text,
            since=cause.since,
            seen_at=unit.now,
        )
    for key in telling.gone:
        opened[key].gone_at = unit.now
    for key in telling.back:
        opened[key].gone_at = None
    said = telling.say or {}
    for key in said:
        row = opened[key]
        row.times_sent, row.sent_at = row.times_sent + 1, unit.now
        row.text = standing[key].text if key in standing else row.text
    for key in telling.end:
        opened[key].ended_at = unit.now
    begun = [each.key for each in telling.begin]
    changed = dict.fromkeys([*begun, *telling.gone, *telling.back, *said, *telling.end])
    unit.record("alert.change", *(opened[key] for key in changed), said={key: said[key] for key in said})
    _want_sent(unit, [(state, opened[key]) for key, state in said.items()], section)


def _want_sent(unit: Unit, said: list[tuple[str, Alert]], section: AlertsSection) -> None:
    """One message for each receiver, of what it is to be told of."""
    for receiver in section.receivers:
        alerts = [
            {
                "state": state,
                "rule": row.rule,
                "subject": row.subject,
                "text": row.text,
                "since": (row.since or row.seen_at).isoformat(timespec="seconds"),
            }
            for state, row in said
            if row.rule in receiver.rules
        ]
        if alerts:
            at = unit.now.isoformat(timespec="seconds")
            unit.outbox("alert", receiver=receiver.name, id=unit.new_id(), at=at, test=False, alerts=alerts)
