"""Replay of a small campaign that the demo made; what is changed afterwards is found."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import select

from controller.cli.records import read_only
from controller.commands.errors import NotFound
from controller.report.pareto import tried
from controller.report.replay import ReplayReport, replay
from controller.store.tables import Campaign
from tests.controller.demos.running import Recorded, run_demo


@pytest.fixture(scope="module")
def recorded(six_experiments: Recorded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(six_experiments.runs / "reactor", tmp_path_factory.mktemp("runs") / "reactor"))


@pytest.fixture
def copy(recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded, tmp_path / "copy"))


def _replay(data: Path, workers: int = 1) -> ReplayReport:
    with read_only(None, data) as session:
        return replay(session, "reactor", data / "files", workers)


def _change(data: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(data / "tatara.db") as database:
        database.execute(statement, values)
    database.close()


def test_all_is_equal(recorded: Path) -> None:
    before = (recorded / "tatara.db").read_bytes()
    heard: list[int] = []
    with read_only(None, recorded) as session:
        report = replay(session, "reactor", recorded / "files", 2, lambda each, total: heard.append(each.number))
    assert report.ok
    assert report.iterations
    assert {each.outcome for each in report.iterations} == {"equal"}
    assert sorted(heard) == [each.number for each in report.iterations]
    assert report.as_dict()["ok"] is True
    assert (recorded / "tatara.db").read_bytes() == before


def test_a_changed_measurement_is_named(copy: Path) -> None:
    _change(copy, "UPDATE measurement SET value = value * 1.001 WHERE id = (SELECT min(id) FROM measurement)")
    report = _replay(copy)
    assert not report.ok
    wrong = [each for each in report.iterations if not each.digest_equal]
    assert wrong
    assert wrong[0].number > 1  # the first was asked before anything was measured
    assert {each.outcome for each in wrong} == {"not-asked"}
    assert any(f"iteration {wrong[0].number}" in line and "DIFFERENT" in line for line in report.lines())


def test_a_changed_proposal_differs(copy: Path) -> None:
    _change(copy, "UPDATE proposal SET key = 'x' WHERE number = 6")
    report = _replay(copy)
    assert not report.ok
    assert [each.outcome for each in report.iterations].count("different") == 1


def test_another_version_is_not_comparable(copy: Path) -> None:
    _change(copy, "UPDATE iteration SET versions = json_set(versions, '$.numpy', '0.1', '$.cpu', 'abacus')")
    report = _replay(copy)
    assert report.ok
    assert {each.outcome for each in report.iterations} == {"not-comparable"}
    first = report.iterations[0]
    assert first.versions["numpy"][0] == "0.1"
    assert first.versions["cpu"][0] == "abacus"
    assert first.difference == 0.0
    assert any("not-comparable" in line and "abacus" in line for line in report.lines())


def test_rows_that_make_no_request_are_named(copy: Path) -> None:
    _change(copy, "UPDATE proposal SET candidate = '[]' WHERE number = 1")
    report = _replay(copy)
    assert not report.ok
    assert any("make no request" in each.detail for each in report.iterations)


def test_an_unknown_campaign(recorded: Path) -> None:
    with read_only(None, recorded) as session, pytest.raises(NotFound):
        replay(session, "other", recorded / "files")


def test_one_row_for_each_experiment(recorded: Path) -> None:
    with read_only(None, recorded) as session:
        rows = tried(session, session.scalars(select(Campaign)).one())
    assert sorted(row.number for row in rows) == [1, 2, 3, 4, 5, 6]
    best = [row.values for row in rows if row.best]
    for row in rows:
        dominated = any(
            other["space_time_yield"] > row.values["space_time_yield"] and other["e_factor"] < row.values["e_factor"]
            for other in best
        )
        assert row.best != dominated


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_bayesian_campaign_is_made_again(tmp_path: Path) -> None:
    done = run_demo(tmp_path, "--experiments", "14", patience=200)
    assert done.returncode == 0, done.stdout + done.stderr
    report = _replay(tmp_path / "reactor", workers=2)
    assert report.ok, report.lines()
    assert {each.outcome for each in report.iterations} == {"equal"}
