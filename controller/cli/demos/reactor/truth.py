"""What the reactor demo knows that a laboratory never does: the truth behind its measurements.

Values are rows of space-time yield (kg/m**3/h, more is better) and E-factor (less is better), shape (n, 2).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adapters.instruments.emulators import kinetics
from adapters.instruments.emulators.noise import generator
from strategies.optimize.pareto import Goal, hypervolume, non_dominated

Array = NDArray[np.float64]
Candidate = dict[str, Any]

PROPERTIES = ("space_time_yield", "e_factor")
GOALS: tuple[Goal, Goal] = ("maximize", "minimize")
PARAMETERS = ("residence_time", "equivalents", "concentration", "temperature")
LOW = np.array([0.5, 1.0, 0.1, 30.0])
HIGH = np.array([2.0, 5.0, 0.5, 120.0])


def true_values(candidates: Sequence[Candidate]) -> Array:
    """What a measurement without noise would give for each candidate."""
    return kinetics.objectives(_conditions(candidates)) if candidates else np.empty((0, 2))


def measured_values(candidates: Sequence[Candidate], noise: float, seed: int) -> Array:
    """What the emulated analyser with this noise and seed measures for each candidate, first replicate."""
    conditions = _conditions(candidates)
    concentrations = kinetics.outlet(conditions)
    draws = np.array([generator(seed, each, 1).standard_normal(5) for each in candidates])
    measured = np.maximum(concentrations * (1 + noise * draws), 0.0)
    return np.stack([kinetics.space_time_yield(conditions, measured), kinetics.e_factor(measured)], axis=1)


def _conditions(candidates: Sequence[Candidate]) -> kinetics.Conditions:
    return kinetics.Conditions.of(*([each["values"][name] for each in candidates] for name in PARAMETERS))


def judged(measured: Array, truth: Array, reference: Sequence[float]) -> float:
    """Hypervolume of the truth about the points that look non-dominated by their measured values.

    This is what someone gets who trusts the measurements; luck with the noise earns nothing.
    """
    return hypervolume(truth[non_dominated(measured, GOALS)], GOALS, reference)


def dense_truth(points: int = 10_000, seed: int = 0) -> Array:
    """Noise-free values at uniformly random conditions."""
    drawn = LOW + (HIGH - LOW) * np.random.default_rng(seed).random((points, len(LOW)))
    return kinetics.objectives(kinetics.Conditions.of(*drawn.T))
