"""Outbox kind `alert`: send one message to one receiver, at least once; its id is the same each time."""

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from adapters.receivers import Letter, NotDelivered, post, send_mail
from controller.access.alerts import AlertsSection, Mail, Webhook
from controller.effects.runner import mark_done
from controller.store import Store, StoreUnavailable, Unit
from controller.store.tables import Outbox

log = logging.getLogger("tatara.alerts")

PAUSES_S = (10.0, 60.0, 600.0, 3600.0, 4 * 3600.0, 12 * 3600.0)  # between the tries; then it is given up
AGAIN_S = 1.0
HEADINGS = {"new": "New", "again": "Still standing", "resolved": "Resolved"}


class Alerter:
    """Sends messages to the receivers of the site file."""

    def __init__(self, store: Store, section: AlertsSection, site: str) -> None:
        self._store = store
        self._section = section
        self._site = site

    async def alert(self, row: Outbox) -> None:
        """Deliver it; a receiver that cannot be reached is tried for some hours. A test is tried once."""
        receiver = self._section.receiver(row.payload["receiver"])
        if receiver is None:
            await self._failed(row, "it stands no longer in the site file", row.payload.get("tries", 0), ends=True)
            return
        tries = row.payload.get("tries", 0)
        pause: float | None = _rest_s(row.payload, self._store.clock())
        while pause is not None:
            await asyncio.sleep(pause)
            try:
                await self._send(receiver, row.payload)
            except NotDelivered as error:
                log.warning("receiver %s was not told: %s", receiver.name, error)
                tries += 1
                pause = None if row.payload["test"] or tries > len(PAUSES_S) else PAUSES_S[tries - 1]
                await self._failed(row, str(error), tries, ends=pause is None)
            else:
                await self._keep(lambda unit: _sent(unit, row))
                return

    async def _send(self, receiver: Webhook | Mail, payload: dict[str, Any]) -> None:
        if isinstance(receiver, Webhook):
            body = as_json(self._site, payload, self._section.console)
            key = _secret(receiver.key_file).encode()
            allow, ca_file = self._section.allow, receiver.ca_file
            await post(receiver.url, payload["id"], body, key, allow=allow, ca_file=ca_file)
        else:
            await self._mail(receiver, payload)

    async def _mail(self, receiver: Mail, payload: dict[str, Any]) -> None:
        login = None
        if receiver.username is not None and receiver.password_file is not None:
            login = (receiver.username, _secret(receiver.password_file))
        subject, text = as_text(self._site, payload, self._section.console)
        await send_mail(
            receiver.host,
            receiver.port,
            Letter(payload["id"], receiver.sender, tuple(receiver.to), subject, text),
            starttls=receiver.tls == "starttls",
            login=login,
            allow=self._section.allow,
            ca_file=receiver.ca_file,
        )

    async def _failed(self, row: Outbox, why: str, tries: int, *, ends: bool) -> None:
        await self._keep(lambda unit: _not_sent(unit, row, why, tries, ends))

    async def _keep(self, function: Callable[[Unit], None]) -> None:
        """Write down what became of it; a database that is away must not have the message sent again and again."""
        while True:
            try:
                await self._store.write(function, name="alert")
                return
            except StoreUnavailable as error:
                log.error("what became of an alert cannot be kept yet: %s", error)
                await asyncio.sleep(AGAIN_S)


def _rest_s(payload: dict[str, Any], now: datetime) -> float:
    """What is left of the pause after the last try, which was before a restart."""
    tries = min(payload.get("tries", 0), len(PAUSES_S))
    if not tries:
        return 0.0
    rested_s = (now - datetime.fromisoformat(payload["tried_at"])).total_seconds()
    return max(0.0, PAUSES_S[tries - 1] - max(0.0, rested_s))


def _secret(path: Path) -> str:
    """Read when it is needed, so that a new one counts at once."""
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise NotDelivered(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'no text'}") from None
    if not secret:
        raise NotDelivered(f"{path} is empty")
    return secret


def as_json(site: str, payload: dict[str, Any], console: str | None) -> bytes:
    """The body of a webhook."""
    kind = "test" if payload["test"] else "alerts"
    told = {"id": payload["id"], "site": site, "at": payload["at"], "kind": kind, "alerts": payload["alerts"]}
    return json.dumps({**told, **({"console": console} if console else {})}).encode()


def as_text(site: str, payload: dict[str, Any], console: str | None) -> tuple[str, str]:
    """Subject and text of an e-mail."""
    by_state = {
        state: [each for each in payload["alerts"] if each["state"] == state]
        for state in HEADINGS
        if any(each["state"] == state for each in payload["alerts"])
    }
    if payload["test"]:
        subject, lines = "test", ["This is a test. Nothing has happened."]
    else:
        subject = ", ".join(f"{len(found)} {HEADINGS[state].lower()}" for state, found in by_state.items())
        if len(payload["alerts"]) == 1:
            subject += f": {payload['alerts'][0]['text']}"
        lines = []
    for state, found in by_state.items():
        lines += [HEADINGS[state], *(f"- {each['text']} (since {each['since']})" for each in found), ""]
    return f"[Tatara {site}] {subject}"[:200], "\n".join([*lines, *([console] if console else [])]).strip() + "\n"


def _sent(unit: Unit, row: Outbox) -> None:
    if mark_done(unit, row):
        payload = row.payload
        unit.record("alert.sent", subject=payload["receiver"], message=payload["id"], test=payload["test"])


def _not_sent(unit: Unit, row: Outbox, why: str, tries: int, ends: bool) -> None:
    """Count the try where a restart finds it; the first and the last one are told."""
    kept = unit.session.get_one(Outbox, row.id)
    if kept.done_at is not None:
        return
    kept.payload = {**kept.payload, "tries": tries, "tried_at": unit.now.isoformat()}
    if ends:
        mark_done(unit, row)
    if ends or tries == 1:
        payload = row.payload
        unit.record(
            "alert.failed",
            subject=payload["receiver"],
            message=payload["id"],
            test=payload["test"],
            why=why,
            given_up=ends,
        )
