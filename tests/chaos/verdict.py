"""What must hold after chaos, found out without the code that is judged: events, run logs, journals, emulators."""

import contextlib
import sqlite3
from collections import Counter

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from adapters.instruments.emulators.analyser import analyse
from adapters.instruments.messages import Request
from adapters.instruments.work import Work
from controller.loop import ATTEMPT
from controller.store.tables import Attempt, Campaign, EStop, Event, Instrument, Measurement, Proposal, Quarantine
from tests.chaos.forger import FORGED
from tests.chaos.world import FORGER, NOISE
from tests.laboratory import checks
from tests.laboratory.laboratory import Laboratory

ENDS = ("succeed", "fail", "refuse", "expire", "cancel", "abandon")
WITH_THE_OPERATOR = 0.05


def judge(laboratory: Laboratory, experiments: int) -> None:
    """All of it. Instruments and daemon must have ended."""
    laboratory.read(lambda session: check_ends(session, experiments))
    laboratory.read(check_values)
    laboratory.read(check_forgeries)
    check_obedience(laboratory)
    laboratory.read(checks.check_record)
    checks.check_runs(laboratory)
    checks.check_receipts(laboratory)
    check_doubts(laboratory)


def check_ends(session: Session, experiments: int) -> None:
    """Every request ended in exactly one accounted state, and every experiment was carried out."""
    campaign = session.scalars(select(Campaign)).one()
    assert (campaign.state, campaign.experiments) == ("completed", experiments), campaign.reason
    assert Counter(session.scalars(select(col(Proposal.state)))) == {"completed": experiments}
    attempts = session.scalars(select(Attempt)).all()
    assert [row.id for row in attempts if not ATTEMPT.final(row.state)] == []
    kinds = [f"attempt.{end}" for end in ENDS]
    ended = Counter(session.scalars(select(col(Event.subject)).where(col(Event.kind).in_(kinds))))
    assert ended == {row.id: 1 for row in attempts}


def check_values(session: Session) -> None:
    """Each value is the one that the emulator gives for this candidate; each stands once."""
    stored = checks.values(session)
    expected = {}
    for proposal in session.scalars(select(Proposal)):
        request = _last_request(session, proposal.id)
        for measured in analyse(Work(request, _no_checkpoint), 1, NOISE).measurements:
            expected[f"{proposal.number} {measured.property}"] = measured.value
    assert stored == pytest.approx(expected, rel=1e-12)


async def _no_checkpoint() -> None:
    return None


def _last_request(session: Session, proposal_id: str) -> Request:
    query = select(Attempt).where(col(Attempt.proposal_id) == proposal_id, col(Attempt.state) == "succeeded")
    rows = [row for row in session.scalars(query) if row.request["capability"] == "analyse"]
    return Request.model_validate(rows[-1].request)


def check_forgeries(session: Session) -> None:
    """Nothing forged took effect; what reached us stands in quarantine."""
    assert FORGED not in set(session.scalars(select(col(Measurement.value))))
    assert session.scalars(select(EStop)).all() == []
    for row in session.scalars(select(Instrument)):
        assert row.boot_id != "forged"
        assert row.name == FORGER or row.wanted_number == 0  # whoever floods us may be paused
    forged = select(Quarantine).where(col(Quarantine.instrument) == FORGER)
    assert len(session.scalars(forged).all()) > 0
    assert session.get_one(Instrument, FORGER).state == "unseen"
    ends = select(Attempt).where(col(Attempt.state).in_(("cancelled", "expired", "refused")))
    assert session.scalars(ends).all() == []


def check_obedience(laboratory: Laboratory) -> None:
    """No instrument was stopped or paused; nobody but the forger wanted that."""
    for name in laboratory.devices:
        with contextlib.closing(sqlite3.connect(laboratory.journal(name))) as journal:
            assert journal.execute("SELECT * FROM estops").fetchall() == []
            assert journal.execute("SELECT value FROM facts WHERE name IN ('paused', 'wanted')").fetchall() == [
                ("0",),
                ("0",),
            ]


def check_doubts(laboratory: Laboratory) -> None:
    """Few attempts end with the operator, and none of which the instrument's journal has the result."""
    query = select(col(Event.subject)).where(col(Event.kind) == "attempt.doubt")
    doubted = set(laboratory.read(lambda session: session.scalars(query).all()))
    attempts = laboratory.read(lambda session: session.scalars(select(col(Attempt.id))).all())
    assert len(doubted) <= WITH_THE_OPERATOR * len(attempts), doubted
    for name in laboratory.devices:
        assert set(checks.finished(laboratory.journal(name))).isdisjoint(laboratory.operator.repeated)
