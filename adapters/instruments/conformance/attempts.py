"""One attempt from its request to its receipt, and what becomes of the same id afterwards."""

import asyncio

from adapters.instruments.conformance.findings import Check, NotConforming, NotTested, demand
from adapters.instruments.conformance.parameters import Order
from adapters.instruments.conformance.subject import Subject, outcome
from adapters.instruments.conformance.talk import Sent
from adapters.instruments.messages import Action, AttemptState, AttemptStatus, Outcome, Refusal, Result, Verdict

_OTHER = "0" * 64
_QUEUED, _BEGUN = AttemptState.ACCEPTED, AttemptState.RUNNING
_SECOND_SENDING_S = 3.0  # rule 23: 2 s after the PUBACK, and a margin


async def run_once(subject: Subject) -> str:
    """Accepted, running, result: in this order."""
    sent = await subject.ask()
    result = outcome(await subject.result(sent))
    subject.first = sent
    # A status that is overtaken by the next may be left out (rule 21).
    statuses = [said.status for said in subject.talk.heard.of(sent.id) if said.status is not None]
    states = [status.state for status in statuses]
    demand(states in ([], [_QUEUED], [_BEGUN], [_QUEUED, _BEGUN]), f"it said {', '.join(states)} before the result")
    state = subject.talk.heard.state()
    for status in statuses:
        demand(status.digest == sent.digest, f"status {status.state} has the digest {status.digest}")
    for journal_id, boot_id in {_boot(result), *map(_boot, statuses)}:
        demand(journal_id == state.journal_id, f"journal_id {journal_id} is not the state's")
        demand(boot_id == state.boot_id, f"boot_id {boot_id} is not the state's")
    seconds = (result.ended_at - result.started_at).total_seconds()
    demand(seconds >= 0, "it ended before it started")
    return ", ".join([*states, f"{result.outcome} after {seconds:.3g} s"])


def _boot(message: AttemptStatus | Result) -> tuple[str, str]:
    return message.journal_id, message.boot_id


async def result_as_described(subject: Subject) -> str:
    """The first attempt's result."""
    return judge(subject.order, subject.first_attempt(), _result(subject, subject.first_attempt()))


async def other_capabilities(subject: Subject) -> str:
    """Each is asked once."""
    told = []
    for order in subject.orders[1:]:
        sent = await subject.ask(order)
        try:
            told.append(f"{order.capability}: {judge(order, sent, outcome(await subject.result(sent)))}")
        except NotConforming as fault:
            raise NotConforming(f"{order.capability}: {fault}") from None
    if not told:
        raise NotTested("there is only one")
    return "; ".join(told)


def judge(order: Order, sent: Sent, result: Result) -> str:
    """Say what is in a result; raises `NotConforming` if it is not what was asked and described."""
    demand(result.digest == sent.digest, f"the digest is {result.digest}, not the request's")
    if result.outcome is not Outcome.OK:
        demand(bool(result.reason), f"outcome {result.outcome} without a reason")
        raise NotTested(f"the outcome is {result.outcome}: {result.reason}; give a better candidate (--candidate)")
    places = [(each.channel, each.index) for each in result.measurements]
    demand(len(places) == len(set(places)), "two measurements have the same channel and index")
    for each in result.measurements:
        described = order.described.channels.get(each.channel)
        demand(described is not None, f"the description has no channel {each.channel}")
        assert described is not None
        demand(each.property == described.property, f"channel {each.channel} is {each.property}")
        demand(each.unit == described.unit, f"channel {each.channel} is in {each.unit}, described is {described.unit}")
    missing = set(order.yields) - {each.property for each in result.measurements}
    demand(not missing, f"the result has no {', '.join(sorted(missing))}, which was asked for")
    if order.described.makes_sample:
        demand(result.sample_id is not None, "makes_sample, and the result has no sample_id")
    values = ", ".join(f"{each.property} = {each.value:g} {each.unit}" for each in result.measurements)
    return values or f"sample {result.sample_id}"


async def resent(subject: Subject) -> str:
    """No receipt has been given yet."""
    sent = subject.first_attempt()
    first = await subject.result(sent)
    place = subject.talk.heard.since(0).index(first) + 1
    again = await subject.result(sent, since=place, within=_SECOND_SENDING_S)
    demand(again.payload == first.payload, "it is not the same, byte for byte")
    return f"again after {again.at - first.at:.2g} s, byte for byte"


