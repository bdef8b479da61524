"""Maximizing an acquisition over a space: over all rows of a listable one, else by multi-start ascent.

The ascent alternates moves in steps (labels, coarse grids, exchanges in mixtures: the best single one) with L-BFGS-B
over the other columns (SLSQP under linear constraints), as in BoTorch's mixed alternating optimizer, but on one-hot and
descriptor columns. Every result is decoded to a candidate that can be set, and judged by its acquisition there.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from botorch.generation.gen import gen_candidates_scipy
from numpy.typing import NDArray

from strategies.optimize.listing import best_row
from strategies.optimize.moves import Move, jumping_columns, moves_of, neighbours
from strategies.optimize.random import Fixed, sequence
from strategies.represent.encoding import Encoding
from strategies.represent.polytope import polytope
from strategies.request import Candidate
from strategies.spaces import LinearConstraint, candidate_of, finite_rows, key_of_valid, snap_values
from strategies.spaces.finite import is_listable
from strategies.spaces.settings import Setting

Array = NDArray[np.float64]

RAW = 256  # points from which the starts are chosen
LOCAL = 64  # of them near the best measured points
LOCAL_WIDTH = 0.1
STARTS = 4
ROUNDS = 2  # of jumps and slides, where there are jumps
ITERATIONS = 60
EXCHANGES = 30  # steps uphill that a mixture may take
SETTLED = 10  # of the best neighbours, so many are brought to what keeps constraints and rules
CHUNK, NUMBERS = 512, 100_000  # rows, and numbers in them, that are judged at once: more leave the cache


def evaluate(acquisition: Any, rows: Array) -> Array:
    """Acquisition of each of m x d rows alone (m)."""
    chunk = max(16, min(CHUNK, NUMBERS // rows.shape[1]))
    with torch.no_grad():
        parts = [
            acquisition(torch.as_tensor(rows[start : start + chunk]).unsqueeze(-2)).numpy()
            for start in range(0, len(rows), chunk)
        ]
    return np.concatenate(parts) if parts else np.empty(0)


def scattered(encoding: Encoding, seed: int, files: Mapping[str, Path], count: int) -> Array:
    """About `count` random points of the space (m x d), or all of a shorter list."""
    if is_listable(encoding.space):
        rows = finite_rows(encoding.space, files)
        drawn = np.random.default_rng(seed).permutation(len(rows))[:count]
        return encoding.encode_table(rows.table, rows.places[drawn])
    return encoding.encode([one for one in islice(sequence(encoding.space, seed, files), count) if one])


def best_candidate(
    acquisition: Any,
    encoding: Encoding,
    taken: set[str],
    incumbents: Array,
    seed: int,
    files: Mapping[str, Path],
    fixed: Fixed | None = None,
) -> tuple[Candidate, float] | None:
    """The candidate with the largest acquisition that is not taken, and its value; None when no new one is left.

    `incumbents` (m x d) are the best measured points; part of the search starts around them. `fixed` holds the values
    that the candidate must have, such as those that a batch shares (`random.batch_fixed`).
    """
    if is_listable(encoding.space):
        return best_row(lambda rows: evaluate(acquisition, rows), encoding, taken, seed, files, fixed)
    search = Search(acquisition, encoding, dict(fixed or {}), np.random.default_rng([seed, 1]))
    raw = search.raw_points(incumbents, seed, files)
    if not len(raw):
        return None
    values = evaluate(acquisition, raw)
    risen = search.ascend(raw[_choose_starts(values, search.generator)])
    return search.first_new(np.vstack([risen, raw[np.argsort(-values, kind="stable")]]), taken)


def _choose_starts(values: Array, generator: np.random.Generator) -> list[int]:
    """The best point, and others drawn with weight exp(standardized value) as in BoTorch's initializer."""
    best = int(np.argmax(values))
    spread = float(values.std())
    weights = np.exp((values - values.max()) / spread * 2.0) if spread > 0 else np.ones(len(values))
    weights[best] = 0.0
    others = min(STARTS - 1, int(np.count_nonzero(weights)))
    if not others:
        return [best]
    return [best, *generator.choice(len(values), size=others, replace=False, p=weights / weights.sum()).tolist()]


