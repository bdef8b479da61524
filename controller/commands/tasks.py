"""Tasks: steps done by hand, and what the person who did one tells about it."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlmodel import Session, SQLModel, col

from adapters.instruments.messages import File
from controller.access.actors import Actor, Role
from controller.commands.doubts import FAILURES
from controller.commands.errors import Conflict, Invalid
from controller.commands.lookup import find
from controller.commands.values import Given, entered, unmeasured
from controller.intake.results import begin_analysis, raw_data
from controller.loop.attempt import ATTEMPT, UNDER_WAY
from controller.spec import Step
from controller.store import Unit
from controller.store.change import change_attempt
from controller.store.specs import NoSuchStep, step_of
from controller.store.tables import Attempt, Measurement, StoredFile

# One that was answered with a file that nobody can read is a doubt.
OPEN_TASKS = (
    col(Attempt.adapter) == "person",
    col(Attempt.state).in_([*UNDER_WAY, "doubtful"]),
    col(Attempt.outcome).is_(None),
)


def open_tasks(session: Session, limit: int | None = None) -> list[Attempt]:
    """Tasks that wait for somebody, oldest first."""
    query = select(Attempt).where(*OPEN_TASKS).order_by(col(Attempt.made_at), col(Attempt.id))
    return list(session.scalars(query.limit(limit)))


def measure(
    unit: Unit,
    actor: Actor,
    attempt_id: str,
    values: Mapping[str, Given],
    *,
    files: Sequence[File] = (),
    sample: str | None = None,
    why: str | None = None,
) -> Attempt:
    """Enter what a step by hand yielded; `values` is property -> (value, unit), `sample` the name of what it made.

    With `files`, which must be in the file store, what the step's analysis gives is read from them. Where an earlier
    file could not be read, another one may be given.
    """
    attempt = _unanswered(unit, actor, attempt_id)
    try:
        step = step_of(unit.session, attempt)
    except NoSuchStep as error:
        raise Conflict(str(error)) from error
    analysed = bool(files and step.analysis)
    _check(unit, step, files)
    missing = [name for name in unmeasured(unit.session, attempt) if not analysed or name in step.asked]
    rows = entered(unit, attempt, values, missing, sample)
    attempt.outcome, attempt.reason = "ok", why
    if files:
        attempt.result = {"files": [file.model_dump(mode="json") for file in files]}
        rows += raw_data(unit, attempt, files)
    _take(unit, actor, attempt, "analyse" if analysed else "succeed", rows, why)
    return attempt


def _check(unit: Unit, step: Step, files: Sequence[File]) -> None:
    for file in files:
        if unit.session.get(StoredFile, file.sha256) is None:
            raise Invalid(f"the file {file.name} ({file.sha256}) is not in the file store; put it there first")
    for analysis in step.analysis if files else ():
        try:
            analysis.choose([file.name for file in files])
        except ValueError as error:
            raise Invalid(str(error)) from error


def fail(unit: Unit, actor: Actor, attempt_id: str, kind: str, why: str | None = None) -> Attempt:
    """Record that a step by hand failed; what the kind says about the candidate is as with any instrument."""
    if kind not in FAILURES:
        raise Invalid(f"{kind!r} is no kind of failure; use one of {', '.join(FAILURES)}")
    attempt = _unanswered(unit, actor, attempt_id)
    attempt.outcome = attempt.failure = kind
    attempt.reason = why
    _take(unit, actor, attempt, "fail", [], why)
    return attempt


def _take(unit: Unit, actor: Actor, attempt: Attempt, event: str, rows: Sequence[SQLModel], why: str | None) -> None:
    """As of any instrument: what comes after the end is kept, marked late."""
    if not ATTEMPT.final(attempt.state):
        if event == "analyse":
            begin_analysis(unit, attempt, *rows, actor=actor.name)
            return
        change_attempt(unit, attempt, event, *rows, actor=actor.name, why=why)
        return
    attempt.late = True
    for row in rows:
        if isinstance(row, Measurement):
            row.late = True
    unit.record(
        "attempt.late", attempt, *rows, campaign_id=attempt.campaign_id, subject=attempt.id, actor=actor.name, why=why
    )


def _unanswered(unit: Unit, actor: Actor, attempt_id: str) -> Attempt:
    actor.require(Role.OPERATOR)
    attempt = find(unit.session, Attempt, attempt_id)
    if attempt.adapter != "person":
        raise Conflict(f"attempt {attempt_id} runs on {attempt.resource}, which reports its results itself")
    if (attempt.outcome is not None and attempt.state != "doubtful") or attempt.state in ("succeeded", "failed"):
        raise Conflict(f"attempt {attempt_id} is {attempt.state} already")
    return attempt
