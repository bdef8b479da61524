"""Broken connections and forgetful brokers."""

from adapters.instruments.conformance.findings import Check, NotTested, demand
from adapters.instruments.conformance.heard import Said
from adapters.instruments.conformance.subject import Subject, Wires, outcome
from adapters.instruments.messages import Description, InstrumentMode, InstrumentState

SEQ_PER_CONNECTION = 1_000_000_000


def _wires(subject: Subject) -> Wires:
    if subject.wires is None:
        raise NotTested("the broker is not ours: run it without --broker")
    return subject.wires


async def last_will(subject: Subject) -> str:
    """The connection is cut; the broker says so in the device's name, and the device comes back."""
    wires, before = _wires(subject), subject.talk.heard.state()
    place = subject.talk.heard.place
    wires.cut()
    will = await subject.talk.state(
        lambda each: each.state is InstrumentMode.OFFLINE, "last will `offline`", since=place, within=30
    )
    demand((will.boot_id, will.journal_id) == (before.boot_id, before.journal_id), "the will is of another boot")
    connection = before.seq // SEQ_PER_CONNECTION
    wanted = (connection + 1) * SEQ_PER_CONNECTION - 1
    demand(will.seq == wanted, f"the will's seq is {will.seq}; of connection {connection} it must be {wanted}")
    await back(subject, place)
    return f"offline with seq {will.seq}"


async def greeting(subject: Subject) -> str:
    """First the description, then the state, then anything else; on a new connection with a higher seq."""
    wires, before = _wires(subject), subject.talk.heard.state()
    place = subject.talk.heard.place
    wires.cut()
    state = await back(subject, place)
    demand(state.boot_id == before.boot_id, "a new boot_id, though only the connection broke")
    demand(state.seq > before.seq, f"seq {state.seq} after {before.seq}")
    said = [each for each in subject.talk.heard.since(place) if not _offline(each) and each.kind != "heartbeat"]
    demand([each.kind for each in said[:2]] == ["description", "state"], f"first came {', '.join(map(str, said[:2]))}")
    return f"description, then state with seq {state.seq}"


async def kept_session(subject: Subject) -> str:
    """What is sent at QoS 1 while the device is away reaches it when it is back."""
    wires, place = _wires(subject), subject.talk.heard.place
    wires.cut()
    sent = await subject.ask()
    await back(subject, place)
    await subject.end(sent)
    return "a request sent while it was away was run"


async def resent_after_reconnect(subject: Subject) -> str:
    """A result without a receipt is said again on the next connection."""
    wires = _wires(subject)
    sent = await subject.ask()
    first = await subject.result(sent)
    place = subject.talk.heard.place
    wires.cut()
    await back(subject, place)
    again = await subject.result(sent, since=place, within=subject.talk.patience.answer_s)
    demand(again.payload == first.payload, "it is not the same, byte for byte")
    return "the same result, byte for byte"


async def forgetful_broker(subject: Subject) -> str:
    """The broker is killed and comes back with no session and nothing retained, while an attempt is under way."""
    wires = _wires(subject)
    sent = await subject.ask()
    await subject.result(sent)
    place = subject.talk.heard.place
    await wires.forget()
    await subject.talk.bus.wait_connected(30)
    await subject.talk.present()
    await back(subject, place)
    await subject.talk.hear(lambda said: isinstance(said.message, Description), "description again", since=place)
    await subject.talk.settled()
    again = await subject.result(sent, since=place, within=subject.talk.patience.answer_s)
    await subject.talk.receipt(sent.id)
    ran = await subject.end(await subject.ask())
    return f"it is back, sent its result again ({outcome(again).outcome}), and works: {ran}"


async def back(subject: Subject, place: int) -> InstrumentState:
    """The first state that is not `offline`; raises `NotConforming`."""
    state = await subject.talk.state(
        lambda each: each.state is not InstrumentMode.OFFLINE, "state after the connection broke",
        since=place, within=30,
    )  # fmt: skip
    # A host that says `online` is answered by a state: only then is the device certain to be all there.
    await subject.talk.settled()
    return state


def _offline(said: Said) -> bool:
    return isinstance(said.message, InstrumentState) and said.message.state is InstrumentMode.OFFLINE


CHECKS = [
    Check("13, 32", "the last will, with the seq of its connection", last_will),
    Check("4, 32", "after a broken connection: description, then state", greeting),
    Check("2", "what was sent while it was away reaches it", kept_session),
    Check("23", "a result without receipt is sent again after a reconnect", resent_after_reconnect),
    Check("3, 4", "the broker loses everything", forgetful_broker),
]
