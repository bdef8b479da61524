"""How long work usually takes."""

from datetime import timedelta

from adapters.instruments.messages import Outcome
from controller.report.instruments import at_work
from controller.store import Unit
from controller.store.tables import Attempt
from tests.controller.console import hall
from tests.controller.stand import Stand


async def took(stand: Stand, minutes: float, outcome: Outcome = Outcome.OK) -> None:
    """The last attempt ends, after so long; another one begins."""
    attempt_id = (await stand.attempt()).id
    await stand.result(outcome=outcome, **({} if outcome is Outcome.OK else {"measurements": []}))

    def age(unit: Unit) -> None:
        row = unit.session.get_one(Attempt, attempt_id)
        assert row.ended_at is not None
        row.made_at = row.ended_at - timedelta(minutes=minutes)

    await stand.store.write(age, name="t")
    await hall.propose(stand, 50 + minutes)


async def work(stand: Stand) -> tuple[float | None, float | None]:
    """What is expected of the one attempt under way, and what is long."""
    found = await stand.store.read(lambda session: at_work(session, stand.store.clock()))
    [row] = found["stove"]["work"]
    return row["expected_s"], row["long_s"]


async def test_what_was_never_done_has_no_usual_length(stand: Stand) -> None:
    assert await work(stand) == (None, None)


async def test_the_median_of_what_ended_well_is_expected(stand: Stand) -> None:
    await took(stand, 1)
    assert await work(stand) == (60, 90)  # some more than the only one there is
    await took(stand, 2)
    await took(stand, 10)
    assert await work(stand) == (120, 600)
    await took(stand, 30, Outcome.FAILED_MEASUREMENT)
    assert await work(stand) == (120, 600)


async def test_only_the_same_capability_counts(stand: Stand) -> None:
    await took(stand, 1)

    def other(unit: Unit) -> None:
        row = unit.session.get_one(Attempt, attempt.id)
        row.request = {**row.request, "capability": "bake"}

    attempt = await stand.attempt()
    await stand.store.write(other, name="t")
    assert await work(stand) == (None, None)