@dataclass(frozen=True)
class Search:
    """The search over a space that is not listed; points are encoded rows."""

    acquisition: Any
    encoding: Encoding
    fixed: dict[str, Setting]
    generator: np.random.Generator

    @cached_property
    def moves(self) -> list[Move]:
        """What moves in steps."""
        return moves_of(self.encoding, self.fixed)

    def raw_points(self, incumbents: Array, seed: int, files: Mapping[str, Path]) -> Array:
        """About RAW settable points (m x d): draws over the space, and steps away from the incumbents."""
        source = sequence(self.encoding.space, seed, files, self.fixed)
        drawn = self.encoding.encode([one for one in islice(source, RAW - LOCAL) if one])
        if not len(incumbents):
            return drawn
        around = incumbents[self.generator.integers(len(incumbents), size=LOCAL)]
        moved = np.clip(around + LOCAL_WIDTH * self.generator.standard_normal(around.shape), 0.0, 1.0)
        local = [candidate for row in moved if (candidate := self.decoded(row)) is not None]
        return np.vstack([drawn, self.encoding.encode(local)])

    def decoded(self, row: Array) -> Candidate | None:
        """The settable candidate at a row; None where snapping would break a constraint, a rule or what is fixed."""
        space = self.encoding.space
        try:
            values = snap_values(space, {**self.encoding.values(row), **self.fixed})
        except ValueError:
            return None
        kept = all(values[name] == value for name, value in self.fixed.items())
        return candidate_of(space, values) if kept else None

    def ascend(self, starts: Array) -> Array:
        """Points (b x d) uphill from the starts: moves and slides in turn."""
        points = starts
        slides = [place for place in range(self.encoding.dimensions) if place not in self._still()]
        for _ in range(ROUNDS if self.moves and slides else 1):
            points = np.array([self._moved_uphill(point) for point in points])
            if slides:
                points = self._slide(points)
        return points

    def _moved_uphill(self, point: Array) -> Array:
        """Take the best single move while one improves the acquisition."""
        value = float(evaluate(self.acquisition, point[None])[0]) if self.moves else 0.0
        for _ in range(4 * len(self.moves) + EXCHANGES * len(self.encoding.space.mixtures)):
            reachable = neighbours(point, self.moves, self.generator)
            if not len(reachable):
                break
            values = evaluate(self.acquisition, reachable)
            better = np.flatnonzero(values > value)
            better = better[np.argsort(-values[better], kind="stable")][:SETTLED]
            settled = self._settled(reachable[better])
            if not len(settled):
                break
            values = evaluate(self.acquisition, settled)
            if values.max() <= value:
                break
            point, value = settled[int(np.argmax(values))], float(values.max())
        return point

    def _settled(self, rows: Array) -> Array:
        """The rows brought to what keeps constraints and rules; those that cannot be are left out."""
        if not self.encoding.space.constraints and not self.encoding.space.rules:
            return rows[:1]
        return self.encoding.encode([found for row in rows if (found := self.decoded(row)) is not None])

    def _slide(self, points: Array) -> Array:
        """Climb over the columns that slide, from b x d points at once."""
        still = self._still()
        tensor = torch.as_tensor(points, dtype=torch.float64).unsqueeze(-2)
        inequalities, equalities = self._botorch_constraints(still)
        options: dict[str, Any] = {"maxiter": ITERATIONS}
        if inequalities or equalities:
            options["max_optimization_problem_aggregation_size"] = 1  # SLSQP grows with the cube of the problem
        # A climb that stalls is no fault (BoTorch warns): each result is judged by its own acquisition.
        with warnings.catch_warnings(record=True):
            climbed, _ = gen_candidates_scipy(
                initial_conditions=tensor,
                acquisition_function=self.acquisition,
                lower_bounds=0.0,
                upper_bounds=1.0,
                inequality_constraints=inequalities,
                equality_constraints=equalities,
                fixed_features={column: tensor[:, 0, column] for column in still} or None,
                options=options,
            )
        return np.asarray(climbed.detach().squeeze(-2).numpy())

    def _still(self) -> list[int]:
        """The columns that do not slide: moved in steps, fixed, or bound by a constraint to one with a logarithm."""
        still = set(jumping_columns(self.moves))
        bound = {name for constraint in self._curved() for name in constraint.names}
        for column in self.encoding.columns:
            if column.name in self.fixed or column.name in bound or column.block is not None:
                still |= set(range(column.start, column.start + column.size))
        for mixture in self.encoding.space.mixtures:
            if (bound | set(self.fixed)) & set(mixture.of):
                still |= {column.start for column in self.encoding.columns if column.name in mixture.of}
        return sorted(still)

    def _curved(self) -> list[LinearConstraint]:
        """The linear constraints on a parameter with a logarithmic column: they are not linear in the encoding."""
        logarithmic = {column.name for column in self.encoding.columns if column.log}
        return [each for each in self.encoding.space.linear_constraints() if logarithmic & set(each.names)]

    def _botorch_constraints(self, still: list[int]) -> tuple[Any, Any]:
        """The linear constraints as BoTorch writes them (indices, coefficients, right side; >= for inequalities)."""
        curved = {each.text for each in self._curved()}
        space = self.encoding.space
        straight = [text for text in space.constraints if text not in curved]
        region = polytope(space.model_copy(update={"constraints": straight}), all_mixtures=True)
        if region is None:
            return None, None
        starts = {column.name: column.start for column in self.encoding.columns}
        places = np.array([starts[name] for name in region.names])
        below = self._rows(places, -region.inequalities, -region.bounds, still)
        equal = self._rows(places, region.equalities, region.targets, still)
        return below or None, equal or None

    def _rows(self, places: NDArray[np.intp], rows: Array, bounds: Array, still: list[int]) -> list[Any]:
        found = []
        for row, bound in zip(rows, bounds, strict=True):
            used = np.flatnonzero(row)
            if set(places[used].tolist()) - set(still):
                found.append((torch.as_tensor(places[used]), torch.as_tensor(row[used]), float(bound)))
        return found

    def first_new(self, rows: Array, taken: set[str]) -> tuple[Candidate, float] | None:
        """The best new candidate among the risen points; failing those, the next best raw one."""
        fresh: dict[str, Candidate] = {}
        for row in rows:
            candidate = self.decoded(row)
            if candidate is not None and (key := key_of_valid(candidate)) not in taken:
                fresh.setdefault(key, candidate)
            if len(fresh) >= 2 * STARTS:
                break
        if not fresh:
            return None
        candidates = list(fresh.values())
        values = evaluate(self.acquisition, self.encoding.encode(candidates))
        place = int(np.argmax(values))
        return candidates[place], float(values[place])
