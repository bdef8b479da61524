"""How good the result is: against random search with the same budget, and against 10,000 random points.

Random search is the strategy `random` with 20 seeds. All are treated alike: every experiment is measured with the
demo's noise, the Pareto set is chosen by these measurements, and what was chosen is judged by its noise-free values.
Only the 10,000 points are noise-free throughout: they stand for what could be reached.
"""

from dataclasses import dataclass

from controller.cli.demos.by_chance import SEEDS, random_candidates
from controller.cli.demos.reactor.truth import GOALS, Array, dense_truth, judged, measured_values, true_values
from controller.spec import Campaign as Spec
from strategies.optimize.pareto import hypervolume, non_dominated


@dataclass(frozen=True)
class Comparison:
    """Hypervolumes above `reference` in the objectives' units."""

    reference: tuple[float, float]
    reached: float
    random: tuple[float, ...]
    dense: float
    random_truth: Array  # of the best random run's Pareto set

    @property
    def share(self) -> float:
        """Of the hypervolume of 10,000 random points; the optimum itself lies a little above 1."""
        return self.reached / self.dense

    @property
    def beats_random(self) -> bool:
        """Whether the campaign did better than the best of the random runs."""
        return self.reached > max(self.random)


def compare(spec: Spec, measured: Array, truth: Array, noise: float, seed: int, experiments: int) -> Comparison:
    """Judge the campaign's measured and true values (n, 2) beside random runs of so many experiments."""
    reference = (float(spec.objectives[0].reference or 0.0), float(spec.objectives[1].reference or 0.0))
    runs = [_random_run(spec, each, noise, seed, experiments) for each in SEEDS]
    volumes = tuple(judged(*run, reference) for run in runs)
    best_measured, best_truth = runs[volumes.index(max(volumes))]
    return Comparison(
        reference=reference,
        reached=judged(measured, truth, reference),
        random=volumes,
        dense=hypervolume(dense_truth(), GOALS, reference),
        random_truth=best_truth[non_dominated(best_measured, GOALS)],
    )


def _random_run(spec: Spec, seed: int, noise: float, noise_seed: int, experiments: int) -> tuple[Array, Array]:
    candidates = random_candidates(spec, seed, experiments)
    return measured_values(candidates, noise, noise_seed), true_values(candidates)
