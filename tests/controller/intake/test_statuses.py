"""Statuses move attempts; only the journal that a request was meant for can prove that it never ran."""

import pytest
from sqlalchemy import select

from adapters.instruments.messages import AttemptState, Refusal, Verdict
from controller.commands import campaigns, instruments
from controller.report.audit import audit
from controller.store import Unit
from controller.store.change import change_attempt
from controller.store.tables import Attempt, Outbox, Proposal, Quarantine
from tests.controller.stand import ADMIN, Stand


async def wanted(stand: Stand, kind: str) -> list[dict[str, object]]:
    return [row.payload for row in await stand.all(Outbox) if row.kind == kind]


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (AttemptState.ACCEPTED, "accepted"),
        (AttemptState.RUNNING, "running"),
        (AttemptState.HOLDING, "running"),
        (AttemptState.EXPIRED, "expired"),
        (AttemptState.CANCELLED, "cancelled"),
        (AttemptState.FINISHED, "created"),
    ],
)
async def test_states(stand: Stand, said: AttemptState, state: str) -> None:
    await stand.status(said)
    assert (await stand.attempt()).state == state


async def test_an_older_status_changes_nothing(stand: Stand) -> None:
    await stand.status(AttemptState.RUNNING, seq=9)
    await stand.status(AttemptState.ACCEPTED, seq=8)
    await stand.status(AttemptState.CANCELLED, seq=9)
    assert (await stand.attempt()).state == "running"


async def test_denied_by_its_own_journal_it_is_sent_again(stand: Stand) -> None:
    await stand.status(AttemptState.UNKNOWN)
    attempt = await stand.attempt()
    assert await wanted(stand, "request") == [{"attempt": attempt.id}], "its first publication is still to come"
    await stand.sent()
    await stand.status(AttemptState.UNKNOWN)
    assert (await stand.attempt()).state == "created"
    assert await wanted(stand, "request") == [{"attempt": attempt.id}] * 2


async def test_what_an_abort_cancels_is_never_sent_again(stand: Stand) -> None:
    await stand.sent()
    await stand.store.write(lambda unit: campaigns.abort(unit, ADMIN, "heat", "t"), name="t")
    await stand.turn()
    for said in (AttemptState.UNKNOWN, AttemptState.RUNNING):
        await stand.status(said)
    assert len(await wanted(stand, "request")) == 1
    cancels = [each for each in await wanted(stand, "command") if each["action"] == "cancel"]
    assert len(cancels) == 3, "the first may have been lost on the way"


@pytest.mark.parametrize(("said", "state"), [(AttemptState.EXPIRED, "expired"), (AttemptState.REFUSED, "refused")])
async def test_the_journal_ends_a_doubt(stand: Stand, said: AttemptState, state: str) -> None:
    await stand.status(AttemptState.INTERRUPTED)
    await stand.turn()
    await stand.status(said, refusal=Refusal.ESTOPPED if said is AttemptState.REFUSED else None)
    assert (await stand.attempt()).state == state


@pytest.mark.parametrize(("where", "told"), [(None, "all instruments"), ("stove", "stove"), ("other", None)])
async def test_it_is_said_whose_estop_refused_it(stand: Stand, where: str | None, told: str | None) -> None:
    await stand.store.write(lambda unit: instruments.record_estop(unit, ADMIN, "stop-1", where, "smoke"), name="t")
    await stand.status(AttemptState.REFUSED, refusal=Refusal.ESTOPPED, reason="as it says")
    said = f"an emergency stop holds, of {ADMIN.name} for {told}: smoke" if told else "as it says"
    assert (await stand.attempt()).reason == said


@pytest.mark.parametrize("said", [AttemptState.UNKNOWN, AttemptState.RUNNING, AttemptState.CANCELLED])
async def test_an_attempt_whose_files_could_not_be_read_has_its_result(stand: Stand, said: AttemptState) -> None:
    """What its journal has forgotten since, or said before, must neither begin it again nor end it."""
    await stand.sent()
    await stand.store.write(_unreadable, name="t")
    await stand.status(said)
    await stand.turn()
    assert (await stand.attempt()).state == "doubtful"
    assert "cancel" not in [each["action"] for each in await wanted(stand, "command")]


def _unreadable(unit: Unit) -> None:
    attempt = unit.session.scalars(select(Attempt)).one()
    attempt.outcome, attempt.result_digest, attempt.doubt = "ok", "0" * 64, "its files could not be read"
    change_attempt(unit, attempt, "analyse")
    change_attempt(unit, attempt, "doubt")


@pytest.mark.parametrize("said", list(AttemptState))
async def test_a_repeated_status_leaves_the_record_whole(stand: Stand, said: AttemptState) -> None:
    for _ in range(2):
        await stand.status(said, refusal=Refusal.OTHER_JOURNAL if said is AttemptState.REFUSED else None)
    assert (await stand.store.read(audit)).fault_count == 0


async def test_denied_by_another_journal_it_is_for_the_operator(stand: Stand) -> None:
    await stand.status(AttemptState.UNKNOWN, journal_id="journal-2")
    await stand.turn()
    attempt = await stand.attempt()
    assert attempt.state == "doubtful"
    assert "journal" in (attempt.doubt or "")
    assert len(await stand.all(Attempt)) == 1


async def test_refused_for_another_journal_it_is_for_the_operator(stand: Stand) -> None:
    await stand.status(AttemptState.REFUSED, refusal=Refusal.OTHER_JOURNAL)
    await stand.turn()
    assert (await stand.attempt()).state == "doubtful"


async def test_interrupted_it_is_for_the_operator_and_a_late_result_still_counts(stand: Stand) -> None:
    await stand.status(AttemptState.INTERRUPTED)
    await stand.turn()
    assert (await stand.attempt()).state == "doubtful"
    assert (await stand.result()).verdict is Verdict.STORED
    await stand.turn()
    assert (await stand.all(Proposal))[0].state == "completed"


async def test_a_denial_after_it_was_accepted_is_older_news(stand: Stand) -> None:
    await stand.status(AttemptState.ACCEPTED)
    await stand.status(AttemptState.UNKNOWN)
    attempt = await stand.attempt()
    assert (attempt.state, attempt.unknown) == ("accepted", None)


@pytest.mark.parametrize(
    ("refusal", "tries"), [(Refusal.ESTOPPED, 2), (Refusal.INVALID_PARAMETER, 1), (Refusal.MALFORMED, 1)]
)
async def test_refusals_that_would_be_the_same_again_are_not_retried(
    stand: Stand, refusal: Refusal, tries: int
) -> None:
    await stand.status(AttemptState.REFUSED, refusal=refusal, reason="no")
    await stand.turn()
    state = (await stand.all(Proposal))[0].state
    assert state == ("running" if tries == 2 else "failed")


async def test_a_status_of_another_instrument_is_quarantined(stand: Stand) -> None:
    attempt = await stand.attempt()
    payload = (
        f'{{"attempt_id":"{attempt.id}","state":"cancelled","boot_id":"b","journal_id":"j","seq":1,'
        '"at":"2026-01-01T00:00:00Z"}'
    )
    await stand.hear("status", payload.encode(), instrument="other", attempt_id=attempt.id)
    assert (await stand.attempt()).state == "created"
    assert len(await stand.all(Quarantine)) == 1
