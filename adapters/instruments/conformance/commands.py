"""Cancelling, asking, pausing, and the host's absence."""

import asyncio
from datetime import UTC, datetime, timedelta

from adapters.instruments.conformance.findings import Check, NotTested, demand
from adapters.instruments.conformance.subject import Subject, outcome
from adapters.instruments.messages import Action, AttemptState, InstrumentMode, OnHostLost, Outcome

_SHORT_S = 1.0
_BRIEF_S = 0.05


async def unseen(subject: Subject) -> str:
    """The journal says what it does not know."""
    await subject.talk.settled()
    return "unknown"


async def asks_for_nothing(subject: Subject) -> str:
    """An empty list and a cancel without names touch nothing."""
    place = await subject.talk.command(Action.REPORT_ATTEMPTS, attempts=[])
    await subject.talk.command(Action.CANCEL)
    await subject.talk.settled()
    said = [each for each in subject.talk.heard.since(place) if each.attempt_id in subject.talk.sent]
    demand(not said, f"it spoke of {', '.join(str(each.attempt_id) for each in said)}")
    return "nothing was said"


async def unreadable(subject: Subject) -> str:
    """What cannot be read is ignored, and the next command is obeyed."""
    for payload in (b"", b"null", b"{broken", b"\xff\xfe", b'{"action": "dance"}', b"x" * 300_000):
        await subject.talk.shout(payload)
    await subject.talk.settled()
    state = subject.talk.heard.state()
    demand(state.state is InstrumentMode.ONLINE, f"the state is {state.state}")
    return "ignored; the next command was answered"


async def paused(subject: Subject) -> str:
    """What is asked for while paused is accepted, and begins after `resume`."""
    number = await subject.talk.pause(True)
    await subject.talk.state(lambda each: each.state is InstrumentMode.PAUSED and each.wanted == number, "state paused")
    sent = await subject.ask()
    await subject.status(sent, AttemptState.ACCEPTED)
    for old in (number, number - 1):
        if old > 0:  # numbers begin with 1
            await subject.talk.pause(False, old)
    await subject.talk.settled()
    await asyncio.sleep(subject.talk.patience.quiet_s)
    demand(not subject.begun(sent), "it began while paused, or after a `resume` with an old number")
    number = await subject.talk.pause(False)
    await subject.talk.state(lambda each: each.state is InstrumentMode.ONLINE and each.wanted == number, "state online")
    await subject.end(sent)
    return f"waited, old numbers were ignored, begun after resume {number}"


async def waits_too_long(subject: Subject) -> str:
    """`start_before` passes while it waits."""
    await subject.talk.pause(True)
    sent = await subject.ask(start_before=(datetime.now(UTC) + timedelta(seconds=_SHORT_S)).isoformat())
    await subject.status(sent, AttemptState.ACCEPTED)
    await asyncio.sleep(_SHORT_S + 0.1)
    await subject.talk.pause(False)
    await subject.status(sent, AttemptState.EXPIRED)
    demand(not subject.begun(sent), "it began")
    return "expired"


async def cancelled_in_the_queue(subject: Subject) -> str:
    """Paused, so that it waits for certain."""
    await subject.talk.pause(True)
    sent = await subject.ask()
    await subject.status(sent, AttemptState.ACCEPTED)
    await subject.talk.command(Action.CANCEL, attempts=[sent.id], reason="conformance test")
    status = await subject.status(sent, AttemptState.CANCELLED)
    demand(bool(status.reason), "no reason is given")
    await subject.talk.pause(False)
    await subject.talk.settled()
    demand(not subject.begun(sent), "it began all the same")
    return f"cancelled: {status.reason}"


async def cancelled_at_work(subject: Subject) -> str:
    """It ends as cancelled, or as finished if it was faster."""
    sent = await subject.ask()
    await subject.at_work(sent)
    await subject.talk.command(Action.CANCEL, attempts=[sent.id], reason="conformance test")
    ended = await subject.end(sent)
    if ended.result is not None:
        raise NotTested("it had finished before the cancel came")
    demand(ended.status is not None and ended.status.state is AttemptState.CANCELLED, f"it ended as {ended}")
    await subject.talk.settled()
    demand(not subject.talk.heard.results(sent.id), "there is a result too")
    return "cancelled"


async def no_host(subject: Subject) -> str:
    """Accepted and not begun; begun when a host is there."""
    await subject.talk.present(False)
    sent = await subject.ask()
    await subject.status(sent, AttemptState.ACCEPTED)
    await asyncio.sleep(subject.talk.patience.quiet_s)
    demand(not subject.begun(sent), "it began while no host was there")
    await subject.talk.present()
    await subject.end(sent)
    return "accepted, begun when the host came"


async def host_lost(subject: Subject) -> str:
    """What runs goes on, waits at its safe point, or is cancelled, as the description says."""
    policy = subject.description.on_host_lost
    sent = await subject.ask()
    await subject.at_work(sent)
    if subject.talk.heard.results(sent.id):
        raise NotTested("it had finished before the host could go")
    await subject.talk.present(False)
    if policy is not OnHostLost.HOLD:
        ended = await subject.end(sent)
        cancelled = ended.status is not None and ended.status.state is AttemptState.CANCELLED
        demand(ended.result is not None or (cancelled and policy is OnHostLost.ABORT), f"it ended as {ended}")
        return f"{policy}: {ended}"
    await subject.status(sent, AttemptState.HOLDING, within=subject.talk.patience.run_s)
    await subject.talk.present()
    return f"{policy}: holding, then {await subject.end(sent)}"


async def takes_too_long(subject: Subject) -> str:
    """`timeout_s` passes while it works."""
    sent = await subject.ask(timeout_s=_BRIEF_S)
    result = outcome(await subject.result(sent))
    if (result.ended_at - result.started_at).total_seconds() < _BRIEF_S:
        raise NotTested(f"it was ready within {_BRIEF_S:g} s")
    demand(result.outcome is Outcome.FAILED_MEASUREMENT, f"the outcome is {result.outcome} after timeout_s")
    demand(bool(result.reason), "no reason is given")
    return f"{result.outcome}: {result.reason}"


CHECKS = [
    Check("30", "report-attempts of an id never seen: `unknown`", unseen),
    Check("28, 30", "commands that name no attempt touch none", asks_for_nothing),
    Check("8, 31", "commands that cannot be read are ignored", unreadable),
    Check("25", "pause and resume, by their numbers", paused),
    Check("18", "start_before passes in the queue: expired", waits_too_long),
    Check("28", "cancel of what waits", cancelled_in_the_queue),
    Check("28", "cancel of what runs", cancelled_at_work),
    Check("33", "while no host is there nothing new begins", no_host),
    Check("34", "when the host is lost, what runs does as on_host_lost says", host_lost),
    Check("19", "work that takes longer than timeout_s is ended", takes_too_long),
]
