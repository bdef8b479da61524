"""One writer, groups of units in one commit, each its own success or failure; and a chain without gaps."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, NoResultFound
from sqlmodel import Session

from controller.store import Committed, Store, StoreUnavailable, Unit
from controller.store.chain import GENESIS
from controller.store.tables import Campaign, EStop, Job, Measurement, Outbox, StoredFile
from tests.controller.store.deciders import Noting
from tests.controller.store.ledger import NOON, Clock, check_whole, events, names, note, write


@pytest.fixture
def url(either_url: str) -> str:
    """On SQLite and on PostgreSQL."""
    return either_url


def count_commits(store: Store) -> list[Committed]:
    commits: list[Committed] = []
    store.on_commit(commits.append)
    return commits


async def at_once(store: Store, *functions: object) -> list[object]:
    """Write everything while the writer is busy, so that it makes one group."""
    tasks = [asyncio.create_task(store.write(each, name="test")) for each in functions]  # type: ignore[arg-type]
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_units_that_wait_are_committed_together(store: Store) -> None:
    commits = count_commits(store)
    numbers = await asyncio.gather(*(write(store, f"f{number}") for number in range(250)))
    assert numbers == list(range(1, 251))
    assert len(commits) <= 4, "250 units in groups of up to 100"
    assert (await check_whole(store)).events == 250


async def test_events_are_numbered_without_gaps_from_many_writers(store: Store) -> None:
    async def worker(who: int) -> None:
        for number in range(20):
            if number % 3:
                await write(store, f"w{who}-{number}")
            else:
                with pytest.raises(ZeroDivisionError):
                    await store.write(lambda unit, number=number: note(unit, f"w{who}-{number}") // 0, name="test")

    await asyncio.gather(*(worker(who) for who in range(10)))
    rows = await store.read(events)
    assert [row.number for row in rows] == list(range(1, 131))
    assert [rows[0].previous, *(row.hash for row in rows[:-1])] == [GENESIS, *(row.previous for row in rows[1:])]
    await check_whole(store)


async def test_a_unit_that_fails_leaves_nothing_and_does_not_take_its_group_down(store: Store) -> None:
    def fails(unit: Unit) -> None:
        note(unit, "bad")
        unit.outbox("propose", "c-1")
        unit.wake("c-1")
        raise KeyError("mine")

    commits, decider = count_commits(store), Noting.in_(store)
    before, bad, after = await at_once(store, lambda unit: note(unit, "a"), fails, lambda unit: note(unit, "b"))
    assert (before, after) == (1, 2)
    assert isinstance(bad, KeyError)
    assert await store.read(names) == ["a", "b"]
    assert len(commits) == 1, "all three stood in one group"
    assert (commits, decider.asked) == ([Committed()], []), "what failed wakes nobody"
    await check_whole(store)


async def test_what_the_database_refuses_of_one_unit_is_its_own_failure(store: Store) -> None:
    await write(store, "known")
    first, twice, missing, last = await at_once(
        store,
        lambda unit: note(unit, "a"),
        lambda unit: note(unit, "known"),
        lambda unit: unit.session.get_one(Campaign, "nowhere"),
        lambda unit: note(unit, "b"),
    )
    assert isinstance(twice, IntegrityError)
    assert isinstance(missing, NoResultFound)
    assert (first, last) == (2, 3)
    assert await store.read(names) == ["known", "a", "b"]
    await check_whole(store)


async def test_a_row_that_belongs_to_nothing_is_found_at_the_commit_and_costs_its_unit_only(store: Store) -> None:
    def homeless(unit: Unit) -> None:
        unit.record("job.open", Job(id="j", campaign_id="none", proposal_id="none", step=0, name="x", state="waiting"))

    def with_outbox(unit: Unit) -> int:
        unit.outbox("command")
        return note(unit, "b")

    commits = count_commits(store)
    first, bad, last = await at_once(store, lambda unit: note(unit, "a"), homeless, with_outbox)
    assert isinstance(bad, IntegrityError)
    assert (first, last) == (1, 2)
    assert [[row.kind for row in each.outbox] for each in commits] == [["command"]]
    assert await store.read(names) == ["a", "b"]
    await check_whole(store)


async def test_a_commit_holds_the_decisions_that_it_calls_for_and_says_what_is_to_be_done_outside(store: Store) -> None:
    commits, decider = count_commits(store), Noting.in_(store)
    await store.write(lambda unit: unit.record("x", campaign_id="c-1"), name="test")
    await store.write(lambda unit: unit.outbox("request", "c-2", attempt="a"), name="test")
    await store.write(Unit.wake_all, name="test")
    assert decider.asked == [frozenset(["c-1"]), None]
    assert [sorted(each.decisions) for each in commits] == [["c-1"], [], ["everybody"]]
    assert [[row.payload for row in each.outbox] for each in commits] == [[], [{"attempt": "a"}], []]
    assert (await store.read(names))[1:] == ["c-1 decides", "everybody decides"]
    [row] = await store.read(lambda session: list(session.scalars(select(Outbox))))
    assert (row.kind, row.campaign_id, row.payload, row.done_at) == ("request", "c-2", {"attempt": "a"}, None)


async def test_reading_sees_what_is_committed_and_nothing_else(store: Store) -> None:
    seen: list[list[str | None]] = []
    loop = asyncio.get_running_loop()

    def slowly(unit: Unit) -> None:
        note(unit, "a")
        unit.flush()
        seen.append(asyncio.run_coroutine_threadsafe(store.read(names), loop).result(10))

    await store.write(slowly, name="test")
    assert seen == [[]], "readers are neither blocked nor shown half of a transaction"
    assert await store.read(names) == ["a"]


async def test_a_cancelled_caller_does_not_stop_the_writer(store: Store) -> None:
    task = asyncio.create_task(write(store, "a"))
    await asyncio.sleep(0)
    task.cancel()
    await write(store, "b")
    assert (await store.read(names))[-1] == "b"


async def test_after_the_end_nothing_is_written(path: Path) -> None:
    store = Store(f"sqlite:///{path}")
    with pytest.raises(StoreUnavailable, match="not open"):
        await write(store, "early")
    await store.start()
    waiting = [asyncio.create_task(write(store, f"f{number}")) for number in range(3)]
    await asyncio.sleep(0)
    await store.stop()
    assert [await each for each in waiting] == [1, 2, 3], "what was queued is committed"
    with pytest.raises(StoreUnavailable, match="not open"):
        await write(store, "late")


@pytest.mark.parametrize("offset", [0, 9, -5])
async def test_times_come_back_in_utc_whatever_zone_they_came_from(store: Store, offset: int) -> None:
    at = datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=offset)))
    await store.write(lambda unit: unit.record("estop", EStop(id="e", by="ada", reason="x", at=at)), name="test")
    row = await store.read(lambda session: session.get_one(EStop, "e"))
    assert row.at == at
    assert row.at.tzinfo is UTC
    await check_whole(store)


async def test_a_clock_that_is_set_back_disturbs_neither_order_nor_chain(store: Store, clock: Clock) -> None:
    for number in range(3):
        await write(store, f"f{number}")
        clock.move(hours=-1)
    rows = await store.read(events)
    assert [row.at for row in rows] == [NOON, NOON - timedelta(hours=1), NOON - timedelta(hours=2)]
    assert [row.number for row in rows] == [1, 2, 3]
    await check_whole(store)


async def test_numbers_come_back_as_they_were_told(store: Store) -> None:
    """SQLite keeps no negative zero, so the digest must not either."""

    def measure(unit: Unit) -> None:
        campaign = Campaign(id="c", name="c", state="running", seed=2**53, made_by="ada", started_at=unit.now)
        rows = [
            Measurement(
                id=f"{place}", campaign_id="c", channel="y", place=place, property="y", unit="K", event=1, value=v
            )
            for place, v in enumerate((-0.0, 1e-320, 0.1 + 0.2, 1e300, -1.5))
        ]
        unit.record("measure", campaign, *rows)

    await store.write(measure, name="test")
    await check_whole(store)


async def test_an_id_is_never_used_again(store: Store, clock: Clock) -> None:
    ids = {Unit.new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(each == each.lower() and len(each) == 26 for each in ids)


async def test_rows_change_by_new_digests_of_the_same_row(store: Store) -> None:
    await write(store, "a", size=1)

    def grow(unit: Unit) -> None:
        row = unit.session.get_one(StoredFile, "a")
        row.size = 2
        unit.record("file.grow", row)

    await store.write(grow, name="test")
    first, second = await store.read(events)
    assert first.rows.keys() == second.rows.keys() == {"storedfile/a"}
    assert first.rows != second.rows
    await check_whole(store)


async def test_a_reader_sees_one_moment(store: Store) -> None:
    read, written = threading.Event(), threading.Event()

    def twice(session: Session) -> tuple[list[str], list[str]]:
        before = names(session)
        read.set()
        assert written.wait(20)
        return before, names(session)

    await write(store, "a")
    reading = asyncio.create_task(store.read(twice))
    assert await asyncio.to_thread(read.wait, 20)
    await write(store, "b")
    written.set()
    assert await reading == (["a"], ["a"])
    assert await store.read(names) == ["a", "b"]
