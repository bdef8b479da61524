"""The journal keeps what it promises over restarts."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.instruments import Description, Instrument
from adapters.instruments.journal import Journal, JournalError
from adapters.instruments.messages import AttemptState, Outcome, Refusal, Request, Result, Verdict

AT = datetime(2026, 11, 2, tzinfo=UTC)


def request(attempt_id: str) -> Request:
    return Request(
        attempt_id=attempt_id, digest="a" * 64, journal_id="j", campaign="c", step="s", capability="react",
        candidate={}, start_before=AT, timeout_s=1,
    )  # fmt: skip


def result(attempt_id: str) -> Result:
    return Result(
        attempt_id=attempt_id, digest="a" * 64, outcome=Outcome.OK, boot_id="b", journal_id="j",
        started_at=AT, ended_at=AT,
    )  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def test_identity(path: Path) -> None:
    with Journal(path) as first:
        journal_id, boot_id = first.journal_id, first.boot_id
    with Journal(path) as second:
        assert second.journal_id == journal_id
        assert second.boot_id != boot_id
    path.unlink()
    with Journal(path) as third:
        assert third.journal_id != journal_id


def test_an_attempt_through_its_life(path: Path) -> None:
    with Journal(path) as journal:
        journal.accept(request("a1"))
        assert [entry.attempt_id for entry in journal.waiting()] == ["a1"]
        journal.begin("a1", AT)
        assert journal.waiting() == []
        journal.finish(result("a1"))
    with Journal(path) as journal:
        assert journal.interrupt() == []
        entry = journal.unsettled()[0]
        assert entry.to_send
        assert Result.model_validate_json(entry.result or b"") == result("a1")
        journal.receipt("a1", Verdict.QUARANTINED)
        entry = journal.unsettled()[0]
        assert not entry.to_send
        assert entry.result
        journal.send_again("a1")
        journal.receipt("a1", Verdict.STORED)
        assert journal.unsettled() == []
        kept = journal.get("a1")
        assert kept is not None
        assert (kept.digest, kept.state, kept.result, kept.request) == ("a" * 64, AttemptState.FINISHED, None, None)


def test_what_was_begun_is_interrupted_once(path: Path) -> None:
    with Journal(path) as journal:
        for attempt_id in ("a1", "a2"):
            journal.accept(request(attempt_id))
        journal.begin("a1", AT)
    with Journal(path) as journal:
        assert journal.interrupt() == ["a1"]
        assert journal.interrupt() == []
        assert [entry.attempt_id for entry in journal.waiting()] == ["a2"]


def test_an_id_is_taken_once(path: Path) -> None:
    with Journal(path) as journal:
        journal.refuse("a1", None, Refusal.CANCELLED_BEFORE, "x")
        with pytest.raises(sqlite3.IntegrityError):
            journal.accept(request("a1"))


def test_wanted_states_survive(path: Path) -> None:
    with Journal(path) as journal:
        journal.obey(7, paused=True)
        for estop in ("e1", "e2", "e1"):
            journal.latch(estop)
        journal.reset(["e1", "never"])
    with Journal(path) as journal:
        assert (journal.wanted, journal.paused, journal.estops()) == (7, True, ["e2"])


def test_two_processes_cannot_share_it(path: Path) -> None:
    with Journal(path), pytest.raises(JournalError, match="another process"):
        Journal(path)


def test_a_damaged_file_is_refused_not_replaced(path: Path) -> None:
    path.write_bytes(b"not a database, " * 500)
    with pytest.raises(JournalError, match="Move the file away"):
        Journal(path)
    assert path.read_bytes().startswith(b"not a database")


def test_a_newer_version_is_refused(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(JournalError, match="version 99"):
        Journal(path)


def test_it_is_durable(path: Path) -> None:
    with Journal(path) as journal:
        assert journal._database.execute("PRAGMA synchronous").fetchone() == (2,)
        assert journal._database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_second_start_with_the_same_journal_ends_in_one_line(tmp_path: Path) -> None:
    second = Instrument(
        "reactor-1",
        site="lab",
        description=Description(model="m", software="1", capabilities={}),
        journal=tmp_path / "journal.db",
        host="127.0.0.1",
    )
    with Journal(tmp_path / "journal.db"), pytest.raises(SystemExit, match="is another process using this journal"):
        second.run()
