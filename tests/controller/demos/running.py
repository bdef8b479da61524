"""Run the demo as its user does: a process of its own."""

import fcntl
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

QUICK = ("--strategy", "random", "--experiments", "6")


def command(name: str, runs: Path, *options: str) -> list[str]:
    code = "from controller.cli import main; main()"
    return [sys.executable, "-c", code, "demo", name, "--runs", str(runs), *options]


def run_demo(
    runs: Path, *options: str, name: str = "reactor", answers: str = "", patience: float = 110
) -> subprocess.CompletedProcess[str]:
    """Run to the end."""
    return subprocess.run(
        command(name, runs, *options), input=answers, capture_output=True, text=True, timeout=patience, check=False
    )


@dataclass(frozen=True)
class Recorded:
    """A demo that has ended: where its runs are, and what it said."""

    runs: Path
    said: str
    errors: str


def recorded_demo(runs: Path) -> Recorded:
    """Run `QUICK` there unless another test process has done so; one at a time."""
    runs.mkdir(exist_ok=True)
    said, errors = runs / "said", runs / "errors"
    with (runs / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not errors.exists():
            done = run_demo(runs, *QUICK)
            assert done.returncode == 0, done.stdout + done.stderr
            said.write_text(done.stdout)
            errors.write_text(done.stderr)
    return Recorded(runs, said.read_text(), errors.read_text())


def interrupt_demo(
    runs: Path, *options: str, at: str, name: str = "reactor", patience: float = 110
) -> tuple[int, Sequence[str]]:
    """Press Ctrl-C (SIGINT to the whole group, as a terminal does) after a line that holds `at`."""
    process = subprocess.Popen(
        command(name, runs, *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    lines: queue.Queue[str | None] = queue.Queue()
    assert process.stdout is not None
    threading.Thread(target=_pass_on, args=(process.stdout, lines), daemon=True).start()
    try:
        seen = _until(lines, at, time.monotonic() + patience)
        os.killpg(process.pid, signal.SIGINT)
        return process.wait(30), seen
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def _pass_on(source: object, lines: "queue.Queue[str | None]") -> None:
    for line in source:  # type: ignore[attr-defined]
        lines.put(line)
    lines.put(None)


def _until(lines: "queue.Queue[str | None]", wanted: str, end: float) -> list[str]:
    seen: list[str] = []
    while (line := lines.get(timeout=max(0.1, end - time.monotonic()))) is not None:
        seen.append(line)
        if wanted in line:
            return seen
    raise AssertionError(f"no line with {wanted!r} in {''.join(seen)}")
