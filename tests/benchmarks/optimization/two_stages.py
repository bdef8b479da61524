"""The problems of item 8: a dear stage and a cheap one that says something about it, or nothing. More is better."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from tests.benchmarks.optimization.statistics import Array

SAMPLE = 10_000  # random points from which range and correlation are taken
NOISE = 0.02  # standard deviation at both stages, of the range from the median random point to the optimum
# At which BoTorch's augmented forms correlate 0.90 with fidelity 1 over random points. Hartmann's hardly changes
# between 0 and 1 (correlation above 0.999): its formula is carried on below 0, where the first of its terms turns.
FIDELITY = {"branin": 0.47, "hartmann": -26.0}
WRONG = np.array([1.3, 0.7, 1.3, 0.7])  # what the cheap reactor takes for 1 in its rate constants
FEATURES = 64  # waves that make the useless stage
STEPS = 400  # of the integration, as in the emulator


@dataclass(frozen=True)
class TwoStages:
    """`cheap` and `dear` map n x d points of the unit cube to n noise-free values."""

    name: str
    dimensions: int
    cheap: Callable[[Array], Array]
    dear: Callable[[Array], Array]
    optimum: float  # of the dear stage
    median: float  # of the dear stage at random points
    correlation: float

    @property
    def noise(self) -> float:
        """Standard deviation of a measurement."""
        return NOISE * (self.optimum - self.median)

    def regret(self, value: float) -> float:
        """Of the range from the median random point (1) to the optimum (0)."""
        return (self.optimum - value) / (self.optimum - self.median)


def problem_names() -> list[str]:
    """The good ones first."""
    return ["branin", "hartmann", "reactor", "branin_useless", "hartmann_useless"]


@cache
def two_stages(name: str) -> TwoStages:
    """A problem by name."""
    kind, _, useless = name.partition("_")
    dimensions, dear, optimum = _DEAR[kind]()
    points = np.random.default_rng(0).random((SAMPLE, dimensions))
    values = dear(points)
    cheap = _useless(points, values) if useless else _CHEAP[kind]()
    correlation = float(np.corrcoef(cheap(points), values)[0, 1])
    return TwoStages(name, dimensions, cheap, dear, optimum, float(np.median(values)), correlation)


def _augmented(kind: str, fidelity: float) -> Callable[[Array], Array]:
    """BoTorch's test function at a fidelity, negated: both are minimized as published."""
    import torch
    from botorch.test_functions.multi_fidelity import AugmentedBranin, AugmentedHartmann

    function = AugmentedBranin() if kind == "branin" else AugmentedHartmann()
    function.bounds[0, -1] = min(fidelity, 0.0)  # BoTorch refuses what lies outside
    low, width = function.bounds[0, :-1].double(), (function.bounds[1] - function.bounds[0])[:-1].double()

    def value(points: Array) -> Array:
        inside = low + width * torch.as_tensor(points)
        at = torch.cat([inside, torch.full((len(points), 1), fidelity, dtype=torch.float64)], dim=1)
        return -np.asarray(function.evaluate_true(at).numpy())

    return value


def _reactor(scale: Array | float) -> Callable[[Array], Array]:
    """Space-time yield (kg/m**3/h) of the emulated flow reactor; `scale` multiplies its four rate constants."""
    from adapters.instruments.emulators import kinetics
    from controller.cli.demos.reactor.truth import HIGH, LOW

    def value(points: Array) -> Array:
        conditions = kinetics.Conditions.of(*(LOW + (HIGH - LOW) * points).T)
        return kinetics.space_time_yield(conditions, _outlet(conditions, scale))

    return value


def _outlet(conditions: Any, scale: Array | float) -> Array:
    """Concentrations after the reactor, n x 5, as in the emulator but with scaled rate constants."""
    from adapters.instruments.emulators import kinetics

    constants = kinetics.rate_constants(conditions.temperature) * scale
    state = kinetics.inlet(conditions)
    for fraction in np.diff(np.linspace(0.0, 1.0, STEPS + 1) ** 2):
        step = (60.0 * conditions.residence_time * fraction)[:, None]
        first = kinetics.derivative(state, constants)
        second = kinetics.derivative(state + step / 2 * first, constants)
        third = kinetics.derivative(state + step / 2 * second, constants)
        state = state + step / 6 * (
            first + 2 * second + 2 * third + kinetics.derivative(state + step * third, constants)
        )
    return state


def _best_reactor(value: Callable[[Array], Array]) -> float:
    """The largest yield: the best of the random points, climbed with L-BFGS-B."""
    from scipy.optimize import minimize

    points = np.random.default_rng(1).random((SAMPLE, 4))
    start = points[int(np.argmax(value(points)))]
    found = minimize(lambda point: -float(value(point[None])[0]), start, method="L-BFGS-B", bounds=[(0.0, 1.0)] * 4)
    return -float(found.fun)


def _useless(points: Array, values: Array) -> Callable[[Array], Array]:
    """A smooth random function (random Fourier features) that does not correlate with the values."""
    for seed in range(1000):
        generator = np.random.default_rng(seed)
        waves = generator.standard_normal((points.shape[1], FEATURES)) * 4.0
        phases, weights = generator.uniform(0, 2 * np.pi, FEATURES), generator.standard_normal(FEATURES)

        def value(at: Array, waves: Array = waves, phases: Array = phases, weights: Array = weights) -> Array:
            return np.asarray(np.cos(at @ waves + phases) @ weights)

        scale = float(values.std() / value(points).std())
        if abs(np.corrcoef(value(points), values)[0, 1]) < 0.01:
            return lambda at: scale * value(at)
    raise ValueError("no random function without correlation")


_DEAR: dict[str, Callable[[], tuple[int, Callable[[Array], Array], float]]] = {
    "branin": lambda: (2, _augmented("branin", 1.0), -0.397887),
    "hartmann": lambda: (6, _augmented("hartmann", 1.0), 3.32237),
    "reactor": lambda: (4, _reactor(1.0), _best_reactor(_reactor(1.0))),
}
_CHEAP: dict[str, Callable[[], Callable[[Array], Array]]] = {
    "branin": lambda: _augmented("branin", FIDELITY["branin"]),
    "hartmann": lambda: _augmented("hartmann", FIDELITY["hartmann"]),
    "reactor": lambda: _reactor(WRONG),
}
