"""Every command on the real daemon: one scene, told as it would be typed. A command that stands nowhere here fails."""

import asyncio
import importlib
import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from adapters.instruments import topics
from adapters.instruments.bus import Bus
from adapters.instruments.messages import encode
from controller.cli.app import app
from tests.controller.serving import serving
from tests.controller.stand import DESCRIPTION

HAND = """
campaign: hand
space: {parameters: {temperature: {type: continuous, low: 20, high: 90, unit: degC}}}
objectives: [{property: yield, goal: maximize, unit: percent}]
stages:
  - name: bench
    approval: {policy: operator}
    steps:
      - {name: cook, adapter: person, instructions: "Cook at {temperature}.", yields: [yield], timeout: 1 h}
strategy: {name: random}
budget: {experiments: 3}
"""
TABLE = "temperature,yield\n30,10\n40,\n"
READ_OFF = "--value 'space_time_yield=1000 g/m**3/h' --value e_factor=5"

# What is typed; what stands in the answer; what is remembered of it, by its key in the JSON.
Line = tuple[str, str, tuple[str, str] | None]
SCENE: list[Line] = [
    # a campaign, from the file to the first result
    ("new mine --objective yield:maximize:percent", "mine.yaml is written", None),
    ("campaign schema", '"title": "Tatara campaign"', None),
    ("campaign check hand.yaml", "The file can be used.", None),
    ("campaign dry-run hand.yaml", "Nothing was sent.", None),
    ("propose hand.yaml --json", '"temperature"', None),
    ("campaign submit hand.yaml", "Campaign hand is running.", None),
    ("campaign import hand old.csv", "old.csv is part of campaign hand.", None),
    ("campaign amend hand later.yaml", "version 2", None),
    ("campaign list", "reactor", None),
    ("campaign show hand", "experiments", None),
    ("proposals --campaign hand --json", "awaiting-approval", ("first", "id")),
    ("edit {first} temperature=61 --why cooler --yes --json", "61", ("edited", "id")),
    ("proposals --state awaiting-approval", "{edited}", None),
    ("approve {edited} --yes", "is approved", None),
    ("tasks", "Cook at 61", None),
    ("tasks --json", "Cook at 61", ("task", "id")),
    ("measure {task} yield=71.2%", "is succeeded", None),
    ("measurements --campaign hand", "71.2", None),
    ("samples --campaign hand", "No samples.", None),
    ("inject hand temperature=50 --why 'a hunch'", "is put forward", None),
    ("proposals --campaign hand --state awaiting-approval --json", "awaiting-approval", ("second", "id")),
    ("reject {second} --why no --yes", "is rejected", None),
    ("campaign pause hand --why lunch", "Campaign hand is paused.", None),
    ("campaign resume hand --why back", "Campaign hand is running.", None),
    ("campaign stop hand --why enough", "Campaign hand is ", None),
    # what went wrong
    ("doubts", "{attempt}", None),
    (f"resolve {{attempt}} value --why 'read off' {READ_OFF}", "is succeeded", None),
    ("quarantine", "not JSON", None),
    ("orphans", "x-1", None),
    ("correct {measurement} 61.5 --why misread", "is now 61.5 degC", None),
    ("analyse reactor --why 'a better peak'", "Attempts whose files are read again: 0.", None),
    # instruments
    ("instrument add oven --password-file oven.password", "oven (real) is enrolled", None),
    ("instrument list", "oven", None),
    ("instruments", "reactor-1", None),
    ("instrument arm oven --for 1h", "oven is armed", None),
    ("instrument disarm oven", "oven is disarmed.", None),
    ("instrument pause oven --why lunch", "oven", None),
    ("instrument resume oven --why back", "oven", None),
    ("instrument remove oven --why sold", "oven", None),
    ("estop reactor-1 --why smoke --json", "published; recorded", ("stop", "id")),
    ("estops", "{stop}", None),
    ("reset {stop} --why 'no fire'", "", None),
    # people
    ("user create eve --role viewer", "eve", None),
    ("user code eve", "Sign-in code of eve", None),
    ("token create eve --label laptop --json", "eve", ("eve", "sha256")),
    ("token list --user eve", "laptop", None),
    ("token revoke {eve} --why lost", "", None),
    ("user disable eve", "User eve is disabled.", None),
    ("user enable eve", "User eve is let in again.", None),
    ("user list", "eve", None),
    ("alerts", "Nobody is told", None),
    # the record
    ("events --limit 5", "user.enable", None),
    ("report reactor", "", None),
    ("export reactor", "number,id,stage", None),
    ("replay reactor", "", None),
    ("audit", "Everything is as it was written.", None),
    ("backup --output copy.db", "newest hash", None),
    ("campaign abort reactor --why over", "Campaign reactor is ", None),
]
AFTERWARDS: list[Line] = [
    ("db upgrade", "up to date", None),
    ("restore copy.db", "paused", None),
    ("audit", "Everything is as it was written.", None),
]
ACCEPTING: list[Line] = [
    ("instruments --json", "bigger", None),
    ("instrument accept oven --yes", "bigger", None),
]
WAITING = ("proposals", "tasks", "instruments --json")  # what they list comes when it comes
# Processes of their own, or no daemon at all: the tests that run them.
ELSEWHERE = {
    "broker config": "tests.controller.cli.test_broker:test_everybody_enrolled_is_let_in_and_the_daemon",
    "alerts test": "tests.controller.cli.test_alerts:test_a_test_is_sent_and_what_became_of_it_is_told",
    "doctor": "tests.controller.cli.test_doctor:test_a_daemon_that_runs_is_asked",
    "serve": "tests.controller.cli.test_serve:test_a_removed_instruments_login_is_refused",
    "demo reactor": "tests.controller.demos.test_demo:test_six_random_experiments",
    "demo freesolv": "tests.controller.demos.test_freesolv:test_eight_random_experiments",
    "simulate": "tests.controller.cli.test_plan:test_simulate_compares_strategies",
    "emulate": "tests.controller.cli.test_instrument_test:test_an_emulator_passes_without_a_daemon",
    "instrument test": "tests.controller.cli.test_instrument_test:test_an_emulator_passes_without_a_daemon",
}


