"""Which candidate at which stage: the dear stage's acquisition, times what a cheaper stage tells of it, over cost.

Augmented expected improvement (Huang et al. 2006): measuring a candidate at a cheap level is worth its improvement at
the dear one times the share of the dear level's uncertainty there that it takes away (correlation and noise in one),
over its cost. The share is that of the joint posterior, so that it falls where the cheap level has told what it can.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from strategies.learn.fidelity import Judged, LevelsModel
from strategies.learn.gp import PropertyModel
from strategies.levels import Level, level_of, relative_costs
from strategies.optimize.improvement import Weighted
from strategies.optimize.known import taken_at
from strategies.optimize.search import best_candidate
from strategies.represent.encoding import Encoding
from strategies.request import Candidate, Request
from strategies.spaces import key_of_valid

Array = NDArray[np.float64]

# Spending at cheap levels after each dear measurement, in units of its cost: at most, before and after the check; at
# least, since a dear level that exploits would else never learn from the cheap ones that it is wrong.
TRUST = {False: 0.3, True: 1.0}
LEAST = 0.2
TINY = 1e-9
SMALLEST = 1e-12


@dataclass(frozen=True)
class Choice:
    """A candidate for a stage, its acquisition there, and why this stage (empty where there is no choice).

    `repeat`: it has been measured there and is to be once more.
    """

    candidate: Candidate
    stage: str
    value: float
    why: str = ""
    repeat: bool = False


@dataclass
class Desk:
    """Chooses one proposal after the other; each counts as under way for those after it."""

    request: Request
    files: Mapping[str, Path]
    encoding: Encoding
    judged: Judged
    models: Sequence[PropertyModel]
    acquire: Callable[[Sequence[PropertyModel], Array], Any]  # models, points under way at the dear level (p x d)
    incumbents: Array

    def __post_init__(self) -> None:
        asked, used = self.judged.asked, self.judged.used
        self.taken = [taken_at(self.request, level.entry) for level in self.judged.levels]
        waiting: list[list[Candidate]] = [[] for _ in asked]
        for row in self.request.pending:
            waiting[level_of(asked, row.stage)].append(row.candidate)
        # A rejected point counts as under way: its near twin would be rejected too.
        waiting[-1] += [row.candidate for row in self.request.rejected]
        begun = [level_of(asked, row.stage) for row in [*self.request.observations, *self.request.pending]]
        self.costs = np.array(relative_costs(asked))[-used:]
        latest = max((number for number, place in enumerate(begun) if place == len(asked) - 1), default=-1)
        self.since = sum(relative_costs(asked)[place] for place in begun[latest + 1 :])  # the last dear one
        self.waiting = waiting[-used:]

    def choose(self, seed: int) -> Choice | None:
        """The next proposal; None where no new candidate is left."""
        # The dear level once more: the cheap ones may have no new candidate left.
        found = self._best(self._open(), seed) or self._best([len(self.costs) - 1], seed)
        if found is None:
            return None
        value, place, candidate = found
        why = self._why(place, candidate)
        self._note(place, candidate)
        return Choice(candidate, self.judged.levels[place].entry, value, why)

    def _best(self, places: Sequence[int], seed: int) -> tuple[float, int, Candidate] | None:
        """The largest acquisition at these levels, its level and candidate."""
        acquisition = self.acquire(self._expected(), self.encoding.encode(self.waiting[-1]))
        found: list[tuple[float, int, Candidate]] = []
        for place in places:
            weighted = acquisition
            if place < len(self.costs) - 1:
                weighted = Weighted(acquisition, [self._log_worth(place)])
            best = best_candidate(weighted, self.encoding, self.taken[place], self.incumbents, seed, self.files)
            if best is not None:
                found.append((best[1], place, best[0]))
        return max(found, key=lambda each: each[:2], default=None)

    def _note(self, place: int, candidate: Candidate) -> None:
        for earlier in range(place + 1):
            self.taken[earlier].add(key_of_valid(candidate))
        self.waiting[place].append(candidate)
        self.since = self.since + self.costs[place] if place < len(self.costs) - 1 else 0.0

    def _why(self, place: int, candidate: Candidate) -> str:
        levels = self.judged.levels
        if place == len(levels) - 1:
            return ""
        with torch.no_grad():
            share = float(self._share(place, torch.as_tensor(self.encoding.encode([candidate])))[0])
        told = f"{levels[place].entry} tells {share:.0%} of what {levels[-1].entry} would"
        return f"; {told}, for {self.costs[place]:.2g} of its cost"

    def _share(self, place: int, rows: Tensor) -> Tensor:
        """What a cheap level tells of all that is modelled, at m x d rows (m)."""
        return torch.stack([share_told(model, self.judged.levels[place], rows) for model in self.models]).mean(0)

    def _open(self) -> list[int]:
        """The levels to choose from: cheap ones get their least share, and no more than they may be trusted with."""
        dear, allowed = len(self.costs) - 1, TRUST[self.judged.sure] + TINY
        places = [place for place in range(dear) if self.since + self.costs[place] <= allowed]
        worthwhile = [place for place in places if self._related(place)]
        return worthwhile if worthwhile and self.since + TINY < LEAST else [*places, dear]

    def _related(self, place: int) -> bool:
        """Whether a level tells, before any measurement, the larger part of something at the dear one."""
        entry = self.judged.levels[place].entry
        return any(
            model.correlation(entry) ** 2 > 0.5
            for model in self.models
            if isinstance(model, LevelsModel) and entry in model.entries
        )

    def _expected(self) -> list[PropertyModel]:
        """The models once what is under way at cheaper levels will have come as it is predicted."""
        models = list(self.models)
        for place, level in enumerate(self.judged.levels[:-1]):
            if not self.waiting[place]:
                continue
            rows = torch.as_tensor(self.encoding.encode(self.waiting[place]))
            for number, model in enumerate(models):
                if isinstance(model, LevelsModel) and level.entry in model.entries:
                    task = model.entries.index(level.entry)
                    models[number] = replace(model, gp=model.process.expecting(rows, task, model.noises[task]))
        return models

    def _log_worth(self, place: int) -> Callable[[Tensor], Tensor]:
        """Logarithm of what a measurement at a cheap level is worth in dear ones, per cost, at m x d rows (m)."""

        def logarithm(rows: Tensor) -> Tensor:
            found: Tensor = self._share(place, rows).clamp_min(SMALLEST).log() - math.log(self.costs[place])
            return found

        return logarithm


def share_told(model: PropertyModel, level: Level, rows: Tensor) -> Tensor:
    """Of the variance that a dear measurement takes away at m x d rows, the share that one at this level does (m)."""
    if not isinstance(model, LevelsModel) or level.entry not in model.entries:
        return torch.zeros(len(rows), dtype=torch.float64)
    task = model.entries.index(level.entry)
    variance, other, covariance = model.process.beside(rows, task)
    cheap = covariance.square() / (other + model.noises[task])
    return cheap * (variance + model.noises[-1]) / variance.square()
