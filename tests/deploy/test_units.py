"""The systemd unit: systemd itself understands it, and finds it closed enough."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.machine import DEPLOY, PROGRAM

UNIT = DEPLOY / "systemd" / "tatara.service"
EXPOSURE = 2.0  # of 10; below 2.5 systemd calls it safe

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")


def _analyze(*arguments: str | Path) -> str:
    done = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@needs_systemd
def test_systemd_has_nothing_to_say_against_it(tmp_path: Path) -> None:
    text = UNIT.read_text(encoding="utf-8")
    assert PROGRAM in text
    (tmp_path / UNIT.name).write_text(text.replace(PROGRAM, shutil.which("true") or ""), encoding="utf-8")
    assert "tatara.service" not in _analyze("verify", "--man=no", tmp_path / UNIT.name)


@needs_systemd
def test_it_may_touch_little(tmp_path: Path) -> None:
    found = re.search(r"exposure level for tatara.service: ([\d.]+)", _analyze("security", "--offline=true", UNIT))
    assert found is not None
    assert float(found[1]) <= EXPOSURE


def test_a_limit_of_starts_stands_where_systemd_looks_for_it() -> None:
    head, _, _ = UNIT.read_text(encoding="utf-8").partition("[Service]")
    assert "StartLimitIntervalSec=" in head
