"""One property measured at several levels of cost, in one model (`ladder.py`), and whether the cheap ones help.

That is told by prequential scores (Dawid 1984): each measured value of the dear level is predicted from what was known
before it, with the cheaper levels and without them. What predicts worse is left out, and may come back.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from strategies.learn.data import PropertyData, property_data
from strategies.learn.fitting import Priors, climb, spread
from strategies.learn.gp import STANDARD, PropertyModel, fit_property, known_noise, moments
from strategies.learn.kernel import Group, Kernel
from strategies.learn.ladder import Ladder, mixing, solve
from strategies.learn.tasks import TaskKernel, TaskProcess
from strategies.levels import Level
from strategies.represent.encoding import Encoding
from strategies.request import Request

Array = NDArray[np.float64]

LEAST = 2  # values of the dear level without which it cannot be standardized
SAMPLE = 200  # values of a level that the hyperparameters are fitted to, where there are more
BORROWED = 4  # values of a level as which the spread of the cheaper one counts
CHECKED = 3  # dear values that must have been predicted before anything is dropped
LATEST = 10  # of them the latest that count


@dataclass(frozen=True)
class LevelsModel(PropertyModel):
    """The model of a property at the dear level, in which the cheaper ones take part."""

    entries: tuple[str, ...] = ()  # stages at which the levels are entered
    noises: tuple[float, ...] = ()  # variance of a measurement at each level, in the model's units
    links: tuple[float, ...] = ()  # correlation of each level with the next cheaper one

    def correlation(self, entry: str) -> float:
        """Prior correlation of the dear level with the one entered at a stage."""
        return math.prod(self.links[self.entries.index(entry) :])

    @property
    def process(self) -> TaskProcess:
        """Its Gaussian process."""
        assert isinstance(self.gp, TaskProcess)
        return self.gp


def fit_levels(
    everything: Sequence[PropertyData], together: Sequence[Group], log: bool, last: int | None = None
) -> LevelsModel:
    """Fit the data of the levels, cheapest first; each needs a value, the last one two. Deterministic.

    With `log` the logarithms are modelled. All levels give the scale; the `last` ones take part (None: all).
    """
    first = 0 if last is None else len(everything) - last
    levels = everything[first:]
    values = [np.log(one.values) if log else one.values for one in everything]
    values, scaled = values[first:], _moments(values)[first:]
    targets = np.concatenate([(each - shift) / scale for each, (shift, scale) in zip(values, scaled, strict=True)])
    level = np.repeat(np.arange(len(levels)), [len(one) for one in levels])
    known = np.concatenate([known_noise(one, scale, log) for one, (_, scale) in zip(levels, scaled, strict=True)])
    inputs = np.vstack([one.inputs for one in levels])
    places = [np.flatnonzero(level == each) for each in range(len(levels))]
    some = np.concatenate([each[spread(len(each), SAMPLE)] for each in places])
    ladder = Ladder(together, inputs[some], level[some], targets[some], known[some])
    place = climb(ladder.negative, ladder.layout.start(), ladder.layout.bounds())
    whole = Ladder(together, inputs, level, targets, known)
    return _model(levels[-1], whole, inputs, place, scaled[-1], log)


def _moments(values: Sequence[Array]) -> list[tuple[float, float]]:
    """Shift and scale of each level: few values say little of their spread, so the cheaper level's counts as well."""
    found = [moments(values[0])]
    for each in values[1:]:
        shift, own = moments(each)
        variance = (len(each) * own**2 + BORROWED * found[-1][1] ** 2) / (len(each) + BORROWED)
        found.append((shift, math.sqrt(variance)))
    return found


def _model(
    dear: PropertyData, ladder: Ladder, inputs: Array, place: Array, scaled: tuple[float, float], log: bool
) -> LevelsModel:
    """The model with the hyperparameters at a place; raises `ValueError` if its covariance cannot be factorized."""
    lengthscales, variances, links, noises = ladder.layout.parts(place)
    weights = np.sqrt(variances)[:, None] * mixing(links)[0]
    solved = solve(ladder.signal(place), ladder.noise(noises), ladder.targets, ladder.basis)
    if solved is None:
        raise ValueError("the covariance of these points cannot be factorized")
    parts = tuple(Kernel(ladder.groups, tuple(scales.tolist()), 1.0) for scales in lengthscales)
    kernel = TaskKernel(parts, tuple(tuple(row) for row in weights.tolist()), ladder.levels - 1)
    mean = float(solved.means[-1])
    gp = TaskProcess(
        kernel,
        mean,
        torch.as_tensor(np.column_stack([inputs, ladder.level])),
        torch.as_tensor(ladder.targets - ladder.basis @ solved.means + mean),
        torch.as_tensor(ladder.noise(noises)),
    )
    typical = [float(ladder.noise(noises)[ladder.level == each].mean()) for each in range(ladder.levels)]
    return LevelsModel(
        dear.name,
        gp,
        *scaled,
        log,
        evidence=solved.likelihood,
        warnings=tuple(dear.warnings),
        noises=tuple(typical),
        links=tuple(np.tanh(links).tolist()),
    )


def learn(
    request: Request,
    encoding: Encoding,
    name: str,
    levels: Sequence[Level],
    together: Sequence[Group],
    priors: Priors = STANDARD,
) -> PropertyModel:
    """The model of a property from these levels, the last of them the one that is predicted.

    A level without two values of it takes no part. Raises `ValueError` without any value.
    """
    found = [(each.entry, property_data(request, encoding, name, each.names)) for each in levels]
    return fit_known(found, together, priors)


