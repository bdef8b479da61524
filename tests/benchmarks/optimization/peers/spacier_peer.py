"""SPACIER's rule (Nanjo et al. 2025): an independent Gaussian process for each property, top n by score.

scikit-learn's regressor with constant x RBF + white kernel on normalized values; expected improvement where one
property is maximized, else the product of the probabilities of lying in each target region. Failed rows train nothing.
"""

import math
from typing import Any

import numpy as np
from scipy.stats import norm
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from wire import History, Problem, serve


class SpacierRun:
    """The rule needs no state but what was measured."""

    def __init__(self, problem: Problem, options: dict[str, Any], seed: int) -> None:
        self.problem = problem
        self.inputs = np.array([[float(row[name]) for name in problem.parameters] for row in problem.rows])

    def ask(self, history: History, pending: list[int], n: int) -> list[int]:
        done = [(row, values) for row, values in history if not any(map(math.isnan, values))]
        rows, values = [row for row, _ in done], np.array([each for _, each in done])
        scores = self._scores(self.inputs[rows], values)
        scores[[row for row, _ in history] + pending] = -np.inf
        return np.argsort(-scores, kind="stable")[:n].tolist()

    def _scores(self, inputs: np.ndarray, values: np.ndarray) -> np.ndarray:
        predicted = [_predict(inputs, column, self.inputs) for column in values.T]
        if not self.problem.regions:
            return _expected_improvement(*predicted[0], values[:, 0].max())
        regions = [self.problem.regions[name] for name in self.problem.goals]
        parts = [
            norm.cdf(high, mean, deviation) - norm.cdf(low, mean, deviation)
            for (mean, deviation), (low, high) in zip(predicted, regions, strict=True)
        ]
        return np.prod(parts, axis=0)


def _predict(inputs: np.ndarray, values: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    model = GaussianProcessRegressor(ConstantKernel() * RBF() + WhiteKernel(), alpha=0, normalize_y=True)
    mean, deviation = model.fit(inputs, values).predict(at, return_std=True)
    return mean, np.maximum(deviation, 1e-12)


def _expected_improvement(mean: np.ndarray, deviation: np.ndarray, best: float) -> np.ndarray:
    gain = (mean - best) / deviation
    return (mean - best) * norm.cdf(gain) + deviation * norm.pdf(gain)


if __name__ == "__main__":
    serve("scikit-learn", SpacierRun)
