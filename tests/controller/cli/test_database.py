"""Backup, restore, upgrade and the proof of an earlier hash, at the command line."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from controller.store import schema
from tests.controller.cli.terminal import Terminal
from tests.controller.world import World

LATER = '''
"""A later schema."""
import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("user", sa.Column("shoe_size", sa.Integer(), nullable=True))
'''


async def test_a_backup_beside_the_daemon_is_restored_when_it_has_gone(
    terminal: Terminal, world: World, tmp_path: Path
) -> None:
    made = (await terminal.run("backup", "--output", "copy.db", "--database", "tatara.db", "--json")).json
    assert json.loads((tmp_path / "copy.json").read_text()) == {"event": made["event"], "head": made["head"]}
    again = await terminal.run("backup", "--output", "copy.db", "--database", "tatara.db")
    assert (again.code, "is there already" in again.err) == (1, True)
    refused = await terminal.run("restore", "copy.db", "--database", "tatara.db")
    assert (refused.code, "in use by another tatara process" in refused.err) == (1, True)
    await world.store.stop()
    done = await terminal.run("restore", "copy.db", "--database", "tatara.db", "--json")
    assert done.json["paused"] == ["reactor"], done.err
    assert (tmp_path / done.json["kept"]).is_file()
    proof = (await terminal.run("audit", "--database", "tatara.db", "--head", made["head"], "--json")).json
    assert (proof["ok"], proof["proven"]) == (True, made["event"])


async def test_without_options_the_folder_of_the_daemon_is_meant(template: Path, tmp_path: Path) -> None:
    data = tmp_path / "tatara-data"
    data.mkdir()
    shutil.copy(template, data / "tatara.db")
    here = Terminal(tmp_path, {})
    assert "newest hash" in (await here.run("backup")).out
    assert len(list((data / "backups").glob("by-hand-*.db"))) == 1
    assert (await here.run("backup", "--data", "elsewhere")).err == "tatara: no database at elsewhere/tatara.db\n"
    assert "should be a path or a URL" in (await here.run("backup", "--database", "://")).err
    assert "up to date" in (await here.run("db", "upgrade")).out


async def test_a_hash_that_is_not_in_the_chain_is_no_proof(terminal: Terminal, tmp_path: Path) -> None:
    head = (await terminal.run("audit", "--database", "tatara.db", "--json")).json["head"]
    proven = await terminal.run("audit", "--database", "tatara.db", "--head", head)
    assert (proven.code, "nothing before it was cut or rewritten" in proven.out) == (0, True)
    assert head in proven.out
    assert (await terminal.run("audit", "--database", "tatara.db", "--head", "beef")).code == 2
    with closing(sqlite3.connect(tmp_path / "tatara.db")) as database, database:
        database.execute("DELETE FROM event WHERE number > 5")
    cut = (await terminal.run("audit", "--database", "tatara.db", "--head", head, "--json")).json
    assert (cut["proven"], cut["faults"][0]["kind"]) == (None, "head-missing")


def test_an_older_database_is_backed_up_and_upgraded(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from controller.cli.app import app

    shutil.copy(template, tmp_path / "tatara.db")
    shutil.copytree(schema.MIGRATIONS, tmp_path / "migrations")
    (tmp_path / "migrations" / "versions" / "0002_later.py").write_text(LATER)
    monkeypatch.setattr(schema, "MIGRATIONS", tmp_path / "migrations")
    done = CliRunner().invoke(app, ["db", "upgrade", "--data", str(tmp_path), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert told["upgraded"]
    assert _columns(tmp_path / "tatara.db") - _columns(Path(told["backup"])) == {"shoe_size"}
    assert CliRunner().invoke(app, ["db", "upgrade", "--data", str(tmp_path)]).output.endswith("up to date.\n")


def _columns(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as database:
        return {row[1] for row in database.execute("PRAGMA table_info(user)")}
