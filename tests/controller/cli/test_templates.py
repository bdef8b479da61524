"""The campaign files for people who come from other programs can be used as they are."""

import csv
import json
import math
import shutil
from pathlib import Path

import pytest

from controller.spec import load
from strategies.spaces import read_sheet
from tests.controller.cli.test_plan import CAMPAIGNS, tatara

TEMPLATES = ("from-baybe", "from-ax", "from-edbo")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in CAMPAIGNS.glob("*"):
        shutil.copy(path, tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_is_checked_and_proposes(folder: Path, name: str) -> None:
    checked = tatara(folder, "campaign", "check", f"{name}.yaml")
    assert (checked.returncode, "The file can be used." in checked.stdout) == (0, True), checked.stderr
    rows = json.loads(tatara(folder, "propose", f"{name}.yaml", "-n", "3", "--json").stdout)
    assert len({json.dumps(row["candidate"], sort_keys=True) for row in rows}) == 3


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_a_template_says_of_earlier_data_can_be_used_too(folder: Path, name: str) -> None:
    """The lines about `data:` are remarks: without their sign they are the file's."""
    text = (folder / f"{name}.yaml").read_text().replace("# data:", "data:").replace("#   - file: m", "  - file: m")
    spec = load(text.replace("data:\n  - file: measured.csv", ""), _files(folder))
    rows = json.loads(tatara(folder, "propose", f"{name}.yaml", "-n", "4", "--json").stdout)
    wanted = [each.property for each in [*spec.objectives, *spec.constraints]]
    lines = [",".join([*spec.space.names(), *wanted])]
    settings = [[str(row["candidate"]["values"][name]) for name in spec.space.names()] for row in rows]
    lines += [",".join([*each, *("5" for _ in wanted)]) for each in settings]
    (folder / "measured.csv").write_text("\n".join(lines) + "\n")
    (folder / f"{name}.yaml").write_text(text)
    fresh = json.loads(tatara(folder, "propose", f"{name}.yaml", "-n", "4", "--json").stdout)
    known = [row["candidate"] for row in rows]
    assert len(fresh) == 4
    assert not [row for row in fresh if row["candidate"] in known], "what stands in the table is known"


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.csv")}


def test_the_scope_of_edbo_is_simulated_and_asked_about_without_a_campaign_file(folder: Path) -> None:
    sheet = read_sheet((folder / "edbo-scope.csv").read_bytes())
    assert len(sheet.rows) == math.prod(len({row[place] for _, row in sheet.rows}) for place in range(3)) == 36
    lines = [
        [ligand, solvent, temperature, str(len(ligand + solvent) * number % 17), str(number), "0"]
        for number, (_, (ligand, solvent, temperature, *_)) in enumerate(sheet.rows)
    ]
    with (folder / "truth.csv").open("w", newline="") as file:
        csv.writer(file).writerows([sheet.header, *lines])
    options = ("--table", "truth.csv", "--strategy", "sobol", "--seeds", "1", "--budget", "6", "--jobs", "1")
    assert tatara(folder, "simulate", "from-edbo.yaml", *options).returncode == 0
    goals = ("--maximize", "yield", "--maximize", "ee", "--ignore", "priority")
    done = tatara(folder, "propose", "--candidates", "edbo-scope.csv", *goals, "-n", "2", "--out", "next.csv")
    assert done.returncode == 0, done.stderr
    header, *rows = list(csv.reader((folder / "next.csv").open()))
    assert (header[:6], len(rows)) == (["ligand", "solvent", "temperature", "yield", "ee", "priority"], 2)
