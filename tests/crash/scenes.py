"""What happens in a case beside the campaign: the operator's orders, and instruments that go wrong."""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from adapters.instruments import topics
from controller.loop.attempt import ATTEMPT
from controller.store.tables import Attempt, EStop, Instrument, Proposal, Quarantine
from tests.crash.cases import Case, DaemonCase, WireCase
from tests.laboratory.campaign import two_steps
from tests.laboratory.laboratory import SITE, Laboratory
from tests.laboratory.tap import Trigger

EXPERIMENTS = 12
REJECTED = 4  # the number of the proposal that is rejected in the scene "people"
LIMIT_S = 120  # on a busy machine; a quiet one takes 6 to 20 s
# The scene "doubt": the reactor is killed in the middle of its third run, which lasts long enough for that.
BEGUN = Trigger("to_device", "request", 3, "after")

# Seconds of one run: long enough to be killed in, and for a campaign that is not over before the operator's orders.
DURATION_S = {"doubt": 0.3, "orders": 0.3}

Scene = Callable[[Laboratory], Coroutine[Any, Any, None]]


def scene_of(case: Case) -> str:
    """Where a case takes place."""
    return case.scene if isinstance(case, DaemonCase) else "plain"


def campaign_of(scene: str) -> str:
    """The campaign file of a scene."""
    approval = "operator" if scene == "people" else "auto"
    return two_steps(
        "crash", EXPERIMENTS, parallel=1, reactors=["reactor-1"], analysers=["analyser-1"], approval=approval
    )


def verdicts(scene: str) -> Mapping[int, str]:
    """What people decide in a scene: number of the proposal -> verdict."""
    if scene != "people":
        return {}
    return {number: "reject" if number == REJECTED else "approve" for number in range(1, EXPERIMENTS + 2)}


def laboratory_for(case: Case, folder: Path, **options: object) -> Laboratory:
    """The site on which a case takes place; nothing is killed before it is entered."""
    scene = scene_of(case)
    heartbeat_s = 0.3 if scene == "silence" or isinstance(case, WireCase) else 1.0
    return Laboratory(
        folder,
        kill_at=case.kill_at,
        heartbeat_s=heartbeat_s,
        duration_s=DURATION_S.get(scene, 0.01),
        daemon_first=scene == "daemon-first",
        before_start=lambda laboratory, instrument: set_trigger(laboratory, instrument, case),
        **options,  # type: ignore[arg-type]
    )


async def play(laboratory: Laboratory, case: Case) -> None:
    """Run the campaign with what the case adds, to its end."""
    scene = scene_of(case)
    await laboratory.submit(campaign_of(scene))
    beside = asyncio.create_task(SCENES[scene](laboratory))
    try:
        await laboratory.completed(LIMIT_S)
        await laboratory.while_running(beside, LIMIT_S)
    finally:
        beside.cancel()
        await asyncio.gather(beside, return_exceptions=True)


def set_trigger(laboratory: Laboratory, instrument: str, case: Case) -> None:
    """Kill the victim when the message passes."""
    if isinstance(case, DaemonCase):
        if case.scene == "doubt" and instrument == "reactor-1":
            laboratory.tap(instrument).set(BEGUN, laboratory.instruments[instrument].kill)
        return
    if case.instrument != instrument:
        return
    kept = laboratory.instruments[instrument]

    def forget() -> None:
        kept.hold_down()
        asyncio.get_running_loop().call_later(0.1, _forget_and_return)

    def _forget_and_return() -> None:
        laboratory.delete_journal(instrument)
        kept.let_up()

    acts = {"instrument": kept.kill, "broker": laboratory.restart_broker, "forgetful": forget}
    laboratory.tap(instrument).set(case.trigger, acts[case.victim])


async def plain(laboratory: Laboratory) -> None:
    """Nothing but the campaign."""


async def garbage(laboratory: Laboratory) -> None:
    """An instrument says nonsense, until it is known to be refused."""
    topic = topics.own(SITE, "reactor-1", "heartbeat")
    while laboratory.read(lambda session: _count(session, Quarantine)) < 5:
        laboratory.tap("reactor-1").say(topic, b"\xff nonsense")
        await asyncio.sleep(0.1)


async def silence(laboratory: Laboratory) -> None:
    """The analyser hangs until it is missed, and goes on."""
    await _until(laboratory, lambda session: _count(session, Proposal) >= 3)
    analyser = laboratory.instruments["analyser-1"]
    analyser.signal(signal.SIGSTOP)
    await _until(laboratory, lambda session: _missed(session, "analyser-1"))
    analyser.signal(signal.SIGCONT)


async def orders(laboratory: Laboratory) -> None:
    """Pause; when nothing runs, stop in emergency (the operator's script resets it), amend, resume."""
    insist = laboratory.operator.insist
    await _until(laboratory, lambda session: _count(session, Proposal) >= 3)
    await insist("campaign", "pause", "crash", "--why", "look")
    await _until(laboratory, _idle)
    await insist("estop", "--why", "test")
    await _until(laboratory, lambda session: _count(session, EStop) > 0 and not _held(session))
    file = laboratory.folder / "campaign.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "description: looked at\n", encoding="utf-8")
    await insist("campaign", "amend", "crash", str(file))
    await insist("campaign", "resume", "crash", "--why", "go on")


async def people(laboratory: Laboratory) -> None:
    """Each proposal waits for the operator."""
    for number, verdict in verdicts("people").items():
        await laboratory.operator.insist(verdict, await _waiting(laboratory, number), "--why", "test")


SCENES: Mapping[str, Scene] = {
    "plain": plain,
    "daemon-first": plain,
    "restart": plain,
    "doubt": plain,
    "garbage": garbage,
    "silence": silence,
    "orders": orders,
    "people": people,
}


async def _until(laboratory: Laboratory, condition: Callable[[Session], bool]) -> None:
    while not laboratory.read(condition):
        await asyncio.sleep(0.05)


async def _waiting(laboratory: Laboratory, number: int) -> str:
    """The id of this proposal, once it waits for a person."""
    query = select(col(Proposal.id)).where(col(Proposal.number) == number, col(Proposal.state) == "awaiting-approval")
    await _until(laboratory, lambda session: session.scalar(query) is not None)
    return laboratory.read(lambda session: session.scalars(query).one())


def _count(session: Session, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def _idle(session: Session) -> bool:
    query = select(func.count()).where(col(Attempt.state).in_(ATTEMPT.open_states))
    return not session.scalar(query)


def _missed(session: Session, instrument: str) -> bool:
    """Its silence was noted by us, or by the broker while we were away."""
    return session.get_one(Instrument, instrument).state in ("lost", "offline")


def _held(session: Session) -> bool:
    return bool(session.scalar(select(func.count()).where(col(EStop.reset_at).is_(None))))
