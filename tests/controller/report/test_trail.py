"""The audit trail in pages: whoever looks for something finds it, and no page looks at everything."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session

from controller.commands.errors import NotFound
from controller.report import trail
from controller.report.trail import Wanted, page
from controller.store import Store, Unit
from tests.controller.stand import Stand

BOTH = ["test.even", "test.odd"]


@pytest.fixture
async def store(stand: Stand) -> Store:
    """A campaign's events, and after them 250 others."""

    def fill(unit: Unit) -> None:
        for number in range(250):
            who = "otto" if number % 50 == 0 else None
            unit.record(f"test.{'odd' if number % 2 else 'even'}", subject=f"thing-{number}", actor=who)

    await stand.store.write(fill, name="t")
    return stand.store


async def all_of(store: Store, wanted: Wanted) -> tuple[list[dict[str, Any]], int]:
    """All rows, page by page, and how many pages that took."""
    rows, pages, before = [], 0, None
    while pages == 0 or before is not None:
        found = await store.read(lambda session, before=before: page(session, replace(wanted, before=before)))
        rows, pages, before = rows + found["rows"], pages + 1, found["older"]
    return rows, pages


async def test_everything_the_latest_first(store: Store) -> None:
    rows, pages = await all_of(store, Wanted())
    number, digest = await store.read(trail.newest)
    assert [row["number"] for row in rows] == list(range(number, 0, -1))
    assert pages == (number - 1) // trail.PAGE + 1
    assert (await store.read(lambda session: trail.event(session, number)))["hash"] == digest


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Wanted(kinds=BOTH), 250),
        (Wanted(kinds=["test.odd"]), 125),
        (Wanted(kinds=["tes%"]), 0),
        (Wanted(kinds=[]), 0),
        (Wanted(actor="otto", kinds=BOTH), 5),
        (Wanted(subject="THING-24"), 11),
        (Wanted(subject="thing_24"), 0),
        (Wanted(subject="thing-24", kinds=["test.even"], actor="otto"), 0),
        (Wanted(subject="thing-200", kinds=["test.even"], actor="otto"), 1),
        (Wanted(campaign="heat", kinds=BOTH), 0),
    ],
)
async def test_what_is_looked_for_is_found(
    store: Store, monkeypatch: pytest.MonkeyPatch, wanted: Wanted, count: int
) -> None:
    monkeypatch.setattr(trail, "LOOKED_AT", 7)
    rows, _ = await all_of(store, wanted)
    numbers = [row["number"] for row in rows]
    assert len(numbers) == count
    assert numbers == sorted(set(numbers), reverse=True)
    assert all(wanted.kinds is None or row["kind"] in wanted.kinds for row in rows)


async def test_one_page_looks_at_a_part_only_and_says_where_it_ended(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail, "LOOKED_AT", 7)
    number, _ = await store.read(trail.newest)
    assert await store.read(lambda session: page(session, Wanted(subject="nothing"))) == {
        "rows": [],
        "older": number - 6,
    }


async def test_a_campaign_by_its_name(store: Store) -> None:
    rows, _ = await all_of(store, Wanted(campaign="heat"))
    assert rows
    assert {row["campaign"] for row in rows} == {"heat"}
    with pytest.raises(NotFound):
        await all_of(store, Wanted(campaign="cold"))


async def test_what_it_is_about_stands_in_numbers(store: Store, stand: Stand) -> None:
    attempt = await stand.attempt()
    rows, _ = await all_of(store, Wanted(campaign="heat"))
    about = {row["subject"]: row["about"] for row in rows}
    assert about[attempt.job_id] == {"experiment": 1, "parts": ["1"]}
    assert about[attempt.proposal_id] == {"experiment": 1, "parts": []}
    assert about[stand.campaign_id] == {}


async def test_every_kind_once(store: Store) -> None:
    kinds = await store.read(trail.kinds)
    assert kinds == sorted(set(kinds))
    assert {"test.odd", "test.even", "campaign.submit"} <= set(kinds)


async def test_an_index_narrows_before_anything_is_looked_at(store: Store) -> None:
    def plans(session: Session) -> str:
        statements: list[tuple[str, Any]] = []
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", lambda *given: statements.append(given[2:4]))
        page(session, Wanted(kinds=["test.odd"], actor="otto", before=200))
        page(session, Wanted(campaign="heat", kinds=["test.odd"], subject="x"))
        told = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values) for text, values in list(statements)]
        return "\n".join(row[3] for each in told for row in each)

    found = await store.read(plans)
    assert "ix_event_kind (kind=? AND rowid<?)" in found
    assert "ix_event_campaign_id (campaign_id=?)" in found
    assert "SCAN event" not in found