def fit_known(
    found: Sequence[tuple[str, PropertyData]], together: Sequence[Group], priors: Priors = STANDARD
) -> PropertyModel:
    """The same from the data of the levels, each with the stage at which it is entered."""
    used = [(entry, data) for entry, data in found if len(data) >= LEAST]
    alone = fit_property(used[-1][1] if used else found[-1][1], together, priors)
    if len(used) < 2:
        return alone
    joint = fit_levels([data for _, data in used], together, _in_logarithms(alone, used))
    return replace(joint, entries=tuple(entry for entry, _ in used))


def _in_logarithms(alone: PropertyModel, used: Sequence[tuple[str, PropertyData]]) -> bool:
    """Whether the dear level's values are better modelled so, and all others can be."""
    return alone.log and all(float(data.values.min()) > 0 for _, data in used)


@dataclass(frozen=True)
class Judged:
    """Which levels the models use (the last ones of `asked`; at least the dear one), and why."""

    asked: tuple[Level, ...]
    used: int
    checked: int = 0  # dear values that were predicted
    scores: tuple[float, ...] = ()  # log predictive density of them all with the last 1, 2, ... levels

    @property
    def levels(self) -> tuple[Level, ...]:
        """The levels that the models use."""
        return self.asked[-self.used :]

    @property
    def sure(self) -> bool:
        """Whether enough was predicted for a decision."""
        return self.checked >= CHECKED

    def told(self, models: Sequence[PropertyModel]) -> dict[str, Any]:
        """For the report; a correlation is that of each level with the next cheaper one in the model of a property."""
        kept = self.levels[:-1]
        dropped = [level.entry for level in self.asked[: -self.used]]
        return {
            "decision": ("used" if kept else "dropped") if self.sure else "too early to tell",
            "used": [level.entry for level in self.levels],
            "dropped": dropped,
            "points": self.checked,
            "correlations": {each.name: list(each.links) for each in models if isinstance(each, LevelsModel)},
            "log_scores": {self.asked[-count].entry: score for count, score in enumerate(self.scores, start=1)},
        }


def judge(
    request: Request, encoding: Encoding, names: Sequence[str], levels: Sequence[Level], together: Sequence[Group]
) -> Judged:
    """Compare what the dear level alone, and it with the cheaper ones, nearest first, said of each dear value before.

    Before `CHECKED` of them were predicted all levels are used.
    """
    scores, checked = np.zeros(len(levels)), 0
    for place in _to_predict(request, names, levels)[-LATEST:]:
        known = request.model_copy(update={"observations": request.observations[:place]})
        now = request.model_copy(update={"observations": [request.observations[place]]})
        for name in names:
            measured = property_data(now, encoding, name, levels[-1].names)
            found = [(each.entry, property_data(known, encoding, name, each.names)) for each in levels]
            if len(measured) and all(len(data) >= LEAST for _, data in found):
                scores = scores + np.array(_scores(_Prediction(tuple(found), measured, tuple(together))))
        checked += 1
    used = len(levels) if checked < CHECKED else 1 + int(np.argmax(scores))
    return Judged(tuple(levels), used, checked, tuple(scores.tolist()))


@dataclass(frozen=True, eq=False)
class _Prediction:
    """What is known of a property at each level, and values to be predicted from it; equal where all numbers are."""

    found: tuple[tuple[str, PropertyData], ...]
    measured: PropertyData
    together: tuple[Group, ...]

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of all that matters."""
        said = hashlib.sha256(repr((self.together, [entry for entry, _ in self.found])).encode())
        for data in (*(data for _, data in self.found), self.measured):
            for part in (data.inputs, data.values, data.standard_errors):
                said.update(b"none" if part is None else repr(part.shape).encode() + part.tobytes())
        return said.digest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Prediction) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


@lru_cache(maxsize=200)  # every iteration asks for the same ones, and for those of the newest value
def _scores(asked: _Prediction) -> tuple[float, ...]:
    """Log predictive density with the last 1, 2, ... levels, all else the same: scale, priors, logarithm or not."""
    log = _in_logarithms(fit_property(asked.found[-1][1], asked.together), asked.found)
    data = [data for _, data in asked.found]
    models = (fit_levels(data, asked.together, log, last) for last in range(1, len(data) + 1))
    return tuple(log_density(model, asked.measured) for model in models)


def _to_predict(request: Request, names: Sequence[str], levels: Sequence[Level]) -> list[int]:
    """Places of the observations of the dear level before which every level was measured at least twice."""
    counts, found = Counter[str](), []
    for place, row in enumerate(request.observations):
        level = next((level for level in levels if row.stage in level.names), None)
        if level is None or not any(value.property in names and value.status != "out-of-range" for value in row.values):
            continue
        if level is levels[-1] and all(counts[each.entry] >= LEAST for each in levels):
            found.append(place)
        counts[level.entry] += 1
    return found


def log_density(model: PropertyModel, measured: PropertyData) -> float:
    """Sum of the log predictive densities of measured values in their unit.

    Student's t with as many degrees of freedom as values were known: the scale is learned from them, and a single
    surprise must not outweigh all else.
    """
    from scipy.stats import t

    with torch.no_grad():
        mean, variance = model.gp.marginal(torch.as_tensor(measured.inputs))
    noise = float(model.gp.noise[model.gp.own].mean())
    values = np.log(np.maximum(measured.values, 1e-300)) if model.log else measured.values
    deviations = np.sqrt(variance.numpy() + noise)
    standardized = ((values - model.shift) / model.scale - mean.numpy()) / deviations
    density = t.logpdf(standardized, float(model.gp.own.sum())) - np.log(deviations * model.scale)
    return float((density - (values if model.log else 0.0)).sum())
