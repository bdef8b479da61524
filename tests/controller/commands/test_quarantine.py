"""Refused messages are settled once: discarded, or put right by an operator, which has the effect of the result."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from adapters.instruments import topics
from adapters.instruments.messages import Measurement, Outcome, Result, encode
from controller.access.actors import Actor, Forbidden, Role
from controller.commands import quarantine
from controller.commands.errors import Conflict, Invalid, NotFound
from controller.report.attention import attention
from controller.report.audit import audit
from controller.store.tables import Event, Orphan, Quarantine
from controller.store.tables import Measurement as Row
from tests.controller.stand import Stand

OTTO, VERA = Actor("otto", Role.OPERATOR), Actor("vera", Role.VIEWER)


async def result(stand: Stand, **fields: Any) -> tuple[str, str]:
    """Topic and text of a result of the last attempt."""
    attempt = await stand.attempt()
    given = {
        "attempt_id": attempt.id,
        "digest": attempt.digest,
        "outcome": Outcome.OK,
        "measurements": [Measurement(channel="y", property="yield", value=0.7, unit="dimensionless")],
        "boot_id": "boot-1",
        "journal_id": "journal-1",
        "started_at": datetime.now(UTC),
        "ended_at": datetime.now(UTC),
    }
    message = Result.model_validate({**given, **fields})
    return topics.attempt("lab", "stove", message.attempt_id, "result"), encode(message).decode()


async def refused(stand: Stand, topic: str, payload: bytes = b"{") -> str:
    """Id of a message that the intake has refused."""
    assert await stand.told([(topic, payload)]) == ["quarantined"]
    return str((await stand.all(Quarantine))[-1].id)


async def accept(stand: Stand, message: str, payload: str, actor: Actor = OTTO) -> Quarantine:
    return await stand.store.write(
        lambda unit: quarantine.accept(unit, actor, message, payload, "the unit was wrong"), name="t"
    )


async def test_a_corrected_result_ends_the_attempt_as_the_instruments_own(stand: Stand) -> None:
    topic, right = await result(stand)
    row = await accept(stand, await refused(stand, topic), right)
    assert (row.settled_how, row.settled_by, row.settled_why) == ("stored", "otto", "the unit was wrong")
    assert (await stand.attempt()).state == "succeeded"
    assert [each.value for each in await stand.all(Row)] == [pytest.approx(70)]
    events = (await stand.all(Event))[-12:]
    told = {each.kind: each for each in events}
    assert told["attempt.succeed"].actor == told["message.settle"].actor == "otto"
    assert told["message.settle"].data["how"] == "stored"
    assert (await stand.store.read(attention))["counts"]["quarantine"] == 0
    assert (await stand.store.read(audit)).ok


async def test_what_was_refused_twice_and_is_in_doubt_is_settled_too(stand: Stand) -> None:
    await stand.sent()
    topic, right = await result(stand)
    await refused(stand, topic)
    message = await refused(stand, topic)
    assert (await stand.attempt()).state == "doubtful"
    await accept(stand, message, right)
    assert (await stand.attempt()).state == "succeeded"


async def test_what_is_stored_already_is_a_duplicate(stand: Stand) -> None:
    topic, right = await result(stand)
    message = await refused(stand, topic)
    assert await stand.told([(topic, right.encode())]) == ["stored"]
    assert (await accept(stand, message, right)).settled_how == "duplicate"
    assert len(await stand.all(Row)) == 1


async def test_a_result_of_an_unknown_attempt_is_kept_as_an_orphan(stand: Stand) -> None:
    topic, right = await result(stand, attempt_id="from-elsewhere-1")
    assert (await accept(stand, await refused(stand, topic), right)).settled_how == "unknown"
    [orphan] = await stand.all(Orphan)
    assert orphan.attempt_id == "from-elsewhere-1"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"attempt_id": "another-1"}, "the topic names"),
        ({"digest": "f" * 64}, "digest"),
        ({"measurements": []}, "lacks yield"),
        ({"measurements": [Measurement(channel="y", property="yield", value=1, unit="K")]}, "different things"),
    ],
)
async def test_what_is_refused_again_changes_nothing(stand: Stand, fields: dict[str, Any], why: str) -> None:
    topic, _ = await result(stand)
    message = await refused(stand, topic)
    _, wrong = await result(stand, **fields)
    before = await stand.store.read(lambda session: session.scalars(select(col(Event.number))).all())
    with pytest.raises(Invalid, match=f"refused again: .*{why}"):
        await accept(stand, message, wrong)
    assert await stand.store.read(lambda session: session.scalars(select(col(Event.number))).all()) == before
    assert (await stand.all(Quarantine))[-1].settled_at is None


@pytest.mark.parametrize("text", ["", "{", "\ud800", "\0", '{"attempt_id": "\\u0000"}', "[" * 100_000, "x" * 300_000])
async def test_what_is_no_message_at_all_is_refused_in_words(stand: Stand, text: str) -> None:
    topic, _ = await result(stand)
    with pytest.raises(Invalid, match="refused again"):
        await accept(stand, await refused(stand, topic), text)


async def test_a_message_that_is_no_result_can_only_be_discarded(stand: Stand) -> None:
    attempt = await stand.attempt()
    topic = topics.attempt("lab", "stove", attempt.id, "status")
    message = await refused(stand, topic)
    _, right = await result(stand)
    with pytest.raises(Invalid, match="only be discarded"):
        await accept(stand, message, right)
    row = await stand.store.write(lambda unit: quarantine.discard(unit, OTTO, message, "noise"), name="t")
    assert (row.settled_how, row.settled_why) == ("discarded", "noise")
    assert (await stand.attempt()).state == attempt.state


async def test_what_a_stranger_sent_is_not_accepted(stand: Stand) -> None:
    _, right = await result(stand)
    topic = topics.attempt("lab", "nobody", (await stand.attempt()).id, "result")
    message = await refused(stand, topic, right.encode())
    with pytest.raises(Invalid, match="'nobody' is not enrolled"):
        await accept(stand, message, right)


async def test_nothing_is_settled_twice(stand: Stand) -> None:
    topic, right = await result(stand)
    message = await refused(stand, topic)
    await stand.store.write(lambda unit: quarantine.discard(unit, OTTO, message, "noise"), name="t")
    with pytest.raises(Conflict, match="otto has settled it"):
        await accept(stand, message, right)
    with pytest.raises(Conflict):
        await stand.store.write(lambda unit: quarantine.discard(unit, OTTO, message, "noise"), name="t")
    assert await stand.all(Row) == []


async def test_it_takes_an_operator_and_a_message_that_is_there(stand: Stand) -> None:
    topic, right = await result(stand)
    message = await refused(stand, topic)
    with pytest.raises(Forbidden):
        await accept(stand, message, right, VERA)
    with pytest.raises(Forbidden):
        await stand.store.write(lambda unit: quarantine.discard(unit, VERA, message, "noise"), name="t")
    with pytest.raises(NotFound):
        await accept(stand, "nothing", right)
