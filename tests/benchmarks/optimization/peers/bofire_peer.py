"""BoFire: its default single-objective strategy; molecules by Mordred descriptors, numbers as discrete inputs.

Its random strategy is asked as long as the other one says that it knows too little. A point that is no free row becomes
the nearest one.
"""

from typing import Any

import pandas as pd
from baybe.parameters import SubstanceParameter
from bofire.data_models.domain.api import Domain, Inputs, Outputs
from bofire.data_models.features.api import (
    CategoricalDescriptorInput,
    CategoricalInput,
    ContinuousOutput,
    DiscreteInput,
)
from bofire.data_models.objectives.api import MaximizeObjective, MinimizeObjective
from bofire.data_models.strategies.api import RandomStrategy, SoboStrategy
from bofire.strategies.api import map as strategy_of
from nearest import Nearest
from wire import History, Problem, serve

_INPUTS: dict[str, list[Any]] = {}


class BofireRun:
    """One strategy."""

    def __init__(self, problem: Problem, options: dict[str, Any], seed: int) -> None:
        self.problem = problem
        self.nearest = Nearest(problem)
        self.told = 0
        self.name, goal = next(iter(problem.goals.items()))
        if problem.name not in _INPUTS:
            _INPUTS[problem.name] = [_input(problem, name, about) for name, about in problem.parameters.items()]
        wanted = MaximizeObjective(w=1.0) if goal == "maximize" else MinimizeObjective(w=1.0)
        domain = Domain(
            inputs=Inputs(features=_INPUTS[problem.name]),
            outputs=Outputs(features=[ContinuousOutput(key=self.name, objective=wanted)]),
        )
        self.strategy = strategy_of(SoboStrategy(domain=domain, seed=seed))
        self.start = strategy_of(RandomStrategy(domain=domain, seed=seed))

    def ask(self, history: History, pending: list[int], n: int) -> list[int]:
        new = [{**self.problem.rows[row], self.name: values[0]} for row, values in history[self.told :]]
        self.told = len(history)
        if new:
            self.strategy.tell(pd.DataFrame(new).assign(**{f"valid_{self.name}": 1}))
        taken = {row for row, _ in history} | set(pending)
        rows = []
        asked = self.strategy if self.strategy.has_sufficient_experiments() else self.start
        for point in asked.ask(n).to_dict("records"):
            rows.append(self.nearest.free_row(point, taken))
            taken.add(rows[-1])
        return rows


def _input(problem: Problem, name: str, about: dict[str, Any]) -> Any:
    if about["type"] == "discrete":
        return DiscreteInput(key=name, values=about["values"])
    if name not in problem.smiles:
        return CategoricalInput(key=name, categories=about["choices"])
    table = SubstanceParameter(name, problem.smiles[name], encoding="MORDRED").comp_df.loc[about["choices"]]
    return CategoricalDescriptorInput(
        key=name, categories=about["choices"], descriptors=list(table.columns), values=table.to_numpy().tolist()
    )


if __name__ == "__main__":
    serve("bofire", BofireRun)
