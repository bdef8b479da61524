"""Outbox kind `analysis`: read in a worker what the files of an attempt say, and end the attempt with it."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from adapters.compute import TaskFailed, WorkerDied, Workers
from controller.effects.runner import NotYet, mark_done
from controller.files import Files
from controller.loop.attempt import ATTEMPT, grace
from controller.spec import Analysis
from controller.store import Store, Unit
from controller.store.apply.proposals import judge_anew
from controller.store.change import change_attempt
from controller.store.measured import Unusable, measurement, replacement
from controller.store.specs import NoSuchStep, spec_of, step_of, units_of
from controller.store.tables import Attempt, Campaign, Measurement, Outbox

TASK = "controller.effects.tasks:analyse"
DEADLINE_S = 600.0
BY_PEOPLE = ("operator", "person")


@dataclass(frozen=True)
class _Reading:
    """One function on one file."""

    analysis: Analysis
    sha256: str


@dataclass(frozen=True)
class _Question:
    """What is to be read, and how long a file that is not there yet is waited for."""

    readings: list[_Reading]
    until: datetime | None  # an abort waits for none


@dataclass
class Found:
    """What the files say: property -> (value, unit, how it was made); or that they hold nothing, or cannot be read."""

    values: dict[str, tuple[float, str, dict[str, Any]]] = field(default_factory=dict)
    nothing: str | None = None
    fault: str | None = None


class Analyst:
    """Reads files of results."""

    def __init__(self, store: Store, workers: Workers, files: Files) -> None:
        self._store = store
        self._workers = workers
        self._files = files
        self._turn = asyncio.Semaphore(1)  # thousands may be wanted at once, and the strategies need the workers too

    async def analyse(self, row: Outbox) -> None:
        """Carry out what the attempt's step says about its files."""
        attempt_id = row.payload["attempt"]
        question = await self._store.read(lambda session: _prepare(session, attempt_id))
        found = Found(fault=question) if isinstance(question, str) else await self._read(question)
        await self._store.write(lambda unit: finish_analysis(unit, row, attempt_id, found), name="analysis")

    async def _read(self, question: _Question) -> Found:
        found = Found()
        for reading in question.readings:
            if not self._files.path(reading.sha256).is_file():
                if question.until is not None and self._store.clock() < question.until:
                    raise NotYet
                return Found(fault=f"its file {reading.sha256} has not come; put it, then analyse again")
            try:
                answer = await self._run(reading)
            except TaskFailed as error:
                return Found(fault=f"{reading.analysis.function}: {error}"[:2000])
            if "nothing" in answer:
                return Found(nothing=f"{reading.analysis.function}: {answer['nothing']}"[:2000])
            if "fault" in answer:
                return Found(fault=f"{reading.analysis.function}: {answer['fault']}"[:2000])
            _take(found, reading, answer)
        return found

    async def _run(self, reading: _Reading) -> dict[str, Any]:
        path = str(self._files.path(reading.sha256))
        payload = {"function": reading.analysis.function, "path": path, "options": reading.analysis.options}
        async with self._turn:
            try:
                return await self._workers.run(TASK, payload, DEADLINE_S)
            except WorkerDied:
                return await self._workers.run(TASK, payload, DEADLINE_S)


def _prepare(session: Session, attempt_id: str) -> _Question | str:
    """What is to be read; a text if the campaign file has changed so that it cannot be said any more."""
    attempt = session.get_one(Attempt, attempt_id)
    files = (attempt.result or {}).get("files", [])
    try:
        step = step_of(session, attempt)
        places = [each.choose([file["name"] for file in files]) for each in step.analysis]
    except (NoSuchStep, ValueError) as error:
        return str(error)
    readings = [_Reading(each, files[place]["sha256"]) for each, place in zip(step.analysis, places, strict=True)]
    aborting = session.get_one(Campaign, attempt.campaign_id).state == "aborting"
    return _Question(readings, None if aborting else attempt.deadline + grace(step.timeout))


