"""All checks in order, and what must be true before the first."""

from collections import Counter
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from adapters.instruments.conformance import attempts, commands, connection, introduction, refusals, restart, stops
from adapters.instruments.conformance.findings import Check, Finding, NotConforming, NotTested, Verdict, demand
from adapters.instruments.conformance.heard import Heard
from adapters.instruments.conformance.parameters import Order
from adapters.instruments.conformance.subject import Subject
from adapters.instruments.conformance.talk import Talk
from adapters.instruments.messages import Description, InstrumentMode

MODULES = (introduction, attempts, refusals, commands, stops, connection, restart)


class NotReady(Exception):
    """The test cannot begin; the text says why."""


async def meet(talk: Talk, candidate: dict[str, Any] | None = None, capability: str | None = None) -> Subject:
    """Wait for the instrument and its description; raises `NotReady`."""
    await talk.bus.wait_connected(talk.patience.answer_s)
    try:
        come_s = talk.patience.come_s
        await talk.state(lambda each: each.state is not InstrumentMode.OFFLINE, f"state of {talk.name}", within=come_s)
        said = await talk.hear(lambda each: isinstance(each.message, Description), "description")
    except NotConforming as fault:
        raise NotReady(f"{fault}{_likely(talk)}") from None
    await talk.caught_up()
    if talk.others:
        raise NotReady(f"a daemon is at work at this site ({', '.join(sorted(talk.others))}): stop it first")
    description = said.message
    assert isinstance(description, Description)
    await _take_over(talk)
    return Subject(talk, description, _orders(description, candidate, capability), candidate)


def _likely(talk: Talk) -> str:
    """What somebody whose device is not understood should look at."""
    if faults := "; ".join(talk.heard.faults[:3]):
        return f"; malformed: {faults}"
    return "" if talk.heard.place else f". Does it use site {talk.site}, name {talk.name} and the right password?"


async def _take_over(talk: Talk) -> None:
    """End what an earlier test has left behind; raises `NotReady` if somebody else has stopped the instrument."""
    state = talk.heard.state()
    foreign = [each for each in state.estops if not each.startswith(stops.PREFIX) and each != "unnamed"]
    if foreign:
        raise NotReady(f"e-stops hold: {', '.join(foreign)}. Somebody has stopped it: have them reset first")
    if state.estops:
        await talk.reset(*state.estops)
    if state.state is InstrumentMode.PAUSED or state.estops:
        await talk.pause(False)
        await talk.state(lambda each: each.state is InstrumentMode.ONLINE, "state online", since=talk.heard.place - 1)


def _orders(description: Description, candidate: dict[str, Any] | None, first: str | None) -> list[Order]:
    values = (candidate or {}).get("values", {})
    orders = [Order(name, each, values) for name, each in description.capabilities.items()]
    if not orders:
        raise NotReady("the description has no capability: there is nothing to test")
    if first is not None and first not in description.capabilities:
        raise NotReady(f"no capability {first}; there are {', '.join(description.capabilities)}")
    return sorted(orders, key=lambda order: order.capability != first) if first else orders


async def examine(
    subject: Subject, told: Callable[[Finding], None], modules: Sequence[ModuleType] = MODULES
) -> list[Finding]:
    """Run every check of these modules; `told` hears of each finding as soon as it stands."""
    findings: list[Finding] = []
    for check in [*(each for module in modules for each in module.CHECKS), *_AT_THE_END]:
        finding = await check.find(subject)
        if check not in attempts.CHECKS[:-1]:  # these are about one attempt, step by step
            await subject.tidy()
        findings.append(finding)
        told(finding)
    return findings


async def _all_readable(subject: Subject) -> str:
    faults = subject.talk.heard.faults
    demand(not faults, f"{len(faults)} could not be read: {'; '.join(faults[:3])}")
    return f"{subject.talk.heard.place} messages"


async def _all_ended(subject: Subject) -> str:
    demand(not subject.notes, f"left open: {'; '.join(subject.notes[:3])}")
    return f"{len(subject.talk.sent)} requests"


async def _files_put(subject: Subject) -> str:
    """What a result names is in the file store before the result comes."""
    said = [(each.at, each.result) for each in subject.talk.heard.since(0) if each.result is not None]
    named = {file.sha256: file.name for _, result in said for file in result.files}
    if not named:
        raise NotTested("no result names a file")
    if subject.wires is None:
        raise NotTested("the file store is not ours: run it without --broker")
    for at, result in said:
        for file in result.files:
            put_at = subject.wires.put_at(file.sha256)
            demand(put_at is not None, f"{result.attempt_id} names {file.name} ({file.sha256}), which was not put")
            demand(put_at is None or put_at <= at, f"{file.name} of {result.attempt_id} was put after the result")
    return f"{len(named)} put in time"


async def _numbered(subject: Subject) -> str:
    return numbered(subject.talk.heard)


def numbered(heard: Heard) -> str:
    """Every message has a seq of its own within a boot; raises `NotConforming`."""
    payloads = {(said.kind, said.payload): said.message for said in heard.since(0) if hasattr(said.message, "seq")}
    seqs = Counter((message.boot_id, message.seq) for message in payloads.values())  # type: ignore[attr-defined]
    twice = [f"{seq} of {boot}" for (boot, seq), count in seqs.items() if count > 1]
    demand(not twice, f"used for different messages: {', '.join(twice[:3])}")
    return f"{len(seqs)} different numbers"


_AT_THE_END = [
    Check("8 to 11", "every message that it sent could be read", _all_readable),
    Check("section 5", "files that results name were put before", _files_put),
    Check("21, 28", "everything that was asked for has ended", _all_ended),
    Check("13", "no seq was used twice within a boot", _numbered),
]


def failed(findings: list[Finding]) -> int:
    """How many checks failed."""
    return sum(finding.verdict is Verdict.FAILED for finding in findings)
