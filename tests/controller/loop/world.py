"""A campaign on an in-memory SQLite, under a clock that tests move: the daemon's own writers, without its threads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import create_engine, event, select, text
from sqlalchemy.pool import StaticPool
from sqlmodel import Session, SQLModel, col

from adapters.instruments.messages import (
    AttemptState,
    AttemptStatus,
    Capability,
    Channel,
    Description,
    File,
    InstrumentMode,
    InstrumentState,
    Measurement,
    Message,
    Outcome,
    ParameterLimits,
    Receipt,
    Result,
    encode,
)
from controller.access.actors import Actor, Role
from controller.commands import campaigns, instruments
from controller.commands.errors import Conflict
from controller.effects.analyse import Found, finish_analysis
from controller.effects.propose import Asked, finish_iteration
from controller.effects.publish import _sent
from controller.effects.runner import mark_done
from controller.intake.intake import Intake
from controller.intake.liveness import _back, _lost
from controller.intake.quarantine import Said
from controller.loop import CampaignView
from controller.loop.site_limits import Limits
from controller.report.audit import AuditReport, audit
from controller.schedule.turns import turn
from controller.spec import Campaign as Spec
from controller.store import Unit
from controller.store.tables import Attempt, Campaign, Iteration, Job, Outbox, Proposal, Table
from controller.store.unit import Chain
from controller.store.views import load_view
from tests.controller.loop.views import NOON, make_spec

T = TypeVar("T")
Row = TypeVar("Row", bound=SQLModel)
ADA, BEN = Actor("ada", Role.ADMIN), Actor("ben", Role.OPERATOR)
INSTRUMENTS = ("stove", "oven", "scale")


def description(name: str) -> Description:
    yields = Channel(property="yield", unit="dimensionless"), Channel(property="waste", unit="kg")
    return Description(
        model=name,
        software="1",
        simulated=True,
        capabilities={
            "cook": Capability(
                parameters={"temperature": ParameterLimits(unit="K", low=290, high=360)},
                channels={"y": yields[0], "w": yields[1]},
            )
        },
    )


@dataclass
class Device:
    """What an instrument says of itself next."""

    boot: int = 1
    journal: int = 1
    seq: int = 0

    @property
    def ids(self) -> dict[str, str]:
        return {"boot_id": f"boot-{self.boot}", "journal_id": f"journal-{self.journal}"}


@dataclass
class World:
    """The rows of one campaign, and everything that can happen to them."""

    spec: Spec
    now: datetime = NOON
    limits: Limits = field(default_factory=Limits)
    template: bytes | None = field(default_factory=lambda: laboratory())
    campaign_id: str = ""

    def __post_init__(self) -> None:
        self.engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        event.listen(self.engine, "connect", _plain_transactions)
        event.listen(self.engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        self.intake = Intake(None, None, None)  # type: ignore[arg-type] - only its transaction is used
        self.devices = {name: Device(seq=1) for name in INSTRUMENTS}
        if self.template is None:
            self._make_laboratory()
            return
        with self.engine.connect() as connection:
            connection.connection.driver_connection.deserialize(self.template)  # type: ignore[union-attr]
        self.campaign_id = self.do(self._submit)

    def _make_laboratory(self) -> None:
        Table.metadata.create_all(self.engine)
        for name in INSTRUMENTS:
            self.do(lambda unit, name=name: instruments.enrol(unit, ADA, name, simulated=True))
            self.hear(name, "description", description(name))
            self.appear(name, seq=1)

    def _submit(self, unit: Unit) -> str:
        return campaigns.submit(unit, ADA, campaigns.Submission("", self.spec)).id

    def close(self) -> None:
        self.engine.dispose()

    def do(self, function: Callable[[Unit], T]) -> T:
        """One transaction, as the store's writer makes it."""
        with Session(self.engine, expire_on_commit=False) as session:
            unit = Unit(session, Chain(session), self.now, self.limits)
            result = function(unit)
            unit.flush()
            session.commit()
        return result

    def ask(self, function: Callable[[Unit], Any]) -> bool:
        """What a person asks for; False if it was refused, and then nothing of it is kept."""
        try:
            self.do(function)
        except Conflict:
            return False
        return True

    def turn(self) -> datetime | None:
        """Decide until nothing more is to be done; returns when the campaign wants to be woken."""
        decision = self.do(lambda unit: turn(unit, self.campaign_id))
        return self.turn() if decision.actions else decision.wake_at

    def view(self, now: datetime | None = None) -> CampaignView:
        with Session(self.engine) as session:
            return load_view(session, self.campaign_id, now or self.now)

    def audit(self) -> AuditReport:
        with Session(self.engine) as session:
            return audit(session)

    def all(self, table: type[Row], *conditions: Any) -> Sequence[Row]:
        """Rows in the order in which they were made."""
        with Session(self.engine) as session:
            return session.scalars(select(table).where(*conditions).order_by(text("rowid"))).all()

    @property
    def campaign(self) -> Campaign:
        with Session(self.engine) as session:
            return session.get_one(Campaign, self.campaign_id)

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    # Strategies and publication

    def wanted(self, kind: str) -> Sequence[Outbox]:
        return self.all(Outbox, col(Outbox.kind) == kind, col(Outbox.done_at).is_(None))

    def answer_strategy(
        self,
        temperatures: Sequence[float] | None,
        facts: dict[str, float] | None = None,
        report: dict[str, Any] | None = None,
    ) -> bool:
        """Answer the iteration under way, if there is one: with as many candidates as it wants at most, or None."""
        if not (waiting := self.wanted("propose")):
            return False
        iteration_id = waiting[0].payload["iteration"]
        [iteration] = self.all(Iteration, col(Iteration.id) == iteration_id)
        answer = None if temperatures is None else self._answer(temperatures[: iteration.n], facts or {}, report or {})
        asked = Asked("digest", 0.1, answer, None if answer else "the strategy broke")
        self.do(lambda unit: finish_iteration(unit, waiting[0], iteration_id, asked))
        return True

    def _answer(self, temperatures: Sequence[float], facts: dict[str, float], report: dict[str, Any]) -> dict[str, Any]:
        units = {"temperature": "degC"}
        candidates = [{"kind": "conditions", "values": {"temperature": each}, "units": units} for each in temperatures]
        prediction = {"yield": {"mean": 50.0, "standard_deviation": 1.0}}
        first = self.spec.stages[0].name
        proposals = [
            {"candidate": each, "stage": first, "reason": "test", "prediction": prediction} for each in candidates
        ]
        return {
            "response": {"proposals": proposals, "report": report},
            "keys": [f"key-{each}" for each in temperatures],
            "facts": [facts] * len(candidates),
            "versions": {},
        }

    def read_file(self, found: Found) -> None:
        """A worker has read the files of the attempt that waited longest."""
        if waiting := self.wanted("analysis"):
            self.do(lambda unit: finish_analysis(unit, waiting[0], waiting[0].payload["attempt"], found))

    def publish(self) -> None:
        """Carry out everything that waits to be sent; what is sent may still get lost."""
        for row in self.wanted("request"):
            self.do(lambda unit, row=row: _sent(unit, row, row.payload["attempt"], True))
        for row in self.wanted("command"):
            self.do(lambda unit, row=row: mark_done(unit, row))

    # Instruments

    def hear(self, name: str, kind: str, message: Message | bytes, attempt_id: str | None = None) -> Receipt | None:
        """Take one message from an instrument, as the intake does."""
        payload = message if isinstance(message, bytes) else encode(message)
        said = Said(f"{name}/{kind}", payload, name, attempt_id, kind)
        return self.do(lambda unit: self.intake._take(unit, [said]))[0].receipt

    def appear(self, name: str, mode: InstrumentMode = InstrumentMode.ONLINE, **fields: Any) -> None:
        device = self.devices[name]
        device.seq += 1
        state = {"state": mode, "seq": device.seq, "at": self.now, **device.ids, **fields}
        self.hear(name, "state", InstrumentState(**state))

    def fall_silent(self, name: str) -> None:
        self.do(lambda unit: _lost(unit, name))

    def beat(self, name: str) -> None:
        boot = self.devices[name].ids["boot_id"]
        self.do(lambda unit: _back(unit, name, boot))

    def status(self, attempt: Attempt, state: AttemptState, **fields: Any) -> None:
        device = self.devices[attempt.resource]
        device.seq += 1
        status = {"attempt_id": attempt.id, "state": state, "seq": device.seq, "at": self.now, **device.ids, **fields}
        said_by = status.pop("said_by", attempt.resource)
        self.hear(said_by, "status", AttemptStatus(**status), attempt.id)

    def result(self, attempt: Attempt, value: float, outcome: Outcome = Outcome.OK, **fields: Any) -> Receipt | None:
        yields = attempt.request["yields"] if outcome is Outcome.OK else []
        unit = {"yield": "dimensionless", "waste": "kg"}
        result = {
            "attempt_id": attempt.id,
            "digest": attempt.digest,
            "outcome": outcome,
            "measurements": [
                Measurement(channel=name[0], property=name, value=value, unit=unit[name]) for name in yields
            ],
            "files": [File(sha256="f" * 64, name="curve.csv")],
            "started_at": self.now,
            "ended_at": self.now,
            **self.devices[attempt.resource].ids,
            **fields,
        }
        said_by = result.pop("said_by", attempt.resource)
        return self.hear(said_by, "result", Result(**result), attempt.id)

    def open_attempts(self) -> list[Attempt]:
        ends = ("succeeded", "failed", "refused", "expired", "cancelled", "abandoned")
        return list(self.all(Attempt, col(Attempt.state).not_in(ends)))

    # What the campaign's own counters must be

    def counting_proposals(self) -> int:
        """First-stage proposals, without those withdrawn before they began."""
        begun = {job.proposal_id for job in self.all(Job)}
        first = self.all(Proposal, col(Proposal.stage) == self.spec.stages[0].name)
        withdrawn = ("rejected", "expired", "superseded", "cancelled")
        return sum(row.state not in withdrawn or row.id in begun for row in first)


@cache
def laboratory() -> bytes:
    """A database with three instruments that are ready, made once."""
    world = World(make_spec(), template=None)
    with world.engine.connect() as connection:
        content: bytes = connection.connection.driver_connection.serialize()  # type: ignore[union-attr]
    world.close()
    return content


def _plain_transactions(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=ON")
