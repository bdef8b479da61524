"""One run: a random first row, then the method alone until the budget is spent."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from tests.benchmarks.optimization.table import Table

Outcome = list[float]  # one value for each goal of the table, in its unit; nan for a failed experiment
History = Sequence[tuple[int, Outcome]]


class NotOffered(Exception):
    """What an experiment needs is not there yet; the text says what."""


class Method(Protocol):
    """What is compared: it is asked for rows of a table."""

    name: str
    version: str

    def start(self, table: Table, seed: int) -> None:
        """Begin a run."""

    def ask(self, history: History, pending: Sequence[int], n: int, seed: int) -> tuple[list[int], float]:
        """The next n rows, and the CPU seconds that it took to choose them."""

    def recommend(self, history: History, seed: int) -> int:
        """The measured row that it holds for the best."""


@dataclass(frozen=True)
class Trace:
    """What was asked for in order, what it gave, and what each act of asking cost (CPU seconds, one thread)."""

    rows: list[int]
    values: list[Outcome]
    cpu: list[float]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


Measure = Callable[[Table, int, int], Outcome]  # table, row, number of the experiment


def look_up(table: Table, row: int, number: int) -> Outcome:
    """The table's own values."""
    return [float(values[row]) for values in table.outcomes.values()]


def run(
    method: Method,
    table: Table,
    seed: int,
    budget: int,
    batch: int = 1,
    measure: Measure = look_up,
    start: Sequence[int] | None = None,
) -> Trace:
    """Measure the start (the seed's first row), then `batch` rows at a time; ends early when no more are asked for."""
    method.start(table, seed)
    rows = [table.first_row(seed)] if start is None else list(start)
    values = [measure(table, row, number) for number, row in enumerate(rows)]
    cpu: list[float] = []
    while len(rows) < budget:
        asked, seconds = method.ask(list(zip(rows, values, strict=True)), [], min(batch, budget - len(rows)), seed)
        cpu.append(seconds)
        if not asked:
            break
        for row in asked:
            values.append(measure(table, row, len(rows)))
            rows.append(row)
    return Trace(rows, values, cpu)


class Stopwatch:
    """CPU seconds of this process since it was made."""

    def __init__(self) -> None:
        self._began = time.process_time()

    @property
    def seconds(self) -> float:
        return time.process_time() - self._began
