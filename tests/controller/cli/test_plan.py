"""Planning at the command line: no daemon, nothing sent, nothing kept."""

import csv
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from controller.cli.app import app
from controller.report.offline import Offline
from tests.controller.loop.views import make_spec, stage, step

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
    lines = (folder / "next.csv").read_text().splitlines()
    assert len(lines) == 10
    assert lines[0] == "x,y,gain,predicted gain,standard deviation gain,reason"
    filled = folder / "next.csv"
    filled.write_text("\n".join([lines[0], *(line.replace(",,", ",5,", 1) for line in lines[1:])]))
    again = tatara(folder, "propose", "grid.yaml", "-n", "9", "--data", "next.csv", "--json")
    assert len(json.loads(again.stdout)) == 3, "what was filled in is taken as measured"


def test_propose_takes_the_tables_that_the_file_names(folder: Path) -> None:
    (folder / "grid.yaml").write_text(FILE + "data: [{file: seen.csv}]\n")
    rows = json.loads(tatara(folder, "propose", "grid.yaml", "-n", "9", "--json").stdout)
    assert (0, 0) not in {(row["candidate"]["values"]["x"], row["candidate"]["values"]["y"]) for row in rows}


def test_propose_learns_from_the_tables_of_transfer(folder: Path) -> None:
    (folder / "then.csv").write_text(TABLE)
    transfer = "transfer: {from: [{file: then.csv}, {campaign: elsewhere}]}\n"
    (folder / "grid.yaml").write_text(FILE.replace("random", "botorch") + transfer)
    done = tatara(folder, "propose", "grid.yaml", "-n", "2", "--explain", "--json")
    assert "Not learned from here, only at the daemon: elsewhere" in done.stderr
    answer = json.loads(done.stdout)
    assert answer["proposals"][1]["candidate"]["values"] == {"x": 3.0, "y": 2.0}
    assert answer["report"]["transfer"][0] | {"decision": "trusted", "measured": 12} == answer["report"]["transfer"][0]


def test_a_table_that_does_not_fit_is_explained(folder: Path) -> None:
    (folder / "seen.csv").write_text("x,y,gain\nfar,0,1\n")
    done = tatara(folder, "propose", "grid.yaml", "--data", "seen.csv")
    assert done.returncode == 1
    assert "seen.csv: line 2: 'far' in column 'x' is no finite number" in done.stderr
    (folder / "seen.csv").write_text("x,y,gain\n9,0,1\n")
    done = tatara(folder, "propose", "grid.yaml", "--data", "seen.csv")
    assert done.returncode == 0
    assert "seen.csv: line 2 lies outside the space: x: 9 cannot be set; the nearest value is 3" in done.stderr
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
    (folder / "table.csv").write_text("\n".join(TABLE.splitlines()[:-2]))
    (folder / "grid.yaml").write_text(FILE + "data: [{file: seen.csv}]\n")
    gaps = tatara(folder, "simulate", "grid.yaml", "--table", "table.csv", "--strategy", "random", "--seeds", "1")
    assert gaps.returncode == 1
    assert "are not used" in gaps.stderr
    assert "no row for 2 of the 12 candidates of the space, such as x=3.0, y=1.0" in gaps.stderr
    assert ".py" not in gaps.stderr


