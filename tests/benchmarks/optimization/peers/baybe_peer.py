"""BayBE: its default recommender over exactly the table's rows; molecules by Mordred, numbers as discrete ones.

Options: `preset`, the preset of its Gaussian process ("EDBO"), absent: its own default.
"""

from functools import cache
from typing import Any

import pandas as pd
from baybe import Campaign
from baybe.objectives import ParetoObjective, SingleTargetObjective
from baybe.parameters import CategoricalParameter, NumericalDiscreteParameter, SubstanceParameter
from baybe.recommenders import BotorchRecommender, TwoPhaseMetaRecommender
from baybe.searchspace import SearchSpace
from baybe.settings import active_settings
from baybe.surrogates import GaussianProcessSurrogate
from baybe.targets import NumericalTarget
from wire import History, Problem, serve

_SPACES: dict[str, SearchSpace] = {}


class BaybeRun:
    """One campaign."""

    def __init__(self, problem: Problem, options: dict[str, Any], seed: int) -> None:
        active_settings.random_seed = seed
        self.problem = problem
        self.told = 0
        self.names = list(problem.parameters)
        self.places = {tuple(row[name] for name in self.names): place for place, row in enumerate(problem.rows)}
        targets = [NumericalTarget(name, minimize=goal == "minimize") for name, goal in problem.goals.items()]
        self.campaign = Campaign(
            searchspace=space(problem),
            objective=SingleTargetObjective(targets[0]) if len(targets) == 1 else ParetoObjective(targets),
            recommender=TwoPhaseMetaRecommender(recommender=recommender(options.get("preset"))),
            allow_recommending_already_measured=False,
        )

    def ask(self, history: History, pending: list[int], n: int) -> list[int]:
        self._tell(history)
        waiting = pd.DataFrame([self.problem.rows[row] for row in pending]) if pending else None
        found = self.campaign.recommend(batch_size=n, pending_experiments=waiting)
        return [self.places[tuple(values)] for values in found[self.names].itertuples(index=False, name=None)]

    def recommend(self, history: History) -> int:
        """The measured row with the best posterior mean."""
        self._tell(history)
        rows = list(dict.fromkeys(row for row, _ in history))
        name, goal = next(iter(self.problem.goals.items()))
        means = self.campaign.posterior_stats(pd.DataFrame([self.problem.rows[row] for row in rows]))[f"{name}_mean"]
        return rows[int((means if goal == "maximize" else -means).to_numpy().argmax())]

    def _tell(self, history: History) -> None:
        new = [
            {**self.problem.rows[row], **dict(zip(self.problem.goals, values, strict=True))}
            for row, values in history[self.told :]
        ]
        self.told = len(history)
        if new:
            self.campaign.add_measurements(pd.DataFrame(new))


def recommender(preset: str | None) -> BotorchRecommender:
    """The default, or with a preset of the Gaussian process."""
    if preset is None:
        return BotorchRecommender()
    return BotorchRecommender(surrogate_model=GaussianProcessSurrogate.from_preset(preset))


def space(problem: Problem) -> SearchSpace:
    """The table's rows; kept, because Mordred takes its time."""
    if problem.name not in _SPACES:
        parameters = [_parameter(problem, name, about) for name, about in problem.parameters.items()]
        _SPACES[problem.name] = SearchSpace.from_dataframe(pd.DataFrame(problem.rows), parameters)
    return _SPACES[problem.name]


def _parameter(problem: Problem, name: str, about: dict[str, Any]) -> Any:
    if about["type"] == "discrete":
        return NumericalDiscreteParameter(name, about["values"])
    if name in problem.smiles:
        return SubstanceParameter(name, problem.smiles[name], encoding="MORDRED")
    return CategoricalParameter(name, about["choices"])


@cache
def descriptors(name: str) -> pd.DataFrame:
    """BayBE's own numbers for the rows of a table that `space` was asked for."""
    return _SPACES[name].discrete.comp_rep


if __name__ == "__main__":
    serve("baybe", BaybeRun)
