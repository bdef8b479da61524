"""Maximizing an acquisition over a space: over all rows of a listable one, else by multi-start ascent.

The ascent alternates jumps of categories and coarse grids (best single change) with L-BFGS-B over the other columns
(SLSQP under linear constraints), as in BoTorch's mixed alternating optimizer, but on one-hot columns. Every result is
decoded to a candidate that can be set, and judged by its acquisition there.
"""

import warnings
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from botorch.generation.gen import gen_candidates_scipy
from numpy.typing import NDArray

from strategies.optimize.moves import Jump, fixed_columns, jumps, neighbours
from strategies.optimize.random import sequence
from strategies.represent.encoding import Encoding
from strategies.represent.polytope import polytope
from strategies.request import Candidate
from strategies.spaces import Space, finite_rows, key_of_valid
from strategies.spaces.finite import is_listable

Array = NDArray[np.float64]

RAW = 256  # points from which the starts are chosen
LOCAL = 64  # of them near the best measured points
LOCAL_WIDTH = 0.1
STARTS = 4
ROUNDS = 2  # of jumps and slides, where there are jumps
ITERATIONS = 60
CHUNK = 512


def evaluate(acquisition: Any, rows: Array) -> Array:
    """Acquisition of each of m x d rows alone (m)."""
    with torch.no_grad():
        parts = [
            acquisition(torch.as_tensor(rows[start : start + CHUNK]).unsqueeze(-2)).numpy()
            for start in range(0, len(rows), CHUNK)
        ]
    return np.concatenate(parts) if parts else np.empty(0)


def best_candidate(
    acquisition: Any,
    encoding: Encoding,
    taken: set[str],
    incumbents: Array,
    seed: int,
    files: Mapping[str, Path],
) -> tuple[Candidate, float] | None:
    """The candidate with the largest acquisition that is not taken, and its value; None when no new one is left.

    `incumbents` (m x d) are the best measured points; part of the search starts around them.
    """
    if is_listable(encoding.space):
        return _best_row(acquisition, encoding, taken, files)
    generator = np.random.default_rng([seed, 1])
    raw = _raw_points(encoding, incumbents, generator, seed, files)
    values = evaluate(acquisition, raw)
    starts = raw[_choose_starts(values, generator)]
    risen = _ascend(acquisition, encoding, starts)
    return _first_new(acquisition, encoding, np.vstack([risen, raw[np.argsort(-values, kind="stable")]]), taken)


def _best_row(
    acquisition: Any, encoding: Encoding, taken: set[str], files: Mapping[str, Path]
) -> tuple[Candidate, float] | None:
    rows = finite_rows(encoding.space, files)
    free = [key for key in rows.keys if key not in taken]
    if not free:
        return None
    values = evaluate(acquisition, encoding.encode_table(rows.table, [rows.keys[key] for key in free]))
    place = int(np.argmax(values))
    return rows.candidate(free[place]), float(values[place])


def _raw_points(
    encoding: Encoding, incumbents: Array, generator: np.random.Generator, seed: int, files: Mapping[str, Path]
) -> Array:
    """About RAW settable points (m x d): draws over the space, and steps away from the incumbents."""
    source = sequence(encoding.space, seed, files)
    drawn = encoding.encode([one for one in islice(source, RAW - LOCAL) if one])
    if not len(incumbents):
        return drawn
    around = incumbents[generator.integers(len(incumbents), size=LOCAL)]
    moved = np.clip(around + LOCAL_WIDTH * generator.standard_normal(around.shape), 0.0, 1.0)
    local = [candidate for row in moved if (candidate := _decoded(encoding, row)) is not None]
    return np.vstack([drawn, encoding.encode(local)])


def _decoded(encoding: Encoding, row: Array) -> Candidate | None:
    """The settable candidate at a row; None where snapping would break a linear constraint."""
    try:
        return encoding.decode(row)
    except ValueError:
        return None


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


def _ascend(acquisition: Any, encoding: Encoding, starts: Array) -> Array:
    found = jumps(encoding)
    fixed = fixed_columns(found)
    points = starts
    for _ in range(ROUNDS if found else 1):
        points = np.array([_jump_uphill(acquisition, encoding, point, found) for point in points])
        if len(fixed) < encoding.dimensions:
            points = _slide(acquisition, encoding.space, encoding, points, fixed)
    return points


def _jump_uphill(acquisition: Any, encoding: Encoding, point: Array, found: list[Jump]) -> Array:
    """Take the best single jump while one improves the acquisition."""
    value = float(evaluate(acquisition, point[None])[0]) if found else 0.0
    for _ in range(4 * len(found)):
        reachable = _settable(encoding, neighbours(point, found))
        if not len(reachable):
            break
        values = evaluate(acquisition, reachable)
        if values.max() <= value:
            break
        point, value = reachable[int(np.argmax(values))], float(values.max())
    return point


def _settable(encoding: Encoding, rows: Array) -> Array:
    if not encoding.space.constraints:
        return rows
    return np.array([row for row in rows if _decoded(encoding, row) is not None]).reshape(-1, encoding.dimensions)


def _slide(acquisition: Any, space: Space, encoding: Encoding, points: Array, fixed: list[int]) -> Array:
    """Climb over the columns that slide, from b x d points at once."""
    tensor = torch.as_tensor(points, dtype=torch.float64).unsqueeze(-2)
    inequalities, equalities = _botorch_constraints(space, encoding)
    options: dict[str, Any] = {"maxiter": ITERATIONS}
    if space.constraints:
        options["max_optimization_problem_aggregation_size"] = 1  # SLSQP grows with the cube of the problem
    # A climb that stalls is no fault (BoTorch warns): each result is judged by its own acquisition beside raw points.
    with warnings.catch_warnings(record=True):
        climbed, _ = gen_candidates_scipy(
            initial_conditions=tensor,
            acquisition_function=acquisition,
            lower_bounds=0.0,
            upper_bounds=1.0,
            inequality_constraints=inequalities,
            equality_constraints=equalities,
            fixed_features={column: tensor[:, 0, column] for column in fixed} or None,
            options=options,
        )
    return np.asarray(climbed.detach().squeeze(-2).numpy())


def _botorch_constraints(space: Space, encoding: Encoding) -> tuple[Any, Any]:
    """The linear constraints as BoTorch writes them (indices, coefficients, right side; >= for inequalities)."""
    region = polytope(space)
    if region is None:
        return None, None
    starts = {column.name: column.start for column in encoding.columns}
    places = torch.tensor([starts[name] for name in region.names])
    below = [
        (places, torch.as_tensor(-row), -float(bound))
        for row, bound in zip(region.inequalities, region.bounds, strict=True)
    ]
    equal = [
        (places, torch.as_tensor(row), float(target))
        for row, target in zip(region.equalities, region.targets, strict=True)
    ]
    return below or None, equal or None


def _first_new(acquisition: Any, encoding: Encoding, rows: Array, taken: set[str]) -> tuple[Candidate, float] | None:
    """The best new candidate among the risen points; failing those, the next best raw one."""
    fresh: dict[str, Candidate] = {}
    for row in rows:
        candidate = _decoded(encoding, row)
        if candidate is not None and (key := key_of_valid(candidate)) not in taken:
            fresh.setdefault(key, candidate)
        if len(fresh) >= 2 * STARTS:
            break
    if not fresh:
        return None
    candidates = list(fresh.values())
    values = evaluate(acquisition, encoding.encode(candidates))
    place = int(np.argmax(values))
    return candidates[place], float(values[place])
