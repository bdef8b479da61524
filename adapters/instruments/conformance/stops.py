"""The e-stop: obeyed always, latched, ended by its id alone."""

import secrets

from adapters.instruments.conformance.findings import Check, demand
from adapters.instruments.conformance.subject import Subject
from adapters.instruments.messages import AttemptState, InstrumentMode, Refusal

PREFIX = "test-"


def new_estop() -> str:
    """An id of our own: what begins like this may be reset by the next test."""
    return f"{PREFIX}{secrets.token_hex(4)}"


async def obeyed(subject: Subject) -> str:
    """What runs is cancelled, what waits is refused, the state says so."""
    running = await subject.ask()
    await subject.at_work(running)
    waiting = [await subject.ask() for _ in range(subject.description.concurrency)]
    estop = new_estop()
    place = await subject.talk.estop(estop)
    state = await subject.talk.state(lambda each: estop in each.estops, f"state that names {estop}", since=place)
    demand(state.state is InstrumentMode.ESTOPPED, f"the state is {state.state}")
    ends = [await subject.end(sent) for sent in (running, *waiting)]
    for end in ends:
        if end.status is not None and end.status.state is AttemptState.REFUSED:
            demand(end.status.refusal is Refusal.ESTOPPED, f"refused {end.status.refusal}")
    ended = [end.status.state for end in ends if end.status is not None]
    demand(all(each in (AttemptState.CANCELLED, AttemptState.REFUSED) for each in ended), f"ended as {ended}")
    return f"{state.state}; what was under way: {', '.join(map(str, ends))}"


async def latched(subject: Subject) -> str:
    """Neither resume nor another reset ends it, and new requests are refused."""
    estop = new_estop()
    place = await subject.talk.estop(estop)
    await subject.talk.state(lambda each: estop in each.estops, "state estopped", since=place)
    await subject.talk.pause(False)
    await subject.talk.reset("test-of-another-stop")
    await subject.refused(await subject.ask(), Refusal.ESTOPPED)
    state = subject.talk.heard.state()
    demand(state.estops == [estop], f"{state.estops} hold, not only {estop}")
    return "held against resume and another reset; requests refused"


async def ended_by_its_id(subject: Subject) -> str:
    """Two e-stops, ended one after the other; one that was reset is obeyed again."""
    one, two = new_estop(), new_estop()
    for estop in (one, two):
        await subject.talk.estop(estop)
    place = await subject.talk.reset(one)
    state = await subject.talk.state(lambda each: each.estops == [two], f"state where only {two} holds", since=place)
    demand(state.state is InstrumentMode.ESTOPPED, f"the state is {state.state} while {two} holds")
    place = await subject.talk.reset(two)
    await subject.talk.state(
        lambda each: not each.estops and each.state is InstrumentMode.ONLINE, "state online", since=place
    )
    place = await subject.talk.estop(one)
    await subject.talk.state(lambda each: one in each.estops, "state estopped, the second time", since=place)
    await subject.talk.reset(one)
    await subject.end(await subject.ask())
    return "each ended by its own reset; works again"


async def unnamed(subject: Subject) -> str:
    """Without an id it is latched all the same."""
    place = await subject.talk.estop(None)
    await subject.talk.state(lambda each: each.estops == ["unnamed"], "state with the e-stop `unnamed`", since=place)
    place = await subject.talk.reset("unnamed")
    await subject.talk.state(lambda each: not each.estops, "state without e-stops", since=place)
    return "latched as `unnamed`, and reset"


CHECKS = [
    Check("26", "an e-stop stops what runs and refuses what waits", obeyed),
    Check("26, 27", "an e-stop is latched", latched),
    Check("26, 27", "an e-stop ends by the reset that names it, and by nothing else", ended_by_its_id),
    Check("26", "an e-stop without an id", unnamed),
]