async def same_request(subject: Subject) -> str:
    """The result has had no receipt: it is the answer."""
    sent = await subject.talk.repeat(subject.first_attempt())
    answer = await subject.result(sent, within=subject.talk.patience.answer_s)
    demand(answer.payload == subject.talk.heard.results(sent.id)[0].payload, "another result: the attempt ran twice")
    await subject.talk.settled()
    _not_again(subject, sent)
    return "the same result came again"


async def other_digest(subject: Subject) -> str:
    """The id of an attempt that is known, with another request behind it."""
    known = subject.first_attempt()
    sent = await subject.talk.repeat(known, digest=_OTHER)
    status = await subject.refused(sent, Refusal.OTHER_DIGEST)
    demand(status.digest == known.digest, f"it names the digest {status.digest}, not that of its journal")
    await subject.talk.settled()
    _not_again(subject, sent)
    return "refused other-digest, with the digest of the journal"


async def unreadable_copy(subject: Subject) -> str:
    """A broken copy of a known request counts as the same."""
    sent = subject.first_attempt()
    place = subject.talk.heard.place
    await subject.talk.send(sent.id, b'{"attempt_id": ')
    await subject.talk.hear(lambda said: said.attempt_id == sent.id, "answer about it", since=place)
    _not_again(subject, Sent(sent.fields, place))
    return "answered as if it had the same digest"


async def quarantined(subject: Subject) -> str:
    """The receipt ends the resending; the result is kept and sent again when it is asked for."""
    sent = subject.first_attempt()
    await subject.talk.receipt(sent.id, Verdict.QUARANTINED)
    await subject.talk.settled()
    await _silent(subject, sent, "after the receipt `quarantined`")
    place = await subject.talk.command(Action.REPORT_ATTEMPTS, attempts=[sent.id])
    again = await subject.result(sent, since=place, within=subject.talk.patience.answer_s)
    demand(again.payload == subject.talk.heard.results(sent.id)[0].payload, "it is not the same result")
    return "silent, and sent again when asked"


async def receipted(subject: Subject) -> str:
    """`stored` settles the attempt."""
    sent = subject.first_attempt()
    await subject.talk.receipt(sent.id, Verdict.STORED)
    await subject.talk.settled()
    await _silent(subject, sent, "after the receipt")
    return f"silent for {subject.talk.patience.quiet_s:g} s"


async def settled_request(subject: Subject) -> str:
    """The most important one: what has ended is never run again."""
    sent = await subject.talk.repeat(subject.first_attempt())
    status = await subject.status(sent, *AttemptState)
    demand(status.state is AttemptState.FINISHED, f"answered by the status {status.state}")
    demand(status.digest == sent.digest, f"the status has the digest {status.digest}")
    await asyncio.sleep(subject.talk.patience.quiet_s)
    _not_again(subject, sent)
    return "answered by `finished`"


def _not_again(subject: Subject, sent: Sent) -> None:
    """Raise `NotConforming` if the attempt was begun again after this place."""
    again = {AttemptState.ACCEPTED, AttemptState.RUNNING, AttemptState.HOLDING}
    said = subject.talk.heard.of(sent.id, sent.at)
    told = [each.status.state for each in said if each.status is not None and each.status.state in again]
    demand(not told, f"it runs a second time: {', '.join(told)}")
    starts = {outcome(each).started_at for each in subject.talk.heard.results(sent.id)}
    demand(len(starts) == 1, "it ran twice: there are results with different started_at")


async def _silent(subject: Subject, sent: Sent, when: str) -> None:
    place = subject.talk.heard.place
    await asyncio.sleep(subject.talk.patience.quiet_s)
    demand(not subject.talk.heard.results(sent.id, place), f"the result was sent again {when}")


def _result(subject: Subject, sent: Sent) -> Result:
    return outcome(subject.talk.heard.results(sent.id)[0])


CHECKS = [
    Check("14, 17, 21", "a request is accepted, run and answered", run_once),
    Check("5, 11", "the result has the request's digest, the properties and units asked for", result_as_described),
    Check("23", "the result is sent again until its receipt", resent),
    Check("14", "same id, same digest, no receipt yet: the result again, not run again", same_request),
    Check("14", "same id, other digest: refused", other_digest),
    Check("15", "a broken copy of a known request changes nothing", unreadable_copy),
    Check("24, 30", "receipt `quarantined`: silent, the result is kept", quarantined),
    Check("24", "receipt `stored` ends the resending", receipted),
    Check("14", "same id, same digest, settled: `finished`, not run again", settled_request),
    Check("5, 11", "the other capabilities", other_capabilities),
]