def _take(found: Found, reading: _Reading, answer: dict[str, Any]) -> None:
    analysis = reading.analysis
    made = {"function": analysis.function, "version": answer["version"], "options": analysis.options}
    for output, name in analysis.gives.items():
        each = answer["values"][output]
        found.values[name] = (each["value"], each["unit"], {**made, "output": output, "sha256": reading.sha256})


def finish_analysis(unit: Unit, row: Outbox, attempt_id: str, found: Found) -> None:
    """One transaction: the values, and the end of the attempt that waited for them."""
    if not mark_done(unit, row):
        return
    attempt = unit.session.get_one(Attempt, attempt_id)
    try:
        rows = _rows(unit, attempt, found)
    except Unusable as error:
        rows, found = [], Found(fault=str(error))
    if attempt.state == "succeeded":
        _analysed_again(unit, attempt, rows, found)
    elif attempt.state != "analysing":
        return  # somebody has decided otherwise meanwhile
    elif found.fault is not None:
        attempt.doubt = f"its files could not be read: {found.fault}"
        change_attempt(unit, attempt, "doubt", why=attempt.doubt)
    elif found.nothing is not None and attempt.adapter == "person":  # who may have taken the wrong file
        attempt.doubt = found.nothing
        change_attempt(unit, attempt, "doubt", why=found.nothing)
    elif found.nothing is not None:
        attempt.failure, attempt.reason = "failed-measurement", found.nothing
        change_attempt(unit, attempt, "fail", failure=attempt.failure, why=found.nothing)
    else:
        change_attempt(unit, attempt, "succeed", *rows)


def give_up_analysis(unit: Unit, row: Outbox, why: str) -> None:
    """The attempt is for an operator; its files are there."""
    attempt = unit.session.get_one(Attempt, row.payload["attempt"])
    if ATTEMPT.allows(attempt.state, "doubt"):
        attempt.doubt = f"its files could not be read: {why}"
        change_attempt(unit, attempt, "doubt", why=attempt.doubt)


def _rows(unit: Unit, attempt: Attempt, found: Found) -> list[Measurement]:
    rows = []
    units = units_of(spec_of(unit.session, unit.session.get_one(Campaign, attempt.campaign_id)))
    for name, (value, given, made) in found.values.items():
        row = measurement(unit, attempt, name, value, given, units, origin="analysis", place="analysis")
        row.made_from = made
        rows.append(row)
    return rows


def _analysed_again(unit: Unit, attempt: Attempt, rows: list[Measurement], found: Found) -> None:
    """Old files, read once more: other values take the place of the old ones, but not of what people entered."""
    campaign = unit.session.get_one(Campaign, attempt.campaign_id)
    changed: list[Measurement] = []
    for row in rows:
        old = _current(unit, attempt, row.property)
        if old is None:  # the campaign file did not ask for it before
            unit.session.add(row)
            changed.append(row)
            continue
        if old.origin in BY_PEOPLE or (old.value, old.made_from) == (row.value, row.made_from):
            continue
        fresh = replacement(unit, old, row.value, row.unit, row.origin)
        fresh.made_from, fresh.standard_error = row.made_from, row.standard_error
        unit.session.add(fresh)
        changed += [old, fresh]
    if changed:
        judge_anew(unit, campaign)
    unit.record(
        "attempt.analysed-again",
        *changed,
        *([campaign] if changed else []),
        campaign_id=campaign.id,
        subject=attempt.id,
        why=found.fault or found.nothing,
    )


def _current(unit: Unit, attempt: Attempt, name: str) -> Measurement | None:
    query = select(Measurement).where(
        col(Measurement.attempt_id) == attempt.id,
        col(Measurement.property) == name,
        col(Measurement.replaced_event).is_(None),
    )
    return unit.session.scalars(query.order_by(col(Measurement.event))).first()
