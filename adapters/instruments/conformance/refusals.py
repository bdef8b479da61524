"""Requests that must not run."""

from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.instruments.conformance.findings import Check, NotConforming, demand
from adapters.instruments.conformance.parameters import unfitting
from adapters.instruments.conformance.subject import Subject
from adapters.instruments.conformance.talk import Sent
from adapters.instruments.messages import Action, AttemptState, AttemptStatus, Refusal, canonical_json


async def expired(subject: Subject) -> str:
    """`start_before` is past."""
    sent = await subject.ask(start_before=(datetime.now(UTC) - timedelta(minutes=1)).isoformat())
    status = await subject.status(sent, *AttemptState)
    demand(status.state is AttemptState.EXPIRED, f"answered by {status.state}; is its clock right?")
    demand(status.refusal is None, "`expired` has no refusal")
    return "expired"


async def other_journal(subject: Subject) -> str:
    """The request was meant for a memory that is gone."""
    await _refused(subject, Refusal.OTHER_JOURNAL, journal_id="j-of-another-life")
    return "refused other-journal"


async def unknown_capability(subject: Subject) -> str:
    """The description has none of this name."""
    await _refused(subject, Refusal.UNKNOWN_CAPABILITY, capability="notDescribed", parameters={})
    return "refused unknown-capability"


async def invalid_parameters(subject: Subject) -> str:
    """Every parameter missing, in another unit, outside its limits; and one too many."""
    tried = []
    for order in subject.orders:
        for fault, parameters in unfitting(order):
            try:
                sent = await subject.ask(order, parameters=parameters)
                await _judge(subject, sent, Refusal.INVALID_PARAMETER)
            except NotConforming as seen:
                raise NotConforming(f"{order.capability} with {fault}: {seen}") from None
            tried.append(fault)
    return f"refused {len(tried)} times: " + ", ".join(tried[:4]) + (", ..." if len(tried) > 4 else "")


async def malformed(subject: Subject) -> str:
    """Not JSON, a field that the schema does not know, a wrong value, another attempt_id than the topic's."""
    good = (await _unsent(subject)).fields
    broken: list[bytes | dict[str, Any]] = [b"{broken", {"colour": "red"}, {"timeout_s": -1}, {"attempt_id": "other"}]
    for fault in broken:
        sent = Sent({**good, "attempt_id": subject.talk.new_id()}, subject.talk.heard.place)
        payload = fault if isinstance(fault, bytes) else _json({**sent.fields, **fault})
        await subject.talk.send(sent.id, payload)
        try:
            await _judge(subject, sent, Refusal.MALFORMED)
        except NotConforming as seen:
            raise NotConforming(f"{fault!r}: {seen}") from None
    return f"refused {len(broken)} times"


async def for_ever(subject: Subject) -> str:
    """A refused id stays refused, also when the request is good the second time."""
    sent = await subject.ask(capability="notDescribed", parameters={})
    await _judge(subject, sent, Refusal.UNKNOWN_CAPABILITY)
    await _judge(subject, await subject.talk.repeat(sent), Refusal.UNKNOWN_CAPABILITY)
    return "refused again, for the same reason"


async def cancelled_before(subject: Subject) -> str:
    """A cancel that overtook its request."""
    attempt_id = subject.talk.new_id()
    place = await subject.talk.command(Action.CANCEL, attempts=[attempt_id], reason="conformance test")
    status = await subject.refused(Sent({"attempt_id": attempt_id}, place), Refusal.CANCELLED_BEFORE)
    demand(status.digest is None, "it names a digest of a request that it has not seen")
    sent = await subject.ask(attempt_id=attempt_id)
    await _judge(subject, sent, Refusal.CANCELLED_BEFORE)
    return "refused cancelled-before, and so is the request behind it"


async def _refused(subject: Subject, refusal: Refusal, **fields: Any) -> AttemptStatus:
    return await _judge(subject, await subject.ask(**fields), refusal)


async def _judge(subject: Subject, sent: Sent, refusal: Refusal) -> AttemptStatus:
    """The answer to a request that must not run; raises `NotConforming`."""
    status = await subject.status(sent, *AttemptState)
    demand(status.state is AttemptState.REFUSED, f"answered by {status.state}")
    await subject.refused(sent, refusal)
    if refusal not in (Refusal.MALFORMED, Refusal.CANCELLED_BEFORE):
        demand(status.digest == sent.digest, f"the status has the digest {status.digest}")
    return status


async def _unsent(subject: Subject) -> Sent:
    """A good request's fields, from one that is sent and refused."""
    return await subject.ask(journal_id="j-of-another-life")


def _json(fields: dict[str, Any]) -> bytes:
    return canonical_json(fields).encode()


CHECKS = [
    Check("17", "start_before is past: expired", expired),
    Check("17", "meant for another journal: refused", other_journal),
    Check("17", "unknown capability: refused", unknown_capability),
    Check("17", "parameter missing, unknown, in another unit or outside its limits: refused", invalid_parameters),
    Check("16", "a malformed request: refused", malformed),
    Check("17", "what was refused stays refused", for_ever),
    Check("29", "cancel of an id never seen: the request behind it is refused", cancelled_before),
]
