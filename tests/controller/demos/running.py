"""Run the demo as its user does: a process of its own."""

import fcntl
import os
import pty
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
    runs: Path, *options: str, name: str = "reactor", patience: float = 110
) -> subprocess.CompletedProcess[str]:
    """Run to the end, without a terminal."""
    return subprocess.run(
        command(name, runs, *options),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=patience,
        check=False,
    )


class Talk:
    """A demo whose lines are read as they come, and which is answered at a terminal if it has one."""

    def __init__(self, runs: Path, *options: str, terminal: bool = True, name: str = "reactor") -> None:
        self._keys, far = pty.openpty() if terminal else (None, subprocess.DEVNULL)
        self.process = subprocess.Popen(
            command(name, runs, *options),
            stdin=far,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        if self._keys is not None:
            os.close(far)
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=_pass_on, args=(self.process.stdout, self._lines), daemon=True).start()

    def __enter__(self) -> "Talk":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self._keys is not None:
            os.close(self._keys)

    def until(self, wanted: str, patience: float = 110) -> list[str]:
        """The lines up to the one that holds `wanted`."""
        return _until(self._lines, wanted, time.monotonic() + patience)

    def type(self, keys: str) -> None:
        """Press keys; Ctrl-D, `\x04`, ends the input."""
        assert self._keys is not None
        os.write(self._keys, keys.encode())

    def rest(self, patience: float = 60) -> str:
        """What else it says; it must end well."""
        assert self.process.wait(patience) == 0
        return "".join(iter(self._lines.get, None))


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
    with Talk(runs, *options, terminal=False, name=name) as talk:
        seen = talk.until(at, patience)
        os.killpg(talk.process.pid, signal.SIGINT)
        return talk.process.wait(30), seen


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
