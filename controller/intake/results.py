"""Results: each is taken exactly once, whatever the wire does, and answered by a receipt after the commit."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlmodel import SQLModel, col

from adapters.instruments.messages import File, Outcome, Result, Verdict, canonical_json, parse
from adapters.instruments.messages import Measurement as Sent
from controller.intake.quarantine import Refused, Said
from controller.loop import ATTEMPT, SAMPLE
from controller.spec import Analysis
from controller.spec import Campaign as Spec
from controller.store import Unit
from controller.store.apply.attempts import report_attempts
from controller.store.change import change_attempt
from controller.store.measured import Unusable, measurement
from controller.store.specs import spec_of, step_of, units_of
from controller.store.tables import Artifact, Attempt, Campaign, Instrument, Measurement, Orphan, Sample, SpecVersion

ORPHANS_PER_HOUR = 1000


def load_together(unit: Unit, group: Sequence[Said]) -> list[SQLModel]:
    """Read what a group of messages needs in few statements.

    The session finds these rows again as long as somebody holds them; it does not hold them itself.
    """
    wanted, senders = {said.attempt_id for said in group}, {said.instrument for said in group}
    attempts = unit.session.scalars(select(Attempt).where(col(Attempt.id).in_(wanted))).all()
    instruments = unit.session.scalars(select(Instrument).where(col(Instrument.name).in_(senders))).all()
    names = {each.campaign_id for each in attempts}
    campaigns = unit.session.scalars(select(Campaign).where(col(Campaign.id).in_(names))).all()
    specs = [unit.session.get_one(SpecVersion, (each.id, each.version)) for each in campaigns]
    return [*attempts, *instruments, *campaigns, *specs]


def take_result(unit: Unit, said: Said, actor: str | None = None) -> Verdict:
    """Store the result, or say why that is not needed; raises `Refused` or `MalformedMessage`.

    `actor` is whoever has corrected what the instrument said.
    """
    result = parse(Result, said.payload)
    if result.attempt_id != said.attempt_id:
        raise Refused(f"the topic names attempt {said.attempt_id}, the message {result.attempt_id}")
    attempt = unit.session.get(Attempt, result.attempt_id)
    if attempt is None:
        return _keep_orphan(unit, said, result, actor)
    if attempt.resource != said.instrument:
        raise Refused(f"attempt {attempt.id} was sent to {attempt.resource}, not to {said.instrument}")
    if result.digest != attempt.digest:
        raise Refused("the digest is not that of the request")
    digest = content_digest(result)
    if attempt.result_digest is not None:
        if attempt.result_digest == digest:
            return Verdict.DUPLICATE
        raise Refused("another result of this attempt is stored already")
    _store(unit, attempt, result, digest, actor)
    return Verdict.STORED


def refuse_result(unit: Unit, said: Said, reason: str) -> None:
    """After a refused result: ask for it once more; refused again, the attempt is for the operator."""
    attempt = unit.session.get(Attempt, said.attempt_id) if said.attempt_id else None
    if attempt is None or attempt.resource != said.instrument or ATTEMPT.final(attempt.state):
        return
    if attempt.state == "doubtful" or attempt.result_digest is not None:  # its result is here already
        return
    attempt.quarantined += 1
    if attempt.quarantined == 1:
        unit.record("attempt.ask", attempt, campaign_id=attempt.campaign_id, subject=attempt.id, why=reason[:500])
        report_attempts(unit, attempt.resource, [attempt.id])
    else:
        attempt.doubt = f"its result was refused twice: {reason}"[:2000]
        change_attempt(unit, attempt, "doubt", why=attempt.doubt)


def content_digest(result: Result) -> str:
    """SHA-256 of what a result says, apart from how it was sent."""
    content = result.model_dump(mode="json", include={"outcome", "measurements", "files", "sample_id"})
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def _keep_orphan(unit: Unit, said: Said, result: Result, actor: str | None) -> Verdict:
    """This database has never made the attempt (it may come from before a backup): keep it for the operator."""
    digest = content_digest(result)
    known = select(col(Orphan.id)).where(col(Orphan.attempt_id) == result.attempt_id, col(Orphan.digest) == digest)
    if unit.session.scalar(known) is None:
        _refuse_a_flood(unit, said.instrument or "")
        row = Orphan(
            id=unit.new_id(),
            at=unit.now,
            instrument=said.instrument or "",
            attempt_id=result.attempt_id,
            digest=digest,
            payload=result.model_dump(mode="json", exclude_none=True),
        )
        unit.record("result.orphan", row, subject=result.attempt_id, actor=actor)
    return Verdict.UNKNOWN


def _refuse_a_flood(unit: Unit, instrument: str) -> None:
    """Nobody looks at so many; what is refused is bounded, and pauses the instrument."""
    lately = select(func.count()).where(
        col(Orphan.instrument) == instrument, col(Orphan.at) > unit.now - timedelta(hours=1)
    )
    if (unit.session.scalar(lately) or 0) >= ORPHANS_PER_HOUR:
        raise Refused(f"more than {ORPHANS_PER_HOUR} results of unknown attempts within an hour")


def _store(unit: Unit, attempt: Attempt, result: Result, digest: str, actor: str | None) -> None:
    campaign = unit.session.get_one(Campaign, attempt.campaign_id)
    late = ATTEMPT.final(attempt.state)
    spec = spec_of(unit.session, campaign)
    analyses = [] if late or result.outcome is not Outcome.OK else _analyses(unit, attempt, spec)
    units = units_of(spec)
    rows: list[Any] = [_row(unit, attempt, each, units) for each in result.measurements]
    _check_completeness(result, attempt, analyses)
    if result.outcome is not Outcome.OK:
        rows = []  # what a failed run measured is no value of the candidate; the whole message is kept
    attempt.late = late or (attempt.cancel_asked and campaign.state == "aborting")
    for row in rows:
        row.late = attempt.late
    attempt.outcome, attempt.reason, attempt.result_digest = result.outcome.value, result.reason, digest
    attempt.result = result.model_dump(mode="json", exclude_none=True)
    if result.sample_id is not None:
        rows.append(sample_of(campaign, attempt, result.sample_id))
    rows += raw_data(unit, attempt, result.files)
    if late:
        unit.record("attempt.late", attempt, *rows, campaign_id=campaign.id, subject=attempt.id, actor=actor)
    elif analyses:
        begin_analysis(unit, attempt, *rows, actor=actor)
    elif result.outcome is Outcome.OK:
        change_attempt(unit, attempt, "succeed", *rows, actor=actor)
    else:
        attempt.failure = result.outcome.value
        change_attempt(unit, attempt, "fail", *rows, actor=actor, failure=attempt.failure, why=result.reason)


def _analyses(unit: Unit, attempt: Attempt, spec: Spec) -> Sequence[Analysis]:
    """What is to be read from the files; most campaigns read none, and none of their rows are needed to know that."""
    if not any(step.analysis for stage in spec.stages for step in stage.steps):
        return ()
    return step_of(unit.session, attempt).analysis


def _row(unit: Unit, attempt: Attempt, sent: Sent, units: Mapping[str, str]) -> Measurement:
    try:
        return measurement(
            unit,
            attempt,
            sent.property,
            sent.value,
            sent.unit,
            units,
            origin="instrument",
            channel=sent.channel,
            place=sent.index,
            standard_error=sent.standard_error,
            status=sent.status.value,
        )
    except Unusable as problem:
        raise Refused(str(problem)) from problem


def begin_analysis(unit: Unit, attempt: Attempt, *rows: SQLModel, actor: str | None = None) -> None:
    """The work is done; what its files say is read after the commit, and ends the attempt."""
    change_attempt(unit, attempt, "analyse", *rows, actor=actor)
    unit.outbox("analysis", attempt.campaign_id, attempt=attempt.id)


def _check_completeness(result: Result, attempt: Attempt, analyses: Sequence[Analysis]) -> None:
    places = [(each.channel, each.index) for each in result.measurements]
    if len(set(places)) != len(places):
        raise Refused("two measurements have the same channel and index")
    if result.outcome is not Outcome.OK:
        return
    given = {each.property for each in result.measurements}
    if missing := [name for name in attempt.request.get("yields", []) if name not in given]:
        raise Refused(f"the result lacks {', '.join(missing)}, which the request asks for")
    for analysis in analyses:
        try:
            analysis.choose([file.name for file in result.files])
        except ValueError as problem:
            raise Refused(str(problem)) from problem


def raw_data(unit: Unit, attempt: Attempt, files: Sequence[File]) -> list[Artifact]:
    """What a result names of the file store; the file itself may come before or after."""
    if not files:
        return []
    known = select(func.count()).where(col(Artifact.attempt_id) == attempt.id)
    first = unit.session.scalar(known) or 0  # a person may have given others before
    return [
        Artifact(
            id=f"{attempt.id}/file/{place}",
            campaign_id=attempt.campaign_id,
            attempt_id=attempt.id,
            kind="raw-data",
            sha256=file.sha256,
            made_from={"name": file.name, "media_type": file.media_type},
            event=unit.next_event,
        )
        for place, file in enumerate(files, first)
    ]


def sample_of(campaign: Campaign, attempt: Attempt, name: str) -> Sample:
    """The sample that an attempt made, called `name` where it is."""
    return Sample(
        id=attempt.id,
        campaign_id=campaign.id,
        name=name,
        parents=[attempt.request["sample_id"]] if attempt.request.get("sample_id") else [],
        place=attempt.resource,
        state=SAMPLE.initial,
        simulated=campaign.simulated,
    )
