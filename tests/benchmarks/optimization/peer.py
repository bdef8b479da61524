"""A method that runs in a child process of the peers' own environment and speaks JSON lines."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.optimization.table import Table
from tests.benchmarks.optimization.trace import History

PYTHON = "TATARA_PEERS_PYTHON"
SCRIPTS = Path(__file__).parent / "peers"
PINS = Path(__file__).parents[1] / "peers.txt"
DEFAULT = Path(__file__).parents[3] / ".venv-peers" / "bin" / "python"
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


class PeerFailed(Exception):
    """The peer gave an error, or is not there; the text is its own."""


def peers_python() -> Path:
    """The interpreter of the peers' environment; raises `PeerFailed` when it was not made."""
    python = Path(os.environ.get(PYTHON, DEFAULT))
    if not python.exists():
        raise PeerFailed(f"no peers at {python}: `make peers` makes them")
    return python


def pinned(package: str) -> str:
    """The version of a package in peers.txt; raises `KeyError` for a stranger."""
    lines = [line for line in PINS.read_text(encoding="utf-8").splitlines() if "==" in line]
    versions = {line.split("==")[0].split("[")[0]: line.split("==")[1] for line in lines}
    return versions[package]


class Peer:
    """`package` stands in peers.txt, its `script` in peers/; `options` go to it at every start."""

    def __init__(
        self, name: str, package: str, options: Mapping[str, Any] | None = None, script: str | None = None
    ) -> None:
        self.name = name
        self.version = pinned(package)
        self._script = script or f"{package.split('-')[0]}_peer.py"
        self._options = dict(options or {})
        self._child: subprocess.Popen[str] | None = None

    def start(self, table: Table, seed: int) -> None:
        """Begin a run, in a child that is kept for the next one."""
        about = {
            "name": table.name,
            "rows": list(table.rows),
            "parameters": table.parameters,
            "smiles": table.smiles,
            "goals": table.goals,
            "regions": table.regions,
        }
        answer = self._call({"do": "start", "table": about, "options": self._options, "seed": seed})
        if answer["version"] != self.version:
            raise PeerFailed(f"{self.name} is {answer['version']}, {PINS.name} says {self.version}: run `make peers`")

    def ask(self, history: History, pending: Sequence[int], n: int, seed: int) -> tuple[list[int], float]:
        """The next rows and the CPU seconds of the call."""
        answer = self._call({"do": "ask", "history": list(history), "pending": list(pending), "n": n})
        return answer["rows"], answer["cpu"]

    def recommend(self, history: History, seed: int) -> int:
        """The row that it holds for the best."""
        return int(self._call({"do": "recommend", "history": list(history)})["rows"][0])

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.communicate()
            self._child = None

    def _call(self, message: Mapping[str, Any]) -> dict[str, Any]:
        child = self._running()
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps(message) + "\n")
        child.stdin.flush()
        line = child.stdout.readline()
        if not line:
            self._child = None
            raise PeerFailed(f"{self.name} ended with status {child.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise PeerFailed(f"{self.name}: {answer['error']}")
        return answer

    def _running(self) -> subprocess.Popen[str]:
        if self._child is None:
            self._child = subprocess.Popen(
                [str(peers_python()), str(SCRIPTS / self._script)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, **ONE_THREAD, "PYTHONPATH": ""},
            )
        return self._child
