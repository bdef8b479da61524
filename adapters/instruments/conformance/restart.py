"""The device is killed in the middle of its work and started again: what its journal is for."""

from adapters.instruments.conformance.findings import Check, NotTested, demand
from adapters.instruments.conformance.stops import new_estop
from adapters.instruments.conformance.subject import Subject, outcome
from adapters.instruments.messages import AttemptState, InstrumentMode, InstrumentState, Refusal


async def interrupted(subject: Subject) -> str:
    """One attempt runs, one waits; the first is called interrupted and never run again, the second is run."""
    done = subject.first_attempt()
    running, waiting = await subject.ask(), await subject.ask()
    await subject.at_work(running)
    before = subject.talk.heard.state()
    place, state = await _restart(subject)
    demand(state.boot_id != before.boot_id, "the boot_id is the old one")
    demand(state.journal_id == before.journal_id, f"journal {state.journal_id} instead of {before.journal_id}: lost")
    told = []
    for sent in (running, waiting):
        again = await subject.talk.repeat(sent)
        ended = await subject.end(again)
        told.append(str(ended))
        _once(subject, sent.id)
    later = subject.talk.heard.of(running.id, place)
    begun = [each for each in later if each.status is not None and each.status.state is AttemptState.RUNNING]
    demand(not begun, "what had begun before the restart was run again")
    old = await subject.status(await subject.talk.repeat(done), *AttemptState)
    demand(old.state is AttemptState.FINISHED, f"an attempt that had ended is answered by {old.state}")
    return f"ran: {told[0]}; waited: {told[1]}; long ended: {old.state}"


async def remembered(subject: Subject) -> str:
    """Pauses and e-stops outlive the program."""
    number, estop = await subject.talk.pause(True), new_estop()
    place = await subject.talk.estop(estop)
    await subject.talk.state(lambda each: each.estops == [estop] and each.wanted == number, "state", since=place)
    _, state = await _restart(subject)
    demand(state.estops == [estop], f"e-stops {state.estops} hold after the restart, not {estop}")
    demand(state.state is InstrumentMode.ESTOPPED, f"the state is {state.state}")
    demand(state.wanted == number, f"wanted is {state.wanted} after the restart, not {number}")
    await subject.refused(await subject.ask(), Refusal.ESTOPPED)
    return f"e-stop and pause {number} still hold"


async def _restart(subject: Subject) -> tuple[int, InstrumentState]:
    """Have the device restarted; returns the place in what was heard and the first state of the new boot."""
    if subject.restarted is None:
        raise NotTested("run it with --restart")
    place, before = subject.talk.heard.place, subject.talk.heard.state()
    await subject.restarted()
    state = await subject.talk.state(
        lambda each: each.boot_id != before.boot_id and each.state is not InstrumentMode.OFFLINE,
        "state with a new boot_id",
        since=place,
        within=subject.talk.patience.come_s,
    )
    await subject.talk.settled()
    return place, state


def _once(subject: Subject, attempt_id: str) -> None:
    starts = {outcome(said).started_at for said in subject.talk.heard.results(attempt_id)}
    demand(len(starts) <= 1, f"{attempt_id} ran twice: its results have different started_at")


CHECKS = [
    Check("12, 14, 20", "killed at work and started again: same journal, new boot, nothing twice", interrupted),
    Check("25, 26", "killed and started again: pause and e-stop hold", remembered),
]
