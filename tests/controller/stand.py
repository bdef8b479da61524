"""Drives intake and decisions by hand: messages in, rows out."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlmodel import SQLModel, col

from adapters.instruments.messages import (
    AttemptState,
    AttemptStatus,
    Capability,
    Channel,
    Description,
    InstrumentMode,
    InstrumentState,
    Measurement,
    Outcome,
    ParameterLimits,
    Receipt,
    Result,
    encode,
)
from controller.access.actors import Actor, Role
from controller.commands import campaigns, instruments
from controller.effects.runner import mark_done
from controller.files import Files
from controller.intake.intake import Intake, read_topic
from controller.intake.liveness import Liveness
from controller.intake.quarantine import Said
from controller.schedule.turns import turn
from controller.store import Store, Unit
from controller.store.change import change_attempt
from controller.store.proposals import make_proposal
from controller.store.tables import Attempt, Campaign, Instrument, Iteration, Outbox, Proposal
from strategies.spaces import candidate_key

ADMIN = Actor("ada", Role.ADMIN)
TEXT = """
campaign: heat
space: {parameters: {temperature: {type: continuous, low: 20, high: 90, unit: degC}}}
objectives: [{property: yield, goal: maximize, unit: percent}]
stages:
  - name: bench
    approval: {policy: auto}
    steps:
      - {name: cook, instruments: [stove], capability: cook, yields: [yield], timeout: 60, retries: 1}
strategy: {name: random}
budget: {experiments: 3}
"""
DESCRIPTION = Description(
    model="stove",
    software="1",
    simulated=True,
    capabilities={
        "cook": Capability(
            parameters={"temperature": ParameterLimits(unit="K", low=290, high=370)},
            channels={"y": Channel(property="yield", unit="dimensionless")},
        )
    },
)


def answer_iteration(unit: Unit, campaign_id: str) -> None:
    """What the strategy would have answered to a campaign's first question: one candidate."""
    campaign = unit.session.get_one(Campaign, campaign_id)
    iteration = unit.session.scalars(select(Iteration).where(col(Iteration.campaign_id) == campaign_id)).one()
    wanted = select(Outbox).where(col(Outbox.campaign_id) == campaign_id, col(Outbox.kind) == "propose")
    mark_done(unit, unit.session.scalars(wanted).one())
    candidate = {"kind": "conditions", "values": {"temperature": 50.0}, "units": {"temperature": "degC"}}
    proposal = make_proposal(
        unit,
        campaign,
        iteration_id=iteration.id,
        stage="bench",
        key=candidate_key(candidate),
        candidate=candidate,
        reason="test",
        made_by="random",
        facts={"cost": 0.0, "hazard": 0.0},
    )
    campaign.experiments += 1
    campaign.iterating = False
    iteration.state = "done"
    unit.record("iteration.finish", iteration, campaign, proposal, campaign_id=campaign.id)


class Stand:
    """The store, the intake, and what a test says to it."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.files = Files(folder / "files")
        self.intake = Intake(store, None, Liveness(store))  # type: ignore[arg-type] - nothing is published here
        self.campaign_id = ""
        self.seq = 0

    async def prepare(self) -> None:
        for name in ("stove", "other"):
            await self.store.write(
                lambda unit, name=name: instruments.enrol(unit, ADMIN, name, simulated=True), name="t"
            )
        await self.hear("description", encode(DESCRIPTION))
        await self.appear()
        submission = campaigns.prepare(TEXT, {}, self.files)
        campaign = await self.store.write(lambda unit: campaigns.submit(unit, ADMIN, submission), name="t")
        self.campaign_id = campaign.id
        await self.turn()
        await self.store.write(lambda unit: answer_iteration(unit, self.campaign_id), name="t")
        await self.turn()

    async def sent(self) -> None:
        """What the publisher records after a publication."""
        attempt = await self.attempt()
        await self.store.write(
            lambda unit: change_attempt(unit, unit.session.get_one(Attempt, attempt.id), "send"), name="sent"
        )

    async def turn(self) -> None:
        await self.store.write(lambda unit: turn(unit, self.campaign_id), name="turn")

    async def appear(self, boot: str = "boot-1", journal: str = "journal-1", **fields: Any) -> None:
        self.seq += 1
        mode = fields.pop("state", InstrumentMode.ONLINE)
        state = InstrumentState(
            state=mode,
            boot_id=boot,
            journal_id=journal,
            seq=fields.pop("seq", self.seq),
            at=datetime.now(UTC),
            **fields,
        )
        await self.hear("state", encode(state))

    async def hear(
        self, kind: str, payload: bytes, instrument: str = "stove", attempt_id: str | None = None
    ) -> Receipt | None:
        """Give one message to the intake; returns the receipt that it would send."""
        said = Said(f"{instrument}/{kind}", payload, instrument, attempt_id, kind)
        return (await self.intake.take([said]))[0].receipt

    async def told(self, messages: Sequence[tuple[str, bytes]]) -> list[str]:
        """Give messages by topic and payload to the intake, in one group; returns what became of each."""
        answers = await self.intake.take([read_topic(*each) for each in messages])
        return [answer.became for answer in answers]

    async def status(self, state: AttemptState, **fields: Any) -> None:
        attempt = await self.attempt()
        self.seq += 1
        status = AttemptStatus(
            attempt_id=attempt.id,
            state=state,
            boot_id=fields.pop("boot_id", "boot-1"),
            journal_id=fields.pop("journal_id", "journal-1"),
            seq=fields.pop("seq", self.seq),
            at=datetime.now(UTC),
            **fields,
        )
        await self.hear("status", encode(status), attempt_id=attempt.id)

    async def result(self, value: float = 0.7, unit: str = "dimensionless", **fields: Any) -> Receipt:
        attempt = await self.attempt()
        measured = [Measurement(channel="y", property="yield", value=value, unit=unit, standard_error=0.01)]
        message = Result(
            attempt_id=fields.pop("attempt_id", attempt.id),
            digest=fields.pop("digest", attempt.digest),
            outcome=fields.pop("outcome", Outcome.OK),
            measurements=fields.pop("measurements", measured),
            boot_id="boot-1",
            journal_id="journal-1",
            started_at=datetime.now(UTC),
            ended_at=datetime.now(UTC),
        )
        said_by = fields.pop("instrument", "stove")
        topic_id = fields.pop("topic_id", message.attempt_id)
        receipt = await self.hear("result", fields.pop("payload", encode(message)), said_by, topic_id)
        assert receipt is not None
        return receipt

    async def attempt(self) -> Attempt:
        """The last attempt made."""
        return (await self.all(Attempt))[-1]

    async def all(self, table: type[SQLModel]) -> list[Any]:
        order = {Attempt: col(Attempt.made_at), Proposal: col(Proposal.number), Instrument: col(Instrument.name)}
        query = select(table)
        if table in order:
            query = query.order_by(order[table])  # type: ignore[index]
        return await self.store.read(lambda session: list(session.scalars(query)))
