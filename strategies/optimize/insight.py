"""What an iteration's report tells besides the models' own numbers: neighbours, gain, sensitivities, slices."""

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from strategies.learn.effects import along, sensitivities
from strategies.learn.gp import PropertyModel
from strategies.objectives import MAPPING, Objective
from strategies.optimize.gain import expected_gain
from strategies.optimize.goals import utility
from strategies.optimize.health import saturated
from strategies.optimize.measured import Measured
from strategies.optimize.random import sequence
from strategies.represent.encoding import Column, Encoding
from strategies.request import Request, Row
from strategies.spaces import finite_rows, key_of_valid
from strategies.spaces.finite import is_listable
from strategies.spaces.settings import Setting, levels, settings

Array = NDArray[np.float64]

NEAREST = 3
BACKGROUND = 64  # points of the space over which sensitivities are averaged
SLICES, LEVELS = 12, 15  # of the parameters that matter most; values along each
DIGITS = 6
LARGEST = 1e300


def explain(
    report: dict[str, Any],
    request: Request,
    files: Mapping[str, Path],
    encoding: Encoding,
    models: Sequence[PropertyModel],
    best: Measured,
    proposed: Array,
) -> None:
    """Add to the report what p x d proposals are near to and should gain, and what the models have learned."""
    leaders, by_name = best.best(request.objectives), {model.name: model for model in models}
    report["proposals"] = nearest(request, encoding, proposed)
    points = background(encoding, request.seed, files)
    for name, model in by_name.items():
        report["models"][name] |= effects(model, encoding, points, leaders[0])
    if len(request.objectives) == 1 and request.objectives[0].goal not in MAPPING:
        wanted = request.objectives[0]
        model = by_name[wanted.property]
        report["expected_improvement"] = expected_improvement(wanted, model, proposed, best.inputs)
        shares = report["models"][wanted.property]["sensitivities"]
        report["warnings"] += saturated(encoding, leaders, shares)


def nearest(request: Request, encoding: Encoding, proposed: Array) -> list[dict[str, Any]]:
    """For each of p x d proposals the measured points nearest to it, by proposal where they have one.

    Distances are Euclidean under the encoding's scales: of every parameter, the two values farthest apart are 1 apart.
    """
    measured = list({key_of_valid(row.candidate): row for row in reversed(request.observations)}.values())[::-1]
    scales = encoding.scales()
    points = encoding.encode([row.candidate for row in measured]) * scales
    told = []
    for row in proposed * scales:
        distances = np.linalg.norm(points - row, axis=1)
        places = np.argsort(distances, kind="stable")[:NEAREST]
        told.append({"nearest": [_named(measured[place], float(distances[place])) for place in places]})
    return told


def _named(row: Row, distance: float) -> dict[str, Any]:
    named = {"candidate": row.candidate} if row.proposal is None else {"proposal": row.proposal}
    return {**named, "distance": _short(distance)}


def expected_improvement(objective: Objective, model: PropertyModel, proposed: Array, measured: Array) -> float | None:
    """E[max(f - best, 0)] in the objective's unit at the one of p x d proposals that gains most; None without any.

    `best` is the best of the model's medians at the m x d measured points, so that noise does not count as a success.
    """
    if not len(proposed):
        return None

    def worth(z: torch.Tensor) -> Any:
        return utility(objective, model.natural(z))

    with torch.no_grad():
        best = float(worth(model.gp.marginal(torch.as_tensor(measured))[0]).max())
        means, variances = model.gp.marginal(torch.as_tensor(proposed))
        pairs = zip(means.tolist(), variances.sqrt().tolist(), strict=True)
        return _short(max(expected_gain(worth, mean, deviation, best) for mean, deviation in pairs))


def background(encoding: Encoding, seed: int, files: Mapping[str, Path]) -> Array:
    """Points drawn evenly from the space (b x d)."""
    if is_listable(encoding.space):
        rows = finite_rows(encoding.space, files)
        count = min(BACKGROUND, len(rows))
        drawn = np.random.default_rng([seed, 3]).choice(len(rows), size=count, replace=False)
        return encoding.encode_table(rows.table, rows.places[np.sort(drawn)])
    return encoding.encode([one for one in islice(sequence(encoding.space, seed, files), BACKGROUND) if one])


def effects(model: PropertyModel, encoding: Encoding, points: Array, best: Array) -> dict[str, Any]:
    """Sensitivities over points of the space (b x d), and slices through the best measured one (d)."""
    shares = sensitivities(model, points)
    columns = {column.name: column for column in encoding.columns}
    first = [name for name in sorted(shares, key=lambda name: -shares[name]) if name in columns][:SLICES]
    return {
        "sensitivities": {name: _short(share) for name, share in shares.items()},
        "slices": [_slice(model, encoding, columns[name], best, points) for name in first],
    }


def _slice(model: PropertyModel, encoding: Encoding, column: Column, best: Array, points: Array) -> dict[str, Any]:
    values = _values(encoding, column, best, points)
    rows = np.zeros((len(values), encoding.dimensions))
    rows[:, column.places] = column.encode(values)
    mean, deviation = along(model, best, column.name, rows)
    told = [value if isinstance(value, str) else _short(value) for value in values]
    return {
        "parameter": column.name,
        "at": told,
        "mean": [_short(each) for each in mean],
        "sd": [_short(each) for each in deviation],
    }


def _values(encoding: Encoding, column: Column, best: Array, points: Array) -> Sequence[Setting]:
    """At most LEVELS values of a parameter in order, from one end to the other; of labels also that of the best.

    A pool's number that has only a few values among points of the space is taken to have no others.
    """
    if column.choices:
        own = str(column.decode(best[column.places]))
        kept = {column.choices[place] for place in _evenly(len(column.choices))} | {own}
        return [choice for choice in column.choices if choice in kept]
    parameter = encoding.space.parameter(column.name)
    count = levels(parameter) if parameter is not None else None
    if parameter is not None and count is not None and count <= LEVELS:
        return sorted(settings(parameter))
    shares = np.unique(points[:, column.start])
    if encoding.space.pool is None or len(shares) > LEVELS:
        shares = np.linspace(0.0, 1.0, LEVELS)
    return [column.decode(np.array([share])) for share in shares]


def _evenly(count: int) -> NDArray[np.intp]:
    return np.unique(np.linspace(0, count - 1, min(count, LEVELS)).round().astype(np.intp))


def _short(value: float) -> float:
    """Short, and a number also where a logarithm's prediction is beyond all of them."""
    return float(f"{np.nan_to_num(float(value), nan=LARGEST, posinf=LARGEST, neginf=-LARGEST):.{DIGITS}g}")
