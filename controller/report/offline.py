"""A campaign without daemon, broker and clock: the loop's own decisions, on a database in memory.

What decides, what builds the messages and what takes the results is the daemon's own code; only the instruments'
descriptions are made up where nobody gives them, and the clock goes on by itself when everybody waits.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import create_engine, event, select
from sqlalchemy.pool import StaticPool
from sqlmodel import Session, col

from adapters.instruments.messages import (
    Capability,
    Channel,
    Description,
    InstrumentMode,
    InstrumentState,
    Measurement,
    Message,
    Outcome,
    ParameterLimits,
    Result,
    Verdict,
    encode,
    is_name,
)
from controller.access.actors import Actor, Role
from controller.commands import campaigns, instruments, tasks
from controller.commands.imports import Table
from controller.effects.propose import Asked, finish_iteration, needed_files
from controller.effects.runner import mark_done
from controller.intake.quarantine import Said
from controller.intake.results import take_result
from controller.intake.states import take_description, take_state
from controller.loop import ATTEMPT, CAMPAIGN, Decision
from controller.loop.site_limits import Limits
from controller.schedule.turns import turn
from controller.spec import Campaign as Spec
from controller.spec import Step
from controller.store import Unit
from controller.store.history import build_request
from controller.store.tables import Attempt, Campaign, Iteration, Outbox
from controller.store.tables import Table as Rows
from controller.store.unit import Chain
from strategies import Request, request_digest
from strategies.spaces import Labelled

T = TypeVar("T")
Values = Mapping[str, float]

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
NOBODY = Actor("offline", Role.ADMIN)
PLENTY = 1000


class OfflineError(RuntimeError):
    """The campaign cannot go on by itself; the text says why."""


class Offline:
    """One campaign. `descriptions` are those of its instruments; what is missing takes whatever the campaign sends."""

    def __init__(
        self,
        spec: Spec,
        files: Mapping[str, Path] | None = None,
        descriptions: Mapping[str, Description] | None = None,
        limits: Limits | None = None,
        tables: Sequence[Table] = (),
    ) -> None:
        self.spec = spec
        self.now = BEGINNING
        self.cpu_seconds: list[float] = []  # of each iteration, by the strategy alone
        self._files = files or {}
        self._limits = limits or Limits()
        self._engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        event.listen(self._engine, "connect", _plain_transactions)
        event.listen(self._engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        Rows.metadata.create_all(self._engine)
        for name in sorted({name for stage in spec.stages for step in stage.steps for name in step.instruments}):
            self._enrol(name, (descriptions or {}).get(name) or permissive(spec, name))
        self.campaign_id = self.do(
            lambda unit: campaigns.submit(unit, NOBODY, campaigns.Submission("", spec, tables)).id
        )

    def close(self) -> None:
        """Forget everything."""
        self._engine.dispose()

    def do(self, function: Callable[[Unit], T]) -> T:
        """One transaction, as the store's writer makes it."""
        with Session(self._engine, expire_on_commit=False) as session:
            unit = Unit(session, Chain(session), self.now, self._limits)
            result = function(unit)
            unit.flush()
            session.commit()
        return result

    def read(self, function: Callable[[Session], T]) -> T:
        """Look into the rows."""
        with Session(self._engine, expire_on_commit=False) as session:
            return function(session)

    @property
    def campaign(self) -> Campaign:
        """The campaign's row."""
        return self.read(lambda session: session.get_one(Campaign, self.campaign_id))

    def _enrol(self, name: str, description: Description) -> None:
        ids = {"boot_id": "boot", "journal_id": "journal"}
        state = InstrumentState(state=InstrumentMode.ONLINE, seq=1, at=self.now, **ids)
        self.do(lambda unit: instruments.enrol(unit, NOBODY, name, simulated=True))
        simulated = description.model_copy(update={"simulated": True})
        self.do(lambda unit: take_description(unit, _said(name, "description", simulated)))
        self.do(lambda unit: take_state(unit, _said(name, "state", state)))

    def advance(self) -> list[Attempt]:
        """Decide and propose until attempts wait for an answer; returns these, or nothing once the campaign has ended.

        Raises `OfflineError` where a daemon would wait for people.
        """
        while True:
            decision = self._turn()
            campaign = self.campaign
            if CAMPAIGN.final(campaign.state):
                return []
            if campaign.state == "paused" or campaign.paused_steps:
                raise OfflineError(campaign.reason or f"paused after failures: {', '.join(campaign.paused_steps)}")
            if self._propose():
                continue
            if waiting := self.read(_open_attempts):
                return waiting
            if decision.wake_at is None:
                raise OfflineError("nothing is left to do but what people must do (approvals)")
            self.now = max(self.now + timedelta(seconds=1), decision.wake_at)

    def _turn(self) -> Decision:
        while True:
            decision = self.do(lambda unit: turn(unit, self.campaign_id))
            if not decision.actions:
                return decision

    def _propose(self) -> bool:
        """Carry out the iteration that is wanted, in this process; says whether there was one."""
        from controller.effects.tasks import propose

        row = self.read(_wanted_iteration)
        if row is None:
            return False
        request, region = self.read(lambda session: self._request(session, row.payload["iteration"]))
        paths = {name: str(self._files[name]) for name in needed_files(request)}
        started = time.process_time()
        answer = propose({"request": request.model_dump(mode="json"), "files": paths, "region": region})
        seconds = time.process_time() - started
        self.cpu_seconds.append(seconds)
        asked = Asked(request_digest(request), seconds, answer)
        self.do(lambda unit: finish_iteration(unit, row, row.payload["iteration"], asked))
        return True

    def _request(self, session: Session, iteration_id: str) -> tuple[Request, bool]:
        rules = [rule for stage in self.spec.stages for rule in stage.approval.rules]
        request = build_request(session, session.get_one(Iteration, iteration_id))
        return request, any(rule.kind == "known_region" for rule in rules)

    def answer(self, attempt: Attempt, values: Values | None, failure: Outcome = Outcome.FAILED_SYNTHESIS) -> None:
        """Give the result of an attempt, in the units of the spec; None: it failed."""
        self.now += timedelta(seconds=1)
        if attempt.adapter == "person":
            self._answer_by_hand(attempt, values, failure)
            return
        outcome = failure if values is None else Outcome.OK
        result = Result(
            attempt_id=attempt.id,
            digest=attempt.digest,
            outcome=outcome,
            measurements=self._measurements(attempt, values or {}),
            boot_id="boot",
            journal_id="journal",
            started_at=self.now,
            ended_at=self.now,
        )
        said = _said(attempt.resource, "result", result, attempt.id)
        if (verdict := self.do(lambda unit: take_result(unit, said))) is not Verdict.STORED:
            raise OfflineError(f"the result of attempt {attempt.id} was not taken: {verdict.value}")
        self.do(_forget_requests)

    def _measurements(self, attempt: Attempt, values: Values) -> list[Measurement]:
        units = _units(self.spec)
        return [
            Measurement(channel=name, property=name, value=values[name], unit=units.get(name, "dimensionless"))
            for name in attempt.request["yields"]
            if name in values
        ]

    def _answer_by_hand(self, attempt: Attempt, values: Values | None, failure: Outcome) -> None:
        if values is None:
            self.do(lambda unit: tasks.fail(unit, NOBODY, attempt.id, failure.value))
            return
        units = _units(self.spec)
        given = {name: (values[name], units.get(name, "dimensionless")) for name in attempt.request["yields"]}
        self.do(lambda unit: tasks.measure(unit, NOBODY, attempt.id, given))


