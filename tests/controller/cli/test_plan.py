"""Planning at the command line: no daemon, nothing sent, nothing kept."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CAMPAIGNS = Path(__file__).parents[3] / "deploy" / "campaigns"
FILE = """
campaign: grid
space:
  parameters:
    x: {type: discrete, values: [0, 1, 2, 3]}
    y: {type: discrete, values: [0, 1, 2]}
objectives: [{property: gain, goal: maximize}]
stages:
  - name: bench
    approval: {policy: operator}
    steps:
      - {name: try, instruments: [box], capability: try, yields: [gain], timeout: 60, cost: 2.5}
strategy: {name: random}
parallel: 2
budget: {experiments: 6}
"""
TABLE = "x,y,gain\n" + "".join(f"{x},{y},{x * y}\n" for x in range(4) for y in range(3))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "grid.yaml").write_text(FILE)
    (tmp_path / "table.csv").write_text(TABLE)
    (tmp_path / "seen.csv").write_text(TABLE.split("\n", 1)[0] + "\n0,0,0\n3,2,6\n1,1,\n")
    return tmp_path


def tatara(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "controller.cli", *arguments]
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=90, check=False)


def test_a_file_is_checked_without_a_daemon(folder: Path) -> None:
    good = tatara(folder, "campaign", "check", "grid.yaml")
    assert (good.returncode, good.stdout.splitlines()[-1]) == (0, "The file can be used.")
    assert "no daemon was asked" in good.stdout
    (folder / "grid.yaml").write_text(FILE.replace("goal: maximize", "goal: maximise"))
    bad = tatara(folder, "campaign", "check", "grid.yaml")
    assert bad.returncode == 1
    assert "line 7: objectives[0].goal" in bad.stderr


def test_propose_asks_for_what_is_new(folder: Path) -> None:
    done = tatara(folder, "propose", "grid.yaml", "-n", "9", "--data", "seen.csv", "--output", "next.csv", "--json")
    rows = json.loads(done.stdout)
    found = {(row["candidate"]["values"]["x"], row["candidate"]["values"]["y"]) for row in rows}
    assert len(found) == 9
    assert found.isdisjoint({(0, 0), (3, 2), (1, 1)}), "what was measured, or failed, is not proposed again"
    assert len((folder / "next.csv").read_text().splitlines()) == 10


def test_propose_takes_the_tables_that_the_file_names(folder: Path) -> None:
    (folder / "grid.yaml").write_text(FILE + "data: [{file: seen.csv}]\n")
    rows = json.loads(tatara(folder, "propose", "grid.yaml", "-n", "9", "--json").stdout)
    assert (0, 0) not in {(row["candidate"]["values"]["x"], row["candidate"]["values"]["y"]) for row in rows}


def test_a_table_that_does_not_fit_is_explained(folder: Path) -> None:
    (folder / "seen.csv").write_text("x,y,gain\n9,0,1\n")
    done = tatara(folder, "propose", "grid.yaml", "--data", "seen.csv")
    assert done.returncode == 1
    assert "seen.csv: line 2: x: 9 cannot be set; the nearest value is 3" in done.stderr
    missing = tatara(folder, "propose", "grid.yaml", "--data", "nothing.csv")
    assert (missing.returncode, "No such file" in missing.stderr) == (1, True)


def test_a_dry_run_shows_messages_and_cost(folder: Path) -> None:
    done = tatara(folder, "campaign", "dry-run", "grid.yaml", "--json")
    said = json.loads(done.stdout)
    assert len(said["proposals"]) == 2
    assert [message["to"] for message in said["messages"]] == ["box", "box"]
    assert said["messages"][0]["request"]["capability"] == "try"
    assert said["cost"] == {"of_one": 2.5, "of_these": 5.0, "of_all": 15.0}
    assert "Nothing was sent." in tatara(folder, "campaign", "dry-run", "grid.yaml").stdout


def test_simulate_compares_strategies(folder: Path) -> None:
    command = ("simulate", "grid.yaml", "--table", "table.csv", "--seeds", "3", "--budget", "12", "--jobs", "1")
    done = tatara(folder, *command, "--strategy", "random", "--strategy", "sobol", "--output", "out")
    assert done.returncode == 0, done.stderr
    assert "3 campaigns for each strategy" in done.stdout
    assert {path.name for path in (folder / "out").iterdir()} == {"simulate.csv", "simulate.json", "simulate.png"}
    said = json.loads((folder / "out" / "simulate.json").read_text())
    assert [each["mean"][-1] for each in said["strategies"]] == [6, 6], "all of the table has been tried"


def test_simulate_says_what_is_wrong(folder: Path) -> None:
    unknown = tatara(folder, "simulate", "grid.yaml", "--table", "table.csv", "--strategy", "magic")
    assert unknown.returncode == 2
    assert "magic" in unknown.stderr
    (folder / "table.csv").write_text("x,y\n1,1\n")
    silent = tatara(folder, "simulate", "grid.yaml", "--table", "table.csv", "--strategy", "random", "--seeds", "1")
    assert silent.returncode == 1
    assert "column 'gain' is missing" in silent.stderr


@pytest.mark.parametrize("name", ["reactor", "coating", "solvents"])
def test_the_campaigns_that_ship_can_be_planned(name: str, tmp_path: Path) -> None:
    done = tatara(tmp_path, "campaign", "dry-run", str(CAMPAIGNS / f"{name}.yaml"), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["messages"]
