"""What the finished runs on tables say: each method in numbers, and ours against each other one on the same seeds."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from strategies.optimize.pareto import hypervolume
from tests.benchmarks.optimization.experiments import METHODS, Experiment
from tests.benchmarks.optimization.results import Record, Results
from tests.benchmarks.optimization.statistics import (
    Interval,
    area,
    best_so_far,
    better,
    experiments_until,
    not_worse,
    paired_difference,
    standard_error,
)
from tests.benchmarks.optimization.table import Array, Table
from tests.benchmarks.optimization.tables import load

OURS = "tatara"
IN_UNIT = ("best", "recommended")  # told in the outcome's own unit
Runs = Mapping[int, Record]
Score = Callable[[Record], float]


def summarize(experiment: Experiment, results: Results) -> dict[str, Any]:
    """All methods that have runs; `against` pairs ours with each of them (gain: more is better for us)."""
    table = load(experiment.table)
    scores = _scores(experiment, table)
    runs = {name: results.done(experiment.name, name, METHODS[name]().version) for name in experiment.methods()}
    done = {name: found for name, found in runs.items() if found}
    return {
        "rows": len(table),
        "budget": experiment.budget,
        "batch": experiment.batch,
        "methods": {name: described(experiment, table, found) for name, found in done.items()},
        "against": {
            name: against(scores, done[OURS], found) for name, found in done.items() if OURS in done and name != OURS
        },
    }


def _scores(experiment: Experiment, table: Table) -> dict[str, Score]:
    """Numbers of one run for which more is better; `area` is in shares of the table's range, the best in its unit.

    What is minimized counts with its sign turned.
    """
    if len(table.goals) > 1:
        return {"hypervolume": lambda record: front(table.scaled[record["rows"]])}
    scaled, budget = table.scaled[:, 0], experiment.budget
    low, width = float(np.nanmin(table.utility(table.objective))), float(np.ptp(_finite(table)))
    scores: dict[str, Score] = {
        "area": lambda record: area(scaled[record["rows"]], budget),
        "best": lambda record: low + width * best_so_far(scaled[record["rows"]], budget)[-1],
        "saved": lambda record: float(budget + 1 - _needed(experiment, table, record)),
    }
    if experiment.noisy:
        scores["recommended"] = lambda record: low + width * float(scaled[record["recommended"]])
    if np.isnan(scaled).any():
        scores["made"] = lambda record: float(np.count_nonzero(~np.isnan(scaled[record["rows"]])))
    return scores


def _finite(table: Table) -> Array:
    values = table.utility(table.objective)
    return values[~np.isnan(values)]


def front(points: Array) -> float:
    """Hypervolume of points on [0, 1]^k, above the worst value of each objective in the table."""
    return float(hypervolume(points, ["maximize"] * points.shape[1], [0.0] * points.shape[1]))


def _threshold(experiment: Experiment, table: Table) -> float:
    """The value that ends a search, on the table's range (a hair below, for rounding)."""
    if experiment.solved is None:
        return 1.0 - 1e-12
    sign = 1.0 if table.goals[table.objective] == "maximize" else -1.0
    values = _finite(table)
    return float((sign * experiment.solved - values.min()) / np.ptp(values)) - 1e-12


def _needed(experiment: Experiment, table: Table, record: Record) -> int:
    values = table.scaled[record["rows"], 0]
    return experiments_until(values, _threshold(experiment, table), experiment.budget, experiment.batch)


def described(experiment: Experiment, table: Table, runs: Runs) -> dict[str, Any]:
    """A method's runs in numbers."""
    scores = _scores(experiment, table)
    records = list(runs.values())
    sign = 1.0 if table.goals[table.objective] == "maximize" else -1.0
    signs = {name: sign if name in IN_UNIT else 1.0 for name in scores if name != "saved"}
    figures = {name: _mean([each * scores[name](record) for record in records]) for name, each in signs.items()}
    seconds = [second for record in records for second in record["cpu"]]
    plain = {} if len(table.goals) > 1 else _progress(experiment, table, records)
    return {"runs": len(records), **figures, **plain, "cpu_seconds_per_call": float(np.mean(seconds))}


def _progress(experiment: Experiment, table: Table, records: Sequence[Record]) -> dict[str, Any]:
    """Experiments until solved, hits, lucky starts, and the mean best at 30."""
    needed = [_needed(experiment, table, record) for record in records]
    utility = table.utility(table.objective)
    sign = 1.0 if table.goals[table.objective] == "maximize" else -1.0
    worst = np.nanmin(utility)
    at_30 = [sign * float(np.nanmax(np.append(utility[record["rows"][:30]], worst))) for record in records]
    return {
        "experiments_until_solved": _mean(needed),
        "median_until_solved": float(np.median(needed)),
        "solved": sum(count <= experiment.budget for count in needed),
        "began_solved": sum(count == 1 for count in needed),
        "best_at_30": _mean(at_30),
    }


def _mean(values: Sequence[float]) -> dict[str, float]:
    return {"mean": float(np.mean(values)), "standard_error": standard_error(values)}


def against(scores: Mapping[str, Score], ours: Runs, theirs: Runs) -> dict[str, Any]:
    """Paired differences on the seeds that both have; the verdicts follow from the area (or the hypervolume)."""
    seeds = sorted(set(ours) & set(theirs))
    if not seeds:
        return {"seeds": 0}
    gains = {
        name: paired_difference([score(ours[seed]) for seed in seeds], [score(theirs[seed]) for seed in seeds])
        for name, score in scores.items()
    }
    judged = gains.get("area") or gains["hypervolume"]
    return {
        "seeds": len(seeds),
        **{name: interval(gain) for name, gain in gains.items()},
        "not_worse": not_worse(judged),
        "better": better(judged),
    }


def interval(found: Interval) -> dict[str, float]:
    """As JSON."""
    return {"value": found.value, "low": found.low, "high": found.high}


def lines(name: str, summary: Mapping[str, Any]) -> list[str]:
    """One line for each method of an experiment."""
    return [_line(name, method, about, summary["against"].get(method)) for method, about in summary["methods"].items()]


def _line(name: str, method: str, about: Mapping[str, Any], pair: Mapping[str, Any] | None) -> str:
    parts = [f"{name:24} {method:26} {about['runs']:3} runs"]
    parts += [f"{each} {_pm(about[each])}" for each in ("hypervolume", "best", "area", "recommended") if each in about]
    if "solved" in about:
        until = _pm(about["experiments_until_solved"])
        parts.append(f"solved {about['solved']} (at once {about['began_solved']}) after {until}")
    if "made" in about:
        parts.append(f"made {_pm(about['made'])}")
    parts.append(f"{about['cpu_seconds_per_call']:.2f} s")
    return ", ".join([*parts, *_verdict(pair)])


def _pm(figure: Mapping[str, float]) -> str:
    return f"{figure['mean']:.4g} ({figure['standard_error']:.2g})"


def _verdict(pair: Mapping[str, Any] | None) -> list[str]:
    if not pair or not pair["seeds"]:
        return []
    gain = pair.get("area") or pair["hypervolume"]
    word = "better" if pair["better"] else "not worse" if pair["not_worse"] else "open"
    return [f"ours {gain['value']:+.3f} [{gain['low']:+.3f}, {gain['high']:+.3f}]: {word}"]
