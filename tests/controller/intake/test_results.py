"""A result is taken exactly once, by the right instrument, in the right unit, whatever comes."""

import json

import pytest

from adapters.instruments.messages import Measurement, Outcome, Verdict
from controller.store.tables import Instrument, Orphan, Proposal, Quarantine
from controller.store.tables import Measurement as Row
from tests.controller.stand import Stand


async def test_is_stored_once_in_the_unit_of_the_spec(stand: Stand) -> None:
    assert (await stand.result(0.7)).verdict is Verdict.STORED
    assert (await stand.result(0.7)).verdict is Verdict.DUPLICATE
    (row,) = await stand.all(Row)
    assert (row.value, row.unit, row.standard_error) == (pytest.approx(70), "percent", pytest.approx(1))
    assert row.simulated
    await stand.turn()
    assert (await stand.all(Proposal))[0].state == "completed"


async def test_another_result_of_the_same_attempt_is_refused(stand: Stand) -> None:
    await stand.result(0.7)
    receipt = await stand.result(0.8)
    assert receipt.verdict is Verdict.QUARANTINED
    assert "stored already" in (receipt.reason or "")
    assert [row.value for row in await stand.all(Row)] == [pytest.approx(70)]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"instrument": "other"}, "was sent to stove"),
        ({"digest": "f" * 64}, "digest"),
        ({"unit": "kelvin"}, "different things"),
        ({"unit": "florins"}, "unknown unit"),
        ({"measurements": []}, "lacks yield"),
        ({"topic_id": "01another-1"}, "topic names"),
        ({"payload": b"\xff\x00 no json"}, "JSON"),
        ({"payload": b"x" * 300_000}, "bytes"),
        ({"payload": b'{"reason": "\\\\\\u0000"}'}, "NUL"),
        ({"payload": b'{"reason": "\\\\u0000"}'}, "outcome: Field required"),
        ({"measurements": [Measurement(channel="y", property="yield", value=1, unit="percent")] * 2}, "same channel"),
    ],
)
async def test_what_cannot_be_true_is_quarantined_and_changes_nothing(
    stand: Stand, fields: dict[str, object], says: str
) -> None:
    before = await stand.attempt()
    receipt = await stand.result(**fields)  # type: ignore[arg-type]
    assert receipt.verdict is Verdict.QUARANTINED
    assert says in (receipt.reason or "")
    assert await stand.all(Row) == []
    assert (await stand.attempt()).state == before.state
    (kept,) = await stand.all(Quarantine)
    assert says in kept.reason


async def test_nan_is_refused(stand: Stand) -> None:
    attempt = await stand.attempt()
    text = {
        "attempt_id": attempt.id,
        "digest": attempt.digest,
        "outcome": "ok",
        "measurements": [{"channel": "y", "property": "yield", "value": float("nan"), "unit": "percent"}],
        "boot_id": "b",
        "journal_id": "j",
        "started_at": "2026-01-01T00:00:00Z",
        "ended_at": "2026-01-01T00:00:00Z",
    }
    receipt = await stand.result(payload=json.dumps(text).encode())
    assert receipt.verdict is Verdict.QUARANTINED
    assert "finite" in (receipt.reason or "")


async def test_refused_once_it_is_asked_for_refused_twice_it_is_for_the_operator(stand: Stand) -> None:
    await stand.result(unit="kelvin")
    assert (await stand.attempt()).state != "doubtful"
    await stand.result(unit="kelvin")
    attempt = await stand.attempt()
    assert attempt.state == "doubtful"
    assert "refused twice" in (attempt.doubt or "")
    assert (await stand.result(0.7)).verdict is Verdict.STORED, "a good result ends the doubt"
    assert (await stand.attempt()).state == "succeeded"


async def test_a_failed_synthesis_is_data_and_is_not_tried_again(stand: Stand) -> None:
    assert (await stand.result(outcome=Outcome.FAILED_SYNTHESIS, measurements=[])).verdict is Verdict.STORED
    await stand.turn()
    (proposal,) = await stand.all(Proposal)
    assert (proposal.state, proposal.failure) == ("failed", "failed-synthesis")


async def test_a_result_of_an_unknown_attempt_is_kept_as_an_orphan_once(stand: Stand) -> None:
    for _ in range(2):
        assert (await stand.result(attempt_id="01older-1")).verdict is Verdict.UNKNOWN
    assert [row.attempt_id for row in await stand.all(Orphan)] == ["01older-1"]


async def test_a_flood_on_topics_without_sense_is_bounded(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.intake.quarantine.KEPT_PER_HOUR", 3)
    for topic in ("tatara/v1/lab/stove/attempt/UPPER/result", "tatara/v1/lab/nobody/attempt/x-1/result", "elsewhere"):
        assert await stand.told([(topic, b"{}")] * 5) == ["quarantined"] * 3 + ["not-kept"] * 2
    assert [row.name for row in await stand.all(Instrument) if row.wanted_paused] == ["stove"]


async def test_a_flood_of_unknown_results_is_refused(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.intake.results.ORPHANS_PER_HOUR", 2)
    verdicts = [(await stand.result(attempt_id=f"01older-{number}")).verdict for number in range(3)]
    assert verdicts == [Verdict.UNKNOWN, Verdict.UNKNOWN, Verdict.QUARANTINED]
    assert len(await stand.all(Orphan)) == 2


async def test_one_bad_message_does_not_take_its_group_down(stand: Stand) -> None:
    await stand.hear("result", b"{", attempt_id="x")
    assert (await stand.result()).verdict is Verdict.STORED
