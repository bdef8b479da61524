"""Item 8: what a cheap stage saves. Cost until a dear measurement was made where the regret is below 5 % of the range.

The cheap stage costs 1, the dear one 10; both are noisy. Regret is that of the best noise-free value among the points
measured at the dear stage. The initial design is the method's own, and counted.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from strategies import Request, propose
from tests.benchmarks.optimization.own import source_version
from tests.benchmarks.optimization.results import Results
from tests.benchmarks.optimization.trace import NotOffered
from tests.benchmarks.optimization.two_stages import TwoStages, problem_names, two_stages

COST = {"cheap": 1.0, "dear": 10.0}
SMALL = 0.05
MOST = 500.0  # cost at which a run ends unsolved; it then counts as MOST + one dear measurement
SEEDS = 20
PATIENCE = 60  # cheap measurements without a dear one, after which there is nothing to wait for
ARMS = {"tatara-two-stages": ("cheap", "dear"), "tatara-dear-alone": ("dear",)}
Done = list[tuple[dict[str, Any], str, float]]  # candidate, stage, measured value


def items() -> dict[str, str]:
    """Names of the experiments, and their problems."""
    return {f"stages_{name}": name for name in problem_names()}


def run_missing(name: str, results: Results, methods: Sequence[str]) -> list[str]:
    """Run the seeds that are not there yet; returns why some are missing."""
    problem, missing = two_stages(items()[name]), []
    for arm in [arm for arm in ARMS if arm in methods]:
        done = results.done(name, arm, source_version())
        try:
            for seed in range(SEEDS):
                if seed not in done:
                    results.add(name, arm, source_version(), seed, run(problem, ARMS[arm], seed))
        except NotOffered as error:
            missing.append(f"{name}, {arm}: {error}")
    return missing


def run(problem: TwoStages, stages: Sequence[str], seed: int) -> dict[str, Any]:
    """One campaign, until the regret is small or the money spent."""
    done: Done = []
    cost, regret = 0.0, 1.0
    while regret >= SMALL and cost < MOST:
        if len(done) >= PATIENCE and all(stage != "dear" for _, stage, _ in done):
            raise NotOffered(f"the first {PATIENCE} proposals are all for the cheap stage")
        chosen = propose(request(problem, stages, done, seed)).proposals[0]
        point = np.array([[chosen.candidate["values"][name] for name in _names(problem)]])
        true = float((problem.dear if chosen.stage == "dear" else problem.cheap)(point)[0])
        noise = problem.noise * float(np.random.default_rng([seed, len(done)]).standard_normal())
        done.append((chosen.candidate, chosen.stage, true + noise))
        cost += COST[chosen.stage]
        if chosen.stage == "dear":
            regret = min(regret, problem.regret(true))
    solved = regret < SMALL
    return {
        "cost": cost if solved else MOST + COST["dear"],
        "solved": solved,
        "stages": [stage for _, stage, _ in done],
        "values": [value for _, _, value in done],
    }


def _names(problem: TwoStages) -> list[str]:
    return [f"x{place}" for place in range(problem.dimensions)]


def request(problem: TwoStages, stages: Sequence[str], done: Done, seed: int) -> Request:
    """The next point, at whatever stage the strategy wants it."""
    parameters = {name: {"type": "continuous", "low": 0.0, "high": 1.0} for name in _names(problem)}
    return Request.model_validate(
        {
            "space": {"parameters": parameters},
            "objectives": [{"property": "gain", "goal": "maximize"}],
            "stages": [
                {"name": stage, "cost": COST[stage], "yields": ["gain"], "promote": "strategy"} for stage in stages
            ],
            "strategy": {"name": "botorch"},
            "observations": [
                {"candidate": candidate, "stage": stage, "values": [{"property": "gain", "value": value}]}
                for candidate, stage, value in done
            ],
            "n": 1,
            "seed": seed,
            "event": len(done) + 1,
        }
    )


def summarize(name: str, results: Results) -> dict[str, Any]:
    """Median cost of each arm, and their ratio."""
    runs = {arm: results.done(name, arm, source_version()) for arm in ARMS}
    if not any(runs.values()):
        return {"methods": {}, "ratio": None}  # the problem itself takes seconds to make
    problem = two_stages(items()[name])
    costs = {arm: [record["cost"] for record in found.values()] for arm, found in runs.items() if found}
    medians = {arm: float(np.median(values)) for arm, values in costs.items()}
    two, alone = (medians.get(arm) for arm in ARMS)
    return {
        "correlation": problem.correlation,
        "noise": problem.noise,
        "wanted at most": 1.2 if name.endswith("useless") else 0.75,
        "methods": {
            arm: {"runs": len(values), "median_cost": medians[arm],
                  "solved": sum(record["solved"] for record in runs[arm].values())}
            for arm, values in costs.items()
        },
        "ratio": None if two is None or alone is None else two / alone,
    }  # fmt: skip


def lines(name: str, about: Mapping[str, Any]) -> list[str]:
    """One line for each arm."""
    ratio = "" if about["ratio"] is None else f", ratio {about['ratio']:.2f}, wanted {about['wanted at most']}"
    return [
        f"{name:24} {arm:26} {each['runs']:3} runs, solved {each['solved']}, median cost {each['median_cost']:.4g}"
        + (ratio if arm == "tatara-two-stages" else "")
        for arm, each in about["methods"].items()
    ]
