"""Ways out of a doubt, where a part of the result is there already."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from adapters.instruments.messages import Verdict
from controller.commands import doubts
from controller.report.audit import audit
from controller.store import Unit
from controller.store.change import change_attempt
from controller.store.measured import measurement
from controller.store.tables import Attempt, Proposal
from controller.store.views import mean_values
from tests.controller.stand import ADMIN, Stand


async def test_what_a_repeated_attempt_had_measured_does_not_count(stand: Stand) -> None:
    await stand.sent()
    await stand.store.write(_half_done, name="t")
    first = await stand.attempt()
    await stand.store.write(lambda unit: doubts.repeat(unit, ADMIN, first.id, "the cell was dirty"), name="t")
    await stand.turn()
    stand.store.clock = lambda: datetime.now(UTC) + timedelta(seconds=10)  # the pause before it is over
    await stand.turn()
    assert (await stand.attempt()).id != first.id
    assert (await stand.result(0.7)).verdict is Verdict.STORED
    [proposal] = await stand.all(Proposal)
    values = await stand.store.read(lambda session: mean_values(session, proposal.id))
    assert values == {"yield": pytest.approx(70)}
    assert (await stand.store.read(audit)).ok


def _half_done(unit: Unit) -> None:
    """One value is there; the file that holds another cannot be read."""
    attempt = unit.session.scalars(select(Attempt)).one()
    row = measurement(unit, attempt, "yield", 0.2, "dimensionless", {"yield": "percent"}, origin="instrument", place=0)
    change_attempt(unit, attempt, "analyse", row)
    attempt.doubt = "its files could not be read"
    change_attempt(unit, attempt, "doubt")
