"""The audit finds what was changed, cut out or added, and nothing else."""

import sqlite3
from pathlib import Path

import pytest
from sqlmodel import Session

from controller.commands import campaigns
from controller.report.audit import AuditReport, audit
from controller.store import Unit
from controller.store.chain import GENESIS
from controller.store.database import open_engine
from controller.store.tables import StoredFile
from tests.controller.world import ADMIN, World


def _audit(folder: Path) -> AuditReport:
    engine = open_engine(f"sqlite:///{folder / 'tatara.db'}", writing=False)
    with Session(engine) as session:
        report = audit(session)
    engine.dispose()
    return report


def _tamper(folder: Path, *statements: str) -> None:
    with sqlite3.connect(folder / "tatara.db") as database:
        for statement in statements:
            assert database.execute(statement).rowcount
    database.close()


def _found(report: AuditReport) -> set[tuple[str, str]]:
    return {(fault.kind, fault.where) for fault in report.faults}


async def test_what_was_written_is_whole(world: World, tmp_path: Path) -> None:
    await world.store.write(lambda unit: campaigns.pause(unit, ADMIN, "reactor", "lunch"), name="test")
    report = _audit(tmp_path)
    assert report.ok, report.faults
    assert report.events > 20
    assert report.rows > 15
    assert report.head != GENESIS


async def test_an_empty_database_is_whole(template: Path) -> None:
    report = _audit(template.parent)
    assert (report.ok, report.events, report.rows, report.head) == (True, 0, 0, GENESIS)


@pytest.mark.parametrize(
    ("statement", "kind", "where"),
    [
        ("UPDATE measurement SET value = value + 1e-9", "row-changed", "measurement/"),
        ("UPDATE measurement SET value = 'much'", "row-changed", "measurement/"),
        ("UPDATE campaign SET progress = '{broken'", "row-changed", "campaign/"),
        ("UPDATE campaign SET progress = '\"\\ud800\"'", "row-changed", "campaign/"),
        ("UPDATE campaign SET started_at = 'yesterday'", "row-changed", "campaign/"),
        ("UPDATE quarantine SET payload = x'00'", "row-changed", "quarantine/"),
        ("DELETE FROM orphan", "row-missing", "orphan/"),
        ("INSERT INTO user (name, role, disabled) VALUES ('eve', 'admin', 0)", "row-unknown", "user/eve"),
    ],
)
async def test_a_row_that_was_touched_is_named(
    world: World, tmp_path: Path, statement: str, kind: str, where: str
) -> None:
    _tamper(tmp_path, statement)
    [(found, name)] = _found(_audit(tmp_path))
    assert found == kind
    assert name.startswith(where)


async def test_an_event_that_was_cut_out_is_named(world: World, tmp_path: Path) -> None:
    _tamper(tmp_path, "DELETE FROM event WHERE number = 3")
    assert {("event-missing", "event 3"), ("chain-broken", "event 4")} <= _found(_audit(tmp_path))


async def test_a_cut_at_the_beginning_is_seen(world: World, tmp_path: Path) -> None:
    _tamper(tmp_path, "DELETE FROM event WHERE number < 4")
    assert ("event-missing", "events 1 to 3") in _found(_audit(tmp_path))


@pytest.mark.parametrize("change", ["actor = 'eve'", "data = '{broken'", "at = 'once'", 'data = \'{"why":""}\''])
async def test_an_event_that_was_rewritten_is_named(world: World, tmp_path: Path, change: str) -> None:
    _tamper(tmp_path, f"UPDATE event SET {change} WHERE number = 3")
    assert _found(_audit(tmp_path)) == {("event-changed", "event 3")}


async def test_an_event_rewritten_with_a_new_hash_breaks_the_next_one(world: World, tmp_path: Path) -> None:
    from controller.store.chain import event_hash
    from controller.store.tables import Event

    with Session(open_engine(f"sqlite:///{tmp_path / 'tatara.db'}", writing=True)) as session:
        event = session.get_one(Event, 3)
        event.actor = "eve"
        event.hash = event_hash({name: getattr(event, name) for name in Event.model_fields})
        session.add(event)
        session.commit()
    assert _found(_audit(tmp_path)) == {("chain-broken", "event 4")}


async def test_faults_are_counted_and_the_first_ones_kept() -> None:
    report = AuditReport()
    for number in range(1500):
        report.add("row-unknown", f"user/{number}", "")
    assert (report.fault_count, len(report.faults), report.ok) == (1500, 1000, False)


@pytest.mark.slow
async def test_a_hundred_thousand_events(world: World, tmp_path: Path) -> None:
    def many(unit: Unit, start: int) -> None:
        for number in range(start, start + 5000):
            row = StoredFile(sha256=f"{number:064x}", size=1, name="x", media_type="text/plain")
            unit.record("file.store", row, campaign_id=None, subject=row.sha256, size=1)

    for start in range(0, 100_000, 5000):
        await world.store.write(lambda unit, start=start: many(unit, start), name="test")
    report = _audit(tmp_path)
    assert report.ok
    assert report.rows > 100_000
