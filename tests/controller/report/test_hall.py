"""What the console asks about instruments, samples, files and doubts."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controller.commands import attempts, instruments
from controller.console.pages.instruments import _facts
from controller.report import files, lists
from controller.report.instruments import SHOWN, WAITING_SHOWN, at_work, descriptions
from controller.report.samples import samples
from controller.store import Store, Unit
from tests.controller.console import hall
from tests.controller.stand import ADMIN, Stand


@pytest.fixture
async def bare(url: str, tmp_path: Path) -> AsyncIterator[Stand]:
    store = Store(url)
    await store.start()
    yield Stand(store, tmp_path)
    await store.stop()


@pytest.fixture
async def ids(bare: Stand) -> dict[str, str]:
    return await hall.fill(bare)


async def test_what_an_instrument_does_and_what_went_wrong(bare: Stand, ids: dict[str, str]) -> None:
    store = bare.store
    found = await store.read(lambda session: at_work(session, store.clock()))
    assert list(found) == ["furnace", "other", "stove"]
    [work] = found["stove"]["work"]
    assert (work["id"], work["state"], work["step"], work["number"]) == (ids["running"], "running", "cook", 2)
    assert work["limit_s"] == 60
    [fault] = found["stove"]["faults"]
    assert (fault["kind"], fault["why"]) == ("attempt.doubt", "no answer within the time limit of the step")
    assert found["other"]["work"] == found["other"]["faults"] == []
    assert "description" not in found["stove"]


async def test_what_waits_for_an_instrument_that_is_paused(bare: Stand, ids: dict[str, str]) -> None:
    stand = bare
    await stand.store.write(
        lambda unit: instruments.set_paused(unit, ADMIN, "stove", paused=True, why="to look"), name="t"
    )
    await hall.propose(stand, 72.0)
    found = await stand.store.read(lambda session: at_work(session, stand.store.clock()))
    assert found["stove"]["waiting"] == {"count": 1, "first": [{"campaign": "heat", "step": "cook", "number": 3}]}
    assert found["other"]["waiting"] == {"count": 0, "first": []}
    assert found["stove"]["obstacle"] == "paused by an operator"


async def test_who_paused_an_instrument_and_why(bare: Stand, ids: dict[str, str]) -> None:
    store = bare.store
    for paused, why in ((True, "to clean"), (False, "it is clean"), (True, "to look")):
        await store.write(
            lambda unit, paused=paused, why=why: instruments.set_paused(unit, ADMIN, "stove", paused=paused, why=why),
            name="t",
        )
    found = await store.read(lambda session: at_work(session, store.clock()))
    assert (found["stove"]["pause"]["actor"], found["stove"]["pause"]["why"]) == (ADMIN.name, "to look")
    assert found["other"]["pause"] is None
    shown = dict(_facts(found["stove"] | {"heard": "now"}))["Paused"]
    assert shown.startswith(f"by {ADMIN.name}, ")
    assert shown.endswith(": to look")


async def test_of_long_queues_the_first_are_shown_and_all_are_counted(
    bare: Stand, ids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = bare.store
    await store.write(lambda unit: instruments.set_paused(unit, ADMIN, "stove", paused=True, why="to look"), name="t")
    for number in range(WAITING_SHOWN + 2):
        await hall.propose(bare, 72.0 + number)
    found = await store.read(lambda session: at_work(session, store.clock()))
    assert found["stove"]["waiting"]["count"] == WAITING_SHOWN + 2
    assert [each["number"] for each in found["stove"]["waiting"]["first"]] == [3, 4, 5, 6, 7]
    assert (found["stove"]["busy"], len(found["stove"]["work"])) == (1, 1)
    monkeypatch.setattr("controller.report.instruments.WORK_SHOWN", 0)
    found = await store.read(lambda session: at_work(session, store.clock()))
    assert (found["stove"]["busy"], found["stove"]["work"]) == (1, [])


async def test_what_waits_for_people_is_counted_beyond_what_is_shown(bare: Stand, ids: dict[str, str]) -> None:
    store = bare.store
    assert await store.read(lambda session: lists.doubtful(session, store.clock(), limit=0)) == []
    assert await store.read(lists.count_doubts) == len(await store.read(lambda s: lists.doubtful(s, store.clock())))
    assert await store.read(lambda session: lists.tasks(session, limit=0)) == []
    assert await store.read(lists.count_tasks) == len(await store.read(lists.tasks)) > 0
    assert await store.read(files.count) == len(await store.read(lambda session: files.latest(session, limit=99)))


async def test_only_the_last_errors_are_shown(bare: Stand, ids: dict[str, str]) -> None:
    stand = bare

    def lose(unit: Unit) -> None:
        for number in range(SHOWN + 2):
            unit.record("instrument.lost", subject="stove", why=str(number))

    await stand.store.write(lose, name="t")
    found = await stand.store.read(lambda session: at_work(session, stand.store.clock()))
    assert [each["why"] for each in found["stove"]["faults"]] == ["6", "5", "4", "3", "2"]


async def test_descriptions_are_by_themselves(bare: Stand, ids: dict[str, str]) -> None:
    found = await bare.store.read(lambda session: descriptions(session, bare.store.clock()))
    assert found["stove"]["description"]["capabilities"]["cook"]["parameters"]["temperature"]["high"] == 370
    assert (found["furnace"]["accepted"], found["other"]["description_digest"]) == (True, None)


async def test_samples_are_found_by_what_is_known_of_them(bare: Stand, ids: dict[str, str]) -> None:
    for wanted, names in (("", ["vial-7"]), ("VIAL", ["vial-7"]), ("stove", ["vial-7"]), ("heat", ["vial-7"])):
        rows = await bare.store.read(lambda session, wanted=wanted: samples(session, wanted, limit=5))
        assert [row["name"] for row in rows] == names
        assert (rows[0]["place"], rows[0]["campaign"], rows[0]["number"]) == ("stove", "heat", 1)
    for wanted in ("moon", "%", "_"):
        assert await bare.store.read(lambda session, wanted=wanted: samples(session, wanted, limit=5)) == []


async def test_where_a_file_came_from(bare: Stand, ids: dict[str, str]) -> None:
    latest = await bare.store.read(lambda session: files.latest(session, limit=2))
    assert [row["name"] for row in latest] == ["run.log", "picture.png"]
    row = await bare.store.read(lambda session: files.stored(session, ids["spectrum"]))
    [origin] = row["origins"]
    assert (origin["attempt_id"], origin["campaign"], origin["number"]) == (ids["doubt"], "heat", 1)
    assert row["values"] == []


async def test_the_evidence_of_a_doubt(bare: Stand, ids: dict[str, str]) -> None:
    store = bare.store
    [row] = await store.read(lambda session: lists.doubtful(session, store.clock()))
    assert (row["id"], row["units"]["yield"], row["instrument_now"]["has_the_same_journal"]) == (
        ids["doubt"],
        "percent",
        True,
    )
    told = await store.read(lambda session: lists.evidence(session, [ids["doubt"]]))
    assert [each["kind"] for each in told[ids["doubt"]]["events"]] == ["attempt.accept", "attempt.doubt"]
    [whole] = await store.read(lambda session: lists.doubts(session, store.clock()))
    assert whole == {**row, **told[ids["doubt"]]}


async def test_a_cancelled_one_is_seen_to_be(bare: Stand, ids: dict[str, str]) -> None:
    store = bare.store
    await store.write(lambda unit: attempts.cancel(unit, ADMIN, ids["running"], "test"), name="t")
    found = await store.read(lambda session: at_work(session, store.clock()))
    assert found["stove"]["work"][0]["cancel_asked"] is True
