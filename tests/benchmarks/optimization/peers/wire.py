"""A peer's end of the conversation: one JSON object a line on standard input, one answer a line on standard output.

* `{"do": "start", "table": {...}, "options": {...}, "seed": 0}` begins a run
* `{"do": "ask", "history": [[row, [value]]], "pending": [row], "n": 1}` asks for rows
* `{"do": "recommend", "history": [[row, [value]]]}` asks for the row to settle on

Values are given as in the table, one for each goal. Answers carry the CPU seconds of the call. The peers run in an
environment of their own and import nothing of this project.
"""

import contextlib
import json
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Protocol

History = list[tuple[int, list[float]]]


@dataclass(frozen=True)
class Problem:
    """A table as it came over the wire: distinct rows, parameters and molecules as declared, goals by name."""

    name: str
    rows: list[dict[str, Any]]
    parameters: dict[str, dict[str, Any]]
    smiles: dict[str, dict[str, str]]
    goals: dict[str, str]
    regions: dict[str, tuple[float, float]] = field(default_factory=dict)  # of goals that are targets


class Run(Protocol):
    """One run of a method on a problem; a method may also have `recommend(history)`, the row that it holds for best."""

    def ask(self, history: History, pending: list[int], n: int) -> list[int]:
        """The next rows, knowing all that was measured (in order) and what is under way."""


Start = Callable[[Problem, dict[str, Any], int], Run]


def serve(package: str, start: Start) -> None:
    """Answer until the input ends. What the libraries print goes to standard error."""
    answers = sys.stdout
    warnings.simplefilter("ignore")
    run: Run | None = None
    with contextlib.redirect_stdout(sys.stderr):
        _one_thread()
        for line in sys.stdin:
            message = json.loads(line)
            began = time.process_time()
            try:
                if message["do"] == "start":
                    run = start(Problem(**message["table"]), message["options"], message["seed"])
                    answer: dict[str, Any] = {"version": version(package)}
                else:
                    assert run is not None, "nothing was started"
                    history = [(row, values) for row, values in message["history"]]
                    answer = {"rows": [int(row) for row in _answered(run, history, message)]}
            except Exception:  # told to the other end, which decides
                answer = {"error": traceback.format_exc()}
            answer["cpu"] = time.process_time() - began
            print(json.dumps(answer), file=answers, flush=True)


def _answered(run: Any, history: History, message: dict[str, Any]) -> list[int]:
    if message["do"] == "recommend":
        return [run.recommend(history)]
    return list(run.ask(history, message["pending"], message["n"]))


def _one_thread() -> None:
    with contextlib.suppress(ImportError):
        import torch

        torch.set_num_threads(1)
