"""Who the instrument is, and that it lives."""

from itertools import pairwise

from adapters.instruments.conformance.findings import Check, NotTested, demand
from adapters.instruments.conformance.subject import Subject
from adapters.instruments.messages import Description, Heartbeat, InstrumentMode, InstrumentState

_LONGEST_BEAT_S = 60.0


async def well_formed(subject: Subject) -> str:
    """The description can be read; it was, or there would be no test."""
    kinds = ", ".join(sorted(subject.description.capabilities))
    simulated = ", simulated" if subject.description.simulated else ""
    return f"{subject.description.model}: {kinds}{simulated}"


async def retained(subject: Subject) -> str:
    """A host that comes later finds both messages at the broker."""
    place = subject.talk.heard.place
    subject.talk.bus.drop("to see what the broker keeps")
    for kind, model in (("description", Description), ("state", InstrumentState)):
        await subject.talk.hear(
            lambda said, model=model: said.retained and isinstance(said.message, model),  # type: ignore[misc]
            f"retained {kind}",
            since=place,
        )
    return "description and state came from the broker"


async def online(subject: Subject) -> str:
    """Nothing holds, nobody has paused it."""
    state = await subject.talk.state(lambda each: each.state is not InstrumentMode.OFFLINE, "state")
    last = subject.talk.heard.state()
    demand(last.state is InstrumentMode.ONLINE, f"the state is {last.state}")
    demand(state.boot_id != state.journal_id, "boot_id and journal_id are the same")
    return f"boot {last.boot_id}, journal {last.journal_id}"


async def said_again(subject: Subject) -> str:
    """At each `online` of a host the state is said again."""
    place = subject.talk.heard.place
    await subject.talk.present()
    state = await subject.talk.state(lambda _: True, "state after the host's `online`", since=place)
    return f"state {state.state} with seq {state.seq}"


async def heartbeat(subject: Subject) -> str:
    """Three beats, each in time."""
    beat_s = subject.description.heartbeat_s
    if beat_s > _LONGEST_BEAT_S:
        raise NotTested(f"heartbeat_s is {beat_s:g}: nobody waits that long")
    times, seqs = [], []
    place = subject.talk.heard.place
    for _ in range(3):
        said = await subject.talk.hear(
            lambda each: isinstance(each.message, Heartbeat), "heartbeat", since=place, within=2 * beat_s + 2
        )
        beat = said.message
        assert isinstance(beat, Heartbeat)
        demand(beat.boot_id == subject.talk.heard.state().boot_id, f"its boot_id is {beat.boot_id}, not the state's")
        times.append(said.at)
        seqs.append(beat.seq)
        place = subject.talk.heard.since(0).index(said) + 1
    longest = max(later - earlier for earlier, later in pairwise(times))
    demand(longest <= 1.5 * beat_s + 1, f"{longest:.1f} s between two beats; heartbeat_s is {beat_s:g}")
    demand(seqs == sorted(set(seqs)), f"seq does not grow: {seqs}")
    return f"every {longest:.1f} s at most; heartbeat_s is {beat_s:g}"


CHECKS = [
    Check("8, 32", "the description is well-formed", well_formed),
    Check("32", "description and state are retained", retained),
    Check("12, 32", "the state is online, with boot_id and journal_id", online),
    Check("33", "the state is said again when a host comes", said_again),
    Check("13, 32", "heartbeats come in time", heartbeat),
]
