"""What must hold after any crash: looked up in database, run logs and journals, each a source of its own."""

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import select
from sqlmodel import Session, col

from adapters.instruments.messages import AttemptState
from controller.loop import ATTEMPT
from controller.report.audit import audit
from controller.store.tables import ApprovalDecision, Attempt, Campaign, Measurement, Proposal
from tests.laboratory.campaign import PROPERTIES
from tests.laboratory.laboratory import Laboratory

Values = dict[str, float]  # "number property" -> value


def keys(session: Session) -> list[str]:
    """Canonical keys of the proposals, in order."""
    return list(session.scalars(select(col(Proposal.key)).order_by(col(Proposal.number))))


def values(session: Session) -> Values:
    """Every current measurement that counts; raises `AssertionError` if a proposal has a property twice."""
    query = select(Measurement, Proposal).join(Proposal, col(Proposal.id) == col(Measurement.proposal_id))
    found: Values = {}
    for measurement, proposal in session.execute(query):
        if measurement.late or measurement.replaced_event is not None:
            continue
        name = f"{proposal.number} {measurement.property}"
        assert name not in found, f"{name} was measured twice"
        found[name] = measurement.value
    return found


def unfinished(session: Session) -> list[tuple[str, str, str | None]]:
    """Attempts whose end is not known."""
    rows = session.scalars(select(Attempt).order_by(col(Attempt.made_at)))
    return [(row.id, row.state, row.doubt or row.unknown) for row in rows if not ATTEMPT.final(row.state)]


def check_campaign(session: Session, experiments: int, rejected: Sequence[int] = ()) -> None:
    """Every experiment was carried out and measured, exactly once, and `rejected` (numbers of proposals) never."""
    campaign = session.scalars(select(Campaign)).one()
    assert (campaign.state, campaign.experiments) == ("completed", experiments), campaign.reason
    numbers = set(range(1, experiments + len(rejected) + 1)) - set(rejected)
    states = {row.number: row.state for row in session.scalars(select(Proposal))}
    assert states == dict.fromkeys(numbers, "completed") | dict.fromkeys(rejected, "rejected")
    assert set(values(session)) == {f"{number} {name}" for number in numbers for name in PROPERTIES}
    assert unfinished(session) == []


def check_decisions(session: Session, wanted: Mapping[int, str]) -> None:
    """What people decided (number of the proposal -> verdict) stands once, and nothing else stands there."""
    query = select(Proposal, ApprovalDecision).join(
        ApprovalDecision, col(ApprovalDecision.proposal_id) == col(Proposal.id)
    )
    found = sorted((proposal.number, decision.verdict) for proposal, decision in session.execute(query))
    assert found == sorted(wanted.items())


def check_record(session: Session) -> None:
    """The chain is whole, and every row is what the last event about it tells."""
    report = audit(session)
    assert report.ok, report.faults


def check_runs(laboratory: Laboratory) -> None:
    """No attempt ran twice, and nothing that counts was never run."""
    runs = laboratory.runs()
    assert [attempt for attempt, times in Counter(runs).items() if times > 1] == []
    query = select(col(Attempt.id)).where(col(Attempt.state) == "succeeded")
    assert set(laboratory.read(lambda session: session.scalars(query).all())) <= set(runs)


def check_receipts(laboratory: Laboratory) -> None:
    """A result that an instrument may forget stands in our database. Instruments must have ended."""
    for name in laboratory.devices:
        settled = finished(laboratory.journal(name), settled=True)
        lost = laboratory.read(lambda session, settled=settled: _without_result(session, settled))  # type: ignore[misc]
        assert lost == [], f"{name} was told that these are stored"


def _without_result(session: Session, attempts: Sequence[str]) -> list[str]:
    query = select(col(Attempt.id)).where(col(Attempt.id).in_(attempts), col(Attempt.result_digest).is_(None))
    return list(session.scalars(query))


def finished(journal: Path, *, settled: bool = False) -> list[str]:
    """Attempts of which a journal has the result, or had it; with `settled` only those that it may forget."""
    with contextlib.closing(sqlite3.connect(journal)) as database:
        query = "SELECT attempt_id FROM attempts WHERE state = ? AND settled >= ?"
        return [row[0] for row in database.execute(query, (AttemptState.FINISHED, int(settled)))]
