"""Ax: its default generation strategy over choice parameters; a point that is no free row becomes the nearest one."""

import logging
from typing import Any

from ax.api.client import Client
from ax.api.configs import ChoiceParameterConfig
from nearest import Nearest
from wire import History, Problem, serve

OUTCOME = "outcome"  # Ax parses the name as an expression, so that `yield` cannot be one


class AxRun:
    """One experiment."""

    def __init__(self, problem: Problem, options: dict[str, Any], seed: int) -> None:
        logging.disable(logging.WARNING)
        self.problem = problem
        self.nearest = Nearest(problem)
        self.told = 0
        goal = next(iter(problem.goals.values()))
        self.client = Client(random_seed=seed)
        self.client.configure_experiment([_parameter(name, about) for name, about in problem.parameters.items()])
        self.client.configure_optimization(OUTCOME if goal == "maximize" else f"-{OUTCOME}")

    def ask(self, history: History, pending: list[int], n: int) -> list[int]:
        for row, values in history[self.told :]:
            trial = self.client.attach_trial(self.problem.rows[row])
            self.client.complete_trial(trial, raw_data={OUTCOME: values[0]})
        self.told = len(history)
        taken = {row for row, _ in history} | set(pending)
        rows = []
        for trial, point in self.client.get_next_trials(n).items():
            self.client.mark_trial_abandoned(trial)  # attached again as a row once it has been measured
            rows.append(self.nearest.free_row(point, taken))
            taken.add(rows[-1])
        return rows


def _parameter(name: str, about: dict[str, Any]) -> ChoiceParameterConfig:
    if about["type"] == "discrete":
        return ChoiceParameterConfig(name=name, parameter_type="float", values=about["values"], is_ordered=True)
    return ChoiceParameterConfig(name=name, parameter_type="str", values=about["choices"], is_ordered=False)


if __name__ == "__main__":
    serve("ax-platform", AxRun)
