"""The site of the chaos test: four instruments behind a misbehaving proxy, and what goes wrong on the way."""

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import func, select
from sqlmodel import Session, col

from adapters.broker import BrokerProcess
from adapters.instruments.misbehaviour import ProxyConfig, Rule
from adapters.instruments.proxy import Proxy
from controller.loop.attempt import ATTEMPT
from controller.store.tables import Attempt, Proposal
from tests.chaos.forger import Forger
from tests.laboratory.campaign import two_steps
from tests.laboratory.laboratory import Device, Laboratory

NOISE = 0.02
DEVICES = (
    Device("reactor-1", "reactor"),
    Device("reactor-2", "reactor"),
    Device("analyser-1", "analyser", NOISE),
    Device("analyser-2", "analyser", NOISE),
)
FORGER = "intruder"
CLOCKS = {"reactor-2": 3600.0, "analyser-2": -3600.0}  # seconds by which the clock of an instrument is wrong

RULES = [
    Rule(kinds=["result"], direction="to_broker", drop=0.02, duplicate=0.05, reorder=0.03, delay=0.05,
         corrupt=0.01, wrong_unit=0.01, nan=0.01, oversize=0.005),
    Rule(kinds=["status"], direction="to_broker", drop=0.02, duplicate=0.05, reorder=0.03, delay=0.05,
         corrupt=0.02, oversize=0.005),
    Rule(kinds=["state", "description"], direction="to_broker", drop=0.02, duplicate=0.1, delay=0.05, corrupt=0.05),
    Rule(kinds=["heartbeat"], direction="to_broker", drop=0.1, duplicate=0.1, reorder=0.1, corrupt=0.02),
    Rule(kinds=["request"], direction="to_device", drop=0.02, duplicate=0.05, reorder=0.03, delay=0.05),
    Rule(kinds=["receipt", "command"], direction="to_device", drop=0.02, duplicate=0.05, reorder=0.03, delay=0.05,
         corrupt=0.02),
    Rule(kinds=["host-state"], direction="to_device", duplicate=0.1, delay=0.1),
]  # fmt: skip


def misbehaving(name: str, broker: BrokerProcess) -> Proxy:
    """The wire of one instrument."""
    return Proxy(
        ProxyConfig(
            broker_host=broker.host,
            broker_port=broker.port,
            seed=[device.name for device in DEVICES].index(name),
            rules=RULES,
            delay_s=0.2,
            reset_s=0.3,
            late_will=0.3,
            late_will_s=0.1,
            clock_skew_s=CLOCKS.get(name, 0.0),
        )
    )


def chaos_laboratory(folder: Path) -> Laboratory:
    """The site; the fifth client is enrolled like the others."""
    return Laboratory(folder, DEVICES, wire=misbehaving, others=[FORGER], ask_s=3.0)


def campaign(experiments: int) -> str:
    """The campaign; a step that is refused or cancelled is tried again."""
    return two_steps(
        "chaos",
        experiments,
        parallel=4,
        reactors=["reactor-1", "reactor-2"],
        analysers=["analyser-1", "analyser-2"],
        retries=3,
        breaker=1000,
    )


async def disturb(laboratory: Laboratory, experiments: int, brokers: int, daemons: int) -> None:
    """Kill daemon and broker in a seeded order, spread over the campaign."""
    acts = ["broker"] * brokers + ["daemon"] * daemons
    random.Random(11).shuffle(acts)
    for place, act in enumerate(acts, start=1):
        await _finished(laboratory, place * experiments // (len(acts) + 1))
        if act == "daemon":
            laboratory.daemon.kill()
        else:
            laboratory.restart_broker()


async def _finished(laboratory: Laboratory, wanted: int) -> None:
    query = select(func.count()).where(col(Proposal.state).in_(("completed", "failed")))
    while (laboratory.read(lambda session: session.scalar(query)) or 0) < wanted:
        await asyncio.sleep(0.05)


def forger_in(laboratory: Laboratory) -> Forger:
    """The fifth client; it knows what is under way, as an insider would."""

    def look() -> list[Attempt]:
        return laboratory.read(_under_way)

    return Forger(FORGER, laboratory.passwords[FORGER], laboratory.broker, [device.name for device in DEVICES], look)


def _under_way(session: Session) -> list[Attempt]:
    rows: Sequence[Attempt] = session.scalars(select(Attempt).where(col(Attempt.state).in_(ATTEMPT.open_states))).all()
    return list(rows[:2])
