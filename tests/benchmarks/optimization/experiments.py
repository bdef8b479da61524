"""Which table, how many seeds, in what batches, and who takes part: items 1 to 3, 6 and 7 of what is to be shown."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tests.benchmarks.optimization.chance import Chance
from tests.benchmarks.optimization.own import Own
from tests.benchmarks.optimization.peer import Peer
from tests.benchmarks.optimization.table import Table
from tests.benchmarks.optimization.trace import Measure, Method, Outcome, look_up

BUDGET = 50
SHORT = 5  # seeds of the short benchmark


@dataclass(frozen=True)
class Experiment:
    """`peers` maps each method beside ours and random to its number of seeds; `noisy`: single repeats are measured.

    `solved`: the value (in the outcome's unit) that ends a search, absent: the best of the table. `short`: it is part
    of the short benchmark. `start`: the rows that a seed begins with, absent: one random row.
    """

    name: str
    table: str
    seeds: int
    peers: dict[str, int]
    batch: int = 1
    budget: int = BUDGET
    noisy: bool = False
    own: tuple[str, ...] = ("tatara", "random")
    short: bool = False
    solved: float | None = None
    start: Callable[[Table, int], list[int]] | None = None

    def methods(self) -> dict[str, int]:
        """Every method and its number of seeds."""
        return {**dict.fromkeys(self.own, self.seeds), **self.peers}

    def measure(self, seed: int) -> Measure:
        """What an experiment of this run gives."""
        return _one_repeat(seed) if self.noisy else look_up


def _one_repeat(seed: int) -> Measure:
    """One of the row's repeats, drawn anew for each experiment."""

    def measure(table: Table, row: int, number: int) -> Outcome:
        repeats = (table.repeats or [])[row]
        return [float(repeats[int(np.random.default_rng([seed, number]).integers(len(repeats)))])]

    return measure


def _all(seeds: int) -> dict[str, int]:
    return {"baybe": seeds, "physbo": seeds}


EVERYONE = {"ax": 5, "bofire": 5}

EXPERIMENTS = (
    Experiment(
        "direct_arylation",
        "direct_arylation",
        60,
        {"baybe-edbo": 60, **_all(60), **EVERYONE},
        short=True,
        solved=99.0,
    ),
    Experiment("direct_arylation_batch5", "direct_arylation", 20, {"baybe": 20}, batch=5, solved=99.0),
    Experiment("crossed_barrel", "crossed_barrel", 20, {"baybe-edbo": 20, **_all(20), **EVERYONE}, short=True),
    Experiment("crossed_barrel_noisy", "crossed_barrel", 20, {"baybe": 20}, noisy=True),
    Experiment("photo_pce10", "photo_pce10", 20, _all(20)),
    Experiment("agnp", "agnp", 20, _all(20), short=True),
    Experiment("oer_3496", "oer_3496", 20, _all(20)),
    Experiment("oer_3851", "oer_3851", 20, _all(20)),
    Experiment("vapdiff", "vapdiff", 20, _all(20)),
    Experiment("grain_boundary", "grain_boundary", 20, _all(20)),
    Experiment("hplc", "hplc", 20, {}, own=("tatara", "tatara-ignoring-failures", "random")),
    Experiment("arylation_cost", "arylation_cost", 20, {"baybe": 20}),
)

METHODS: dict[str, Callable[[], Method]] = {
    "tatara": Own,
    "tatara-ignoring-failures": lambda: Own(name="tatara-ignoring-failures", failures=False),
    "random": Chance,
    "baybe": lambda: Peer("baybe", "baybe"),
    "baybe-edbo": lambda: Peer("baybe-edbo", "baybe", {"preset": "EDBO"}),
    "physbo": lambda: Peer("physbo", "physbo"),
    "ax": lambda: Peer("ax", "ax-platform"),
    "spacier": lambda: Peer("spacier", "scikit-learn", script="spacier_peer.py"),
    "bofire": lambda: Peer("bofire", "bofire"),
}