def permissive(spec: Spec, name: str) -> Description:
    """A description with which an instrument takes whatever the campaign sends it."""
    capabilities: dict[str, Capability] = {}
    for step in (step for stage in spec.stages for step in stage.steps if name in step.instruments):
        capability = Capability(parameters=_parameters(spec, step), channels=_channels(spec, step))
        capabilities[step.capability or ""] = capability
    return Description(model="offline", software="0", simulated=True, concurrency=PLENTY, capabilities=capabilities)


def _parameters(spec: Spec, step: Step) -> dict[str, ParameterLimits]:
    names: Sequence[str] = spec.space.names() if step.parameters is None else step.parameters
    # A pool's column may have any name; one that cannot stand in a message travels with the candidate alone.
    return {name: _limits(spec, name) for name in names if is_name(name)}


def _limits(spec: Spec, name: str) -> ParameterLimits:
    parameter = spec.space.parameter(name)
    if isinstance(parameter, Labelled):
        return ParameterLimits(choices=list(parameter.choices))
    return ParameterLimits(unit=spec.space.unit(name))


def _channels(spec: Spec, step: Step) -> dict[str, Channel]:
    units = _units(spec)
    return {name: Channel(property=name, unit=units.get(name, "dimensionless")) for name in step.asked}


def _units(spec: Spec) -> dict[str, str]:
    from controller.store.specs import units_of

    return units_of(spec)


def _said(name: str, kind: str, message: Message, attempt_id: str | None = None) -> Said:
    return Said(f"{name}/{kind}", encode(message), name, attempt_id, kind)


def _open_attempts(session: Session) -> list[Attempt]:
    query = select(Attempt).where(col(Attempt.state).in_(ATTEMPT.open_states)).order_by(col(Attempt.made_at))
    return list(session.scalars(query))


def _wanted_iteration(session: Session) -> Outbox | None:
    query = select(Outbox).where(col(Outbox.kind) == "propose", col(Outbox.done_at).is_(None))
    return session.scalars(query.order_by(col(Outbox.id))).first()


def _forget_requests(unit: Unit) -> None:
    """Nobody publishes here."""
    query = select(Outbox).where(col(Outbox.kind) != "propose", col(Outbox.done_at).is_(None))
    for row in unit.session.scalars(query):
        mark_done(unit, row)


def _plain_transactions(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=ON")
