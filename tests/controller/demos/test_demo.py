"""The demo as its user meets it."""

import asyncio
import csv
import fcntl
import os
import re
import shutil
import signal
import stat
import time
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from controller.cli.app import app
from controller.cli.demos import DEMOS
from controller.cli.demos.approving import Answers
from controller.cli.records import read_only
from controller.report.audit import audit
from controller.report.replay import replay
from controller.store.tables import Attempt, Proposal
from tests.controller.demos.running import QUICK, Recorded, Talk, interrupt_demo, run_demo


def test_six_random_experiments(six_experiments: Recorded) -> None:
    assert not six_experiments.errors
    assert "6 of 6" in six_experiments.said
    assert "http://127.0.0.1:" in six_experiments.said
    data = six_experiments.runs / "reactor"
    assert str(data / "admin-token") in six_experiments.said
    _has_results(data, 6)
    for secret in [*data.glob("instruments/*.password"), data / "admin-token"]:
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_what_has_ended_is_shown_again(six_experiments: Recorded, tmp_path: Path) -> None:
    shutil.copytree(six_experiments.runs / "reactor", tmp_path / "reactor")
    again = run_demo(tmp_path, *QUICK)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "has ended already" in again.stdout
    assert f"rm -r {tmp_path / 'reactor'}" in again.stdout
    assert _front(again.stdout) == _front(six_experiments.said)


def _has_results(data: Path, experiments: int) -> None:
    with (data / "experiments.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == experiments
    assert "yes" in {row["in Pareto set"] for row in rows}
    assert (data / "pareto.png").read_bytes().startswith(b"\x89PNG")
    with read_only(None, data) as session:
        assert audit(session).ok
        assert set(session.scalars(select(Attempt.state))) == {"succeeded"}  # type: ignore[call-overload]


def _front(output: str) -> str:
    return output[output.index("Pareto set") : output.index("Plot:")]


APPROVE = ("--strategy", "random", "--approve", "--experiments")


def test_a_person_approves(tmp_path: Path) -> None:
    """One is refused, and replaced by another; at the end of the input the demo stops, and goes on later."""
    with Talk(tmp_path, *APPROVE, "3") as first:
        first.type("y\nwhat\nn\n\x04")
        said = first.rest()
    assert "Run the same command again to continue" in said
    assert "digest:" in said
    assert "/sign-in?code=" in said
    assert f"user code operator --data {tmp_path / 'reactor'}" in said
    with Talk(tmp_path, *APPROVE, "3") as second:
        second.type("y\n" * 2)
        second.until("press Enter to end")
        second.type("\n")
        second.rest()
    _has_results(tmp_path / "reactor", 3)
    with read_only(None, tmp_path / "reactor") as session:
        states = sorted(session.scalars(select(Proposal.state)))  # type: ignore[call-overload]
    assert states == ["completed", "completed", "completed", "rejected"]


def test_the_console_stays_until_the_result_was_seen(tmp_path: Path) -> None:
    with Talk(tmp_path, *APPROVE, "1") as talk:
        talk.type("y\n")
        said = "".join(talk.until("press Enter to end"))
        console = re.search(r"Console: +(http\S+)", said)
        assert console is not None
        assert httpx.get(console.group(1)).status_code == 200
        os.killpg(talk.process.pid, signal.SIGINT)
        assert "The campaign is completed" in talk.rest()


async def test_a_key_too_many_is_forgotten_and_the_end_of_the_input_is_not() -> None:
    quiet, keys = os.pipe()
    answers = Answers(quiet)
    for too_many, then in (("y", "n"), ("y", None)):
        answers._tell(too_many)
        if then is None:
            answers._tell(None)
        await asyncio.sleep(0)
        answers.forget()
        answers._tell("n")
        assert await answers.next() == then
    os.close(keys)


def test_without_a_terminal_the_console_decides(tmp_path: Path) -> None:
    with Talk(tmp_path, *APPROVE, "1", terminal=False) as talk:
        said = "".join(talk.until("decide about each experiment at the console"))
        api = re.search(r"API: +(http\S+),", said)
        assert api is not None
        token = (tmp_path / "reactor/admin-token").read_text().strip()
        with httpx.Client(base_url=f"{api.group(1)}/api/v1", headers={"Authorization": f"Bearer {token}"}) as client:
            _approve_one(client)
        assert "To look at it in the console" in talk.rest()


def _approve_one(client: httpx.Client) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for each in client.get("/proposals", params={"state": "awaiting-approval"}).json():
            body = {"digest": each["digest"]}
            assert client.post(f"/proposals/{each['id']}/approve", json=body).is_success
            return
    raise AssertionError("nothing was proposed")


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    (tmp_path / "reactor").mkdir()
    with (tmp_path / "reactor" / "tatara.db.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = run_demo(tmp_path, *QUICK)
    assert done.returncode == 1
    assert "in use by another tatara process" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "reactor").mkdir()
    (tmp_path / "reactor" / "tatara.db").write_bytes(b"this is no database")
    done = run_demo(tmp_path, *QUICK)
    assert done.returncode == 1
    assert done.stderr.startswith("tatara: ")
    assert "Traceback" not in done.stdout + done.stderr


def test_the_list_names_every_demo_and_what_it_needs() -> None:
    listed = CliRunner().invoke(app, ["demo", "--list"])
    assert listed.exit_code == 0
    lines = listed.output.splitlines()
    assert [line.split()[0] for line in lines] == ["name", *DEMOS]
    for each in DEMOS.values():
        assert CliRunner().invoke(app, ["demo", each.name, "--help"]).exit_code == 0
        [line] = [line for line in lines if line.startswith(each.name)]
        assert each.summary in line
        assert each.takes in line
        assert each.needs in line


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_whole_demo_interrupted_and_continued(tmp_path: Path) -> None:
    code, _ = interrupt_demo(tmp_path, at=" 12 of 40", patience=280)
    assert code == 130
    done = run_demo(tmp_path, patience=280)
    assert done.returncode == 0, done.stdout + done.stderr
    _has_results(tmp_path / "reactor", 40)
    assert "It is above the best of the 20 random runs" in done.stdout
    share = re.search(r"and ([\d.]+)% of the 10,000 points", done.stdout)
    assert share is not None
    assert float(share.group(1)) >= 95.0
    with read_only(None, tmp_path / "reactor") as session:
        report = replay(session, "reactor", tmp_path / "reactor" / "files", workers=2)
    assert report.ok, report.lines()
    assert report.count("equal") == len(report.iterations)