def commands(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[str]:
    """All commands of the tree, as they are typed."""
    command = command or typer.main.get_command(app)
    if getattr(command, "invoke_without_command", False):
        yield " ".join(path)
    if not hasattr(command, "commands"):
        yield " ".join(path)
        return
    for name, below in command.commands.items():
        yield from commands(below, (*path, name))


def test_every_command_is_run_by_a_test() -> None:
    known = list(commands())
    run = {
        name for line, *_ in (*SCENE, *ACCEPTING, *AFTERWARDS) for name in known if f"{line} ".startswith(f"{name} ")
    }
    assert sorted(run | set(ELSEWHERE)) == sorted(known)
    for place in ELSEWHERE.values():
        module, _, name = place.partition(":")
        assert hasattr(importlib.import_module(module), name), place


async def test_every_command_on_the_real_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "hand.yaml").write_text(HAND)
    (tmp_path / "later.yaml").write_text(HAND + "description: looked at\n")
    (tmp_path / "old.csv").write_text(TABLE)
    async with serving(tmp_path) as daemon:
        ids = dict(daemon.ids)
        for line in SCENE:
            await _type(line, ids)
    for line in AFTERWARDS:
        await _type(line, ids)


async def test_a_wider_description_is_accepted_on_the_real_daemon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    wider = DESCRIPTION.model_copy(update={"concurrency": 5, "model": "bigger"})
    async with serving(tmp_path):
        await _type(("instrument add oven --simulated --password-file oven.password", "is enrolled", None), {})
        broker = json.loads((tmp_path / "tatara-data" / "broker.json").read_text())
        password = (tmp_path / "oven.password").read_text().strip()
        async with Bus(broker["host"], broker["port"], "oven", "oven", password) as bus:
            await bus.wait_connected(60)  # the broker lets it in after the commit
            for description in (DESCRIPTION, wider):
                await bus.publish(topics.own("lab", "oven", "description"), encode(description))
        for line in ACCEPTING:
            await _type(line, {})


async def _type(line: Line, ids: dict[str, str]) -> None:
    words, expected, remembered = line[0].format(**ids), line[1].format(**ids), line[2]
    async with asyncio.timeout(60):
        while True:
            done = await asyncio.to_thread(CliRunner().invoke, app, shlex.split(words))
            assert done.exit_code == 0, f"tatara {words}: {done.output}"
            if expected in done.output or not words.startswith(WAITING):
                break
    assert expected in done.output, f"tatara {words}: {done.output}"
    if remembered is not None:
        told = json.loads(done.stdout)
        ids[remembered[0]] = (told[0] if isinstance(told, list) else told)[remembered[1]]
