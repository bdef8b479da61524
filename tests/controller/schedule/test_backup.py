"""Copies of the database: consistent, named by their newest hash, never written over."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.schedule.backup import KEPT, back_up, backup
from tests.controller.stand import Stand

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def _events(path: Path) -> list[tuple[int, str]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT number, hash FROM event ORDER BY number").fetchall()


async def test_a_copy_is_made_while_the_store_writes(stand: Stand, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere" / "copy.db"
    head = back_up(stand.store.url, target)
    await stand.store.write(lambda unit: unit.record("test"), name="t")
    assert _events(target)[-1] == (head.event, head.head)
    assert json.loads(target.with_suffix(".json").read_text()) == {"event": head.event, "head": head.head}
    assert len(_events(tmp_path / "tatara.db")) == len(_events(target)) + 1
    assert sorted(each.name for each in target.parent.iterdir()) == ["copy.db", "copy.json"]


async def test_no_copy_is_written_over_and_none_is_made_of_nothing(stand: Stand, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("something else")
    with pytest.raises(FileExistsError):
        back_up(stand.store.url, tmp_path / "mine")
    assert (tmp_path / "mine").read_text() == "something else"
    with pytest.raises(FileNotFoundError):
        back_up(f"sqlite:///{tmp_path / 'none.db'}", tmp_path / "copy.db")
    assert not (tmp_path / "none.db").exists()


async def test_the_last_seven_nightly_copies_are_kept_and_those_by_hand_all(stand: Stand, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    back_up(stand.store.url, folder / "by-hand-1.db")
    made = [backup(stand.store.url, folder, NOON + timedelta(days=day)) for day in range(KEPT + 2)]
    assert sorted(folder.glob("tatara-*.db")) == made[2:]
    assert len(list(folder.glob("*.json"))) == KEPT + 1
