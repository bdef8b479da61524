"""How good the search was: how many of the table's best molecules it measured, and how soon, beside random search.

Random search is the strategy `random` on the same pool with 20 seeds and as many experiments. Every molecule has one
measured value, so nothing is left to luck with noise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from controller.cli.demos.by_chance import SEEDS, random_candidates
from controller.cli.demos.freesolv.molecules import Molecule
from controller.spec import Campaign as Spec

Array = NDArray[np.float64]
TOPS = (10, 20)


@dataclass(frozen=True)
class Search:
    """The molecules that one search measured, in order, and what it reached."""

    names: Sequence[str]
    best: Array  # lowest energy after 1, 2, ... experiments
    found: Mapping[int, int]  # of the 10 and of the 20 lowest of the whole table


@dataclass(frozen=True)
class Comparison:
    """The campaign beside random search; `ranks` is each molecule's place in the whole table, 1 for the lowest."""

    campaign: Search
    random: Sequence[Search]
    ranks: Mapping[str, int]
    lowest: float

    @property
    def by_chance(self) -> Array:
        """The best so far of the random runs, shape (seeds, experiments)."""
        return np.stack([each.best for each in self.random])

    @property
    def as_good(self) -> int:
        """How many of the random runs ended with as low a value as the campaign."""
        return int(np.sum(self.by_chance[:, -1] <= self.campaign.best[-1]))


def compare(spec: Spec, names: Sequence[str], known: Sequence[Molecule], files: Mapping[str, Path]) -> Comparison:
    """Judge the molecules that a campaign measured, in order; `files` holds its pool by digest."""
    energies = {each.name: each.energy for each in known}
    ordered = sorted(energies, key=lambda name: energies[name])
    ranks = {name: place for place, name in enumerate(ordered, start=1)}
    random = [[candidate["label"] for candidate in random_candidates(spec, seed, len(names), files)] for seed in SEEDS]
    return Comparison(
        campaign=search(names, energies, ranks),
        random=[search(each, energies, ranks) for each in random],
        ranks=ranks,
        lowest=energies[ordered[0]],
    )


def search(names: Sequence[str], energies: Mapping[str, float], ranks: Mapping[str, int]) -> Search:
    """What measuring these molecules in this order reaches."""
    best = np.minimum.accumulate([energies[name] for name in names])
    return Search(names, best, {top: sum(ranks[name] <= top for name in set(names)) for top in TOPS})
