"""Decisions in the commit that calls for them: a faulty one costs its campaign, and nobody else anything."""

import asyncio

import pytest

from controller.store import Committed, Store, Unit
from tests.controller.store.deciders import Failing, Homeless, Noting, Recovering
from tests.controller.store.ledger import check_whole, names, note


@pytest.fixture
def url(either_url: str) -> str:
    """On SQLite and on PostgreSQL."""
    return either_url


async def write_for(store: Store, *campaigns: str) -> None:
    def function(unit: Unit) -> None:
        note(unit, f"for {' and '.join(campaigns)}")
        unit.wake(*campaigns)

    async with asyncio.timeout(10):
        await store.write(function, name="test")


async def test_what_calls_for_a_decision_and_the_decision_are_one_commit(store: Store) -> None:
    decider = Noting.in_(store)
    await write_for(store, "c-1", "c-2")
    assert await store.read(names) == ["for c-1 and c-2", "c-1 decides", "c-2 decides"]
    assert decider.given_up == []


async def test_a_decision_that_fails_is_left_out_and_ends(store: Store) -> None:
    decider = Failing.in_(store)
    await write_for(store, "c-1")
    assert decider.given_up == ["c-1: ZeroDivisionError"] * 2, "once more after the pause, and never again"
    assert await store.read(names) == ["for c-1", "c-1 is given up 1", "c-1 is given up 2"]
    await check_whole(store)


async def test_a_campaign_that_was_paused_for_a_fault_still_looks_after_what_runs(store: Store) -> None:
    Recovering.in_(store)
    commits: list[Committed] = []
    store.on_commit(commits.append)
    await write_for(store, "c-1")
    assert await store.read(names) == ["for c-1", "c-1 is given up 1", "c-1 decides"]
    assert list(commits[0].decisions) == ["c-1"], "its next moment is known"


async def test_a_decision_that_only_the_commit_refuses_costs_its_campaign_alone(store: Store) -> None:
    decider = Homeless.in_(store)
    await write_for(store, "bad", "good")
    assert decider.given_up == ["bad: IntegrityError"]
    assert await store.read(names) == ["for bad and good", "bad is given up 1", "good decides"]
    await check_whole(store)