@pytest.mark.parametrize("name", ["reactor", "coating", "solvents"])
def test_the_campaigns_that_ship_can_be_planned(name: str, tmp_path: Path) -> None:
    done = tatara(tmp_path, "campaign", "dry-run", str(CAMPAIGNS / f"{name}.yaml"), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["messages"]


SHEET = "run,temp,solvent,equivalents,yield\n1,20.5,water,1,30\n2,33,ethanol,2,45\n3,47.25,water,1,\n4,80,water,3,71\n"
SHEET += "".join(f"{number},{20 + 1.7 * number},ethanol,2,{number}\n" for number in range(5, 20))


def test_from_a_spreadsheet_to_proposals_in_two_commands(tmp_path: Path) -> None:
    (tmp_path / "sheet.csv").write_text(SHEET)
    made = tatara(tmp_path, "new", "screen", "--from", "sheet.csv", "--objective", "yield:maximize:percent")
    assert made.returncode == 0, made.stderr
    text = (tmp_path / "screen.yaml").read_text()
    assert 'solvent: {type: categorical, choices: ["ethanol", "water"]}' in text
    assert "equivalents: {type: discrete, values: [1, 2, 3]}" in text
    assert "temp: {type: continuous, low: 20.5, high: 80}" in text
    rows = json.loads(tatara(tmp_path, "propose", "screen.yaml", "-n", "3", "--json").stdout)
    assert len(rows) == 3
    assert rows[0]["prediction"]["yield"]["mean"] > 0
    assert "18 rows are measured; 1 have no yield and count as failed." in made.stdout
    (tmp_path / "sheet.csv").write_text("T (degC);yield [%]\n20,5;3\n30;4\n")
    (tmp_path / "screen.yaml").unlink()
    made = tatara(tmp_path, "new", "screen", "--from", "sheet.csv", "--objective", "yield [%]")
    assert "column 'T (degC)' became T, in degC" in made.stdout
    assert (tmp_path / "screen-data.csv").read_text() == "T,yield\n20.5,3\n30,4\n"
    assert 'goal: maximize, unit: "percent"' in (tmp_path / "screen.yaml").read_text()
    again = tatara(tmp_path, "new", "screen", "--objective", "yield")
    assert (again.returncode, "there already" in again.stderr) == (1, True)


def test_a_new_campaign_without_a_table_is_an_example_that_can_be_used(tmp_path: Path) -> None:
    assert tatara(tmp_path, "new", "mine", "--objective", "purity:maximize:percent").returncode == 0
    assert tatara(tmp_path, "campaign", "check", "mine.yaml").returncode == 0
    for arguments, why in (
        (("bad name", "--objective", "y"), "campaign"),
        (("other", "--objective", "y:upwards"), "maximize or minimize"),
        (("other", "--objective", "y:maximise"), "did you mean maximize?"),
        (("other", "--objective", "y:max:%"), "did you mean maximize?"),
        (("other", "--objective", "y:maximize:%"), "use percent"),
        (("other",), "nobody can be asked"),
    ):
        refused = tatara(tmp_path, "new", *arguments)
        assert refused.returncode in (1, 2)
        assert why in refused.stderr


def test_a_report_and_exports_open_anywhere(tmp_path: Path) -> None:
    store_a_campaign(tmp_path)
    assert tatara(tmp_path, "report", "heat", "--database", "tatara.db").returncode == 0
    page = (tmp_path / "heat.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "data:image/png;base64," in page
    assert "http" not in page.replace("http-equiv", ""), "it loads nothing"
    assert "&lt;b&gt;" in page, "what stands in a file is text"
    table = tatara(tmp_path, "export", "heat", "--database", "tatara.db").stdout.splitlines()
    assert table[0].startswith("number,id,stage,state,replicate,made by,approved by,temperature (degC),measured yield")
    assert len(table) == 4
    everything = json.loads(tatara(tmp_path, "export", "heat", "--database", "tatara.db", "--format", "json").stdout)
    assert len(everything["measurements"]) == 3
    assert len(everything["newest_event"]["hash"]) == 64
    assert tatara(tmp_path, "report", "nobody", "--database", "tatara.db").returncode == 1


def store_a_campaign(folder: Path) -> None:
    """A short one, run offline and copied into a file."""
    spec = make_spec(
        stage("bench", step(yields=["yield"])), budget={"experiments": 3}, description="<b>bold</b> & more"
    )
    offline = Offline(spec)
    while waiting := offline.advance():
        for attempt in waiting:
            offline.answer(attempt, {"yield": attempt.request["candidate"]["values"]["temperature"]})
    with sqlite3.connect(folder / "tatara.db") as file:
        offline.read(lambda session: session.connection().connection.driver_connection.backup(file))  # type: ignore[union-attr]
    offline.close()


def pool(folder: Path, measured: int) -> Path:
    lines = [f"{place % 5},{place // 5},tray {place}" for place in range(25)]
    values = [f"{-((place % 5 - 2) ** 2) + place // 5}" if place < measured else "" for place in range(25)]
    rows = [f"{line},{value}" for line, value in zip(lines, values, strict=True)]
    path = folder / "pool.csv"
    path.write_text("\n".join(["x,y,tray,gain", *rows]) + "\n")
    return path


def test_a_table_of_candidates_needs_no_campaign_file(folder: Path) -> None:
    pool(folder, 14)
    command = ("propose", "--candidates", "pool.csv", "--maximize", "gain", "--ignore", "tray", "-n", "3")
    done = tatara(folder, *command, "--explain", "--out", "next.csv")
    assert done.returncode == 0, done.stderr
    assert "leave-one-out R2" in done.stdout
    with (folder / "next.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3
    free = {(str(place % 5), str(place // 5), f"tray {place}") for place in range(14, 25)}
    assert {(row["x"], row["y"], row["tray"]) for row in rows} <= free, "only what is free, every column kept"
    for row in rows:
        assert float(row["standard deviation gain"]) > 0
        assert "line " in row["nearest measured"]
        assert (row["gain"], row["P(feasible)"]) == ("", "")
    again = tatara(folder, *command, "--explain", "--json")
    said = json.loads(again.stdout)
    assert [str(int(each["candidate"]["values"]["x"])) for each in said["proposals"]] == [row["x"] for row in rows]
    assert said["report"]["models"]["gain"]["n"] == 14


def test_a_table_without_measured_rows_begins_with_a_design(folder: Path) -> None:
    pool(folder, 0)
    done = tatara(folder, "propose", "--candidates", "pool.csv", "--minimize", "gain", "--ignore", "tray", "--explain")
    assert done.returncode == 0, done.stderr
    assert "No model yet" in done.stdout


def test_propose_explains_for_a_campaign_file_too(folder: Path) -> None:
    done = tatara(folder, "propose", "grid.yaml", "--data", "seen.csv", "--explain", "--output", "next.csv")
    assert done.returncode == 0, done.stderr
    header, line = (folder / "next.csv").read_text().splitlines()
    assert "nearest measured" in header
    assert "of seen.csv (" in line


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "give a campaign file, or a table"),
        (("grid.yaml", "--candidates", "pool.csv"), "give a campaign file, or a table"),
        (("grid.yaml", "--maximize", "gain"), "belong to --candidates"),
        (("--candidates", "pool.csv"), "say what is wanted"),
        (("--candidates", "pool.csv", "--maximize", "gain", "--minimize", "gain"), "each column once"),
        (("--candidates", "pool.csv", "--maximize", "gain", "--strategy", "magic"), "unknown strategy 'magic'"),
        (("--candidates", "pool.csv", "--maximize", "gain", "--data", "x.csv"), "in the same table"),
    ],
)
def test_what_is_asked_of_propose_must_be_clear(
    folder: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], says: str
) -> None:
    pool(folder, 3)
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(app, ["propose", *options])
    assert done.exit_code == 2
    assert says in done.stderr


def test_a_table_of_candidates_that_cannot_be_used_is_explained(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    command = ["propose", "--candidates", "pool.csv", "--maximize", "gain"]
    pool(folder, 3)
    done = CliRunner().invoke(app, command)
    assert (done.exit_code, "pool.csv: column 'tray' has another text" in done.stderr) == (1, True)
    (folder / "pool.csv").write_text("x,gain\n1,zero\n2,\n")
    done = CliRunner().invoke(app, command)
    assert (done.exit_code, "pool.csv: line 2: 'zero' in column 'gain'" in done.stderr) == (1, True)


def test_a_campaign_of_another_program_is_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    space = {"parameters": [{"type": "NumericalDiscreteParameter", "name": "x", "values": [1, 2, 3]}]}
    target = {"target": {"name": "gain"}}
    Path("theirs.json").write_text(json.dumps({"searchspace": space, "objective": target, "measurements_exp": "gASV"}))
    made = CliRunner().invoke(app, ["new", "ours", "--from-baybe", "theirs.json"])
    assert (made.exit_code, "not taken over: measurements" in made.stdout) == (0, True), made.output
    rows = CliRunner().invoke(app, ["propose", "ours.yaml", "-n", "3", "--json"])
    assert sorted(row["candidate"]["values"]["x"] for row in json.loads(rows.stdout)) == [1, 2, 3]
    wrong = CliRunner().invoke(app, ["new", "other", "--from-ax", "theirs.json"])
    assert (wrong.exit_code, "nothing that ax has saved" in wrong.stderr) == (1, True)
    both = CliRunner().invoke(app, ["new", "other", "--from-ax", "theirs.json", "--from-baybe", "theirs.json"])
    assert (both.exit_code, "one of them alone" in both.stderr) == (2, True)
