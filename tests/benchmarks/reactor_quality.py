"""How good a strategy is on the demo's reactor: `python -m tests.benchmarks.reactor_quality --seeds 5`.

The strategy is asked directly, without daemon and MQTT, with as many experiments under way as in the demo; the oldest
one ends first. Prints for each seed the share of the hypervolume of 10,000 noise-free random points, and the shares
that random search reaches with the same budget. Reference point and noise as in the demo.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from controller.cli.demos.description import Settings, campaign_text
from controller.cli.demos.reactor import NOISE, REACTOR
from controller.cli.demos.reactor.truth import GOALS, PROPERTIES, dense_truth, judged, measured_values, true_values
from controller.spec import Campaign, load
from controller.store.chain import canonical
from strategies import Request, propose
from strategies.optimize.pareto import hypervolume

Plain = dict[str, Any]
RUNS = Path("runs")  # no file is read or written there


def as_recorded(seed: int = 1, experiments: int = 40) -> Campaign:
    """The campaign as the daemon reads it back: the order of the parameters decides which draw goes to which."""
    settings = Settings(REACTOR, RUNS, experiments, seed=seed)
    return Campaign.model_validate_json(canonical(load(campaign_text(settings)).model_dump(mode="json")))


def request(spec: Campaign, strategy: str, done: list[Plain], pending: list[Plain], n: int, seed: int) -> Request:
    return Request.model_validate(
        {
            "space": spec.space.model_dump(),
            "objectives": [each.model_dump() for each in spec.objectives],
            "stages": [{"name": "flow", "cost": 3, "yields": list(PROPERTIES)}],
            "strategy": {"name": strategy},
            "observations": done,
            "pending": [{"candidate": each, "stage": "flow"} for each in pending],
            "n": n,
            "seed": seed,
            "event": 1,
        }
    )


def campaign(strategy: str, seed: int, noise: float, experiments: int, parallel: int) -> list[Plain]:
    """The candidates of one campaign, in order."""
    spec = as_recorded(seed, experiments)
    tried: list[Plain] = []
    done: list[Plain] = []
    while len(tried) < experiments:
        pending = tried[len(done) :]
        n = min(parallel - len(pending), experiments - len(tried))
        asked = request(spec, strategy, done, pending, n, seed)
        tried += [each.candidate for each in propose(asked).proposals]
        done.append(observation(tried[len(done)], noise, seed))
    return tried


def observation(candidate: Plain, noise: float, seed: int) -> Plain:
    values = measured_values([candidate], noise, seed)[0]
    named = [{"property": name, "value": float(value)} for name, value in zip(PROPERTIES, values, strict=True)]
    return {"candidate": candidate, "stage": "flow", "values": named}


def share(candidates: list[Plain], noise: float, seed: int, reference: list[float], whole: float) -> float:
    return judged(measured_values(candidates, noise, seed), true_values(candidates), reference) / whole


def random_shares(noise: float, experiments: int, reference: list[float], whole: float) -> Iterator[float]:
    spec = as_recorded(experiments=experiments)
    for seed in range(20):
        asked = request(spec, "random", [], [], experiments, seed)
        yield share([each.candidate for each in propose(asked).proposals], noise, seed, reference, whole)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--experiments", type=int, default=40)
    parser.add_argument("--parallel", type=int, default=3)
    parser.add_argument("--noise", type=float, default=NOISE)
    parser.add_argument("--strategy", default="botorch")
    given = parser.parse_args()
    reference = [float(each.reference or 0) for each in as_recorded().objectives]
    whole = hypervolume(dense_truth(), GOALS, reference)
    by_chance = np.array(list(random_shares(given.noise, given.experiments, reference, whole)))
    print(f"reference {reference}, 10,000 points: {whole:.6g}; noise {given.noise:g}")
    print(
        f"random: best {by_chance.max():.3f}, median {np.median(by_chance):.3f}, worst {by_chance.min():.3f}",
        flush=True,
    )
    for seed in range(given.first, given.first + given.seeds):
        started = time.monotonic()
        tried = campaign(given.strategy, seed, given.noise, given.experiments, given.parallel)
        reached = share(tried, given.noise, seed, reference, whole)
        print(f"seed {seed}: {reached:.4f} in {time.monotonic() - started:.1f} s", flush=True)


if __name__ == "__main__":
    main()
