"""Several levels in one model: its covariance, its gradient, what it predicts, and when the cheap level is dropped."""

from typing import Any

import numpy as np
import pytest
import torch
from scipy.optimize import check_grad

from strategies import Request
from strategies.learn.data import PropertyData
from strategies.learn.fidelity import LevelsModel, fit_levels, judge, learn
from strategies.learn.gp import groups
from strategies.learn.kernel import Group, Kernel
from strategies.learn.ladder import Ladder, mixing
from strategies.learn.tasks import TaskKernel, TaskProcess
from strategies.levels import levels_of
from strategies.represent.encoding import Encoding

GROUPS = (Group("a", 0, 1), Group("b", 1, 1))
PARTS = tuple(Kernel(GROUPS, lengthscales, 1.0) for lengthscales in ((0.3, 0.7), (1.1, 0.4)))
SPACE = {"parameters": {name: {"type": "continuous", "low": 0.0, "high": 1.0} for name in ("a", "b")}}


def points(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((count, 2))


def dear(at: np.ndarray) -> np.ndarray:
    return np.sin(5 * at[:, 0]) + at[:, 1] ** 2


def alike(at: np.ndarray) -> np.ndarray:
    return 3.0 * dear(at) - 20.0 + 0.3 * at[:, 0]


def useless(at: np.ndarray) -> np.ndarray:
    return np.cos(17 * at[:, 0] + 3) * np.sin(11 * at[:, 1] + 1)


def data(inputs: np.ndarray, values: np.ndarray) -> PropertyData:
    return PropertyData("y", inputs, values, None, [], [])


def test_the_joint_covariance_is_that_of_kennedy_and_o_hagan() -> None:
    rho, cheap, discrepancy = 1.7, 2.0, 0.5
    weights = ((cheap**0.5, 0.0), (rho * cheap**0.5, discrepancy**0.5))
    kernel = TaskKernel(PARTS, weights, 1)
    at = torch.as_tensor(points(4))
    first, second = (part.covariance(at, at) for part in PARTS)
    rows = torch.cat([torch.column_stack([at, torch.full((4,), float(task))]) for task in (0, 1)])
    top = torch.cat([cheap * first, rho * cheap * first], dim=1)
    bottom = torch.cat([rho * cheap * first, rho**2 * cheap * first + discrepancy * second], dim=1)
    torch.testing.assert_close(kernel.covariance(rows, rows), torch.cat([top, bottom]))
    assert kernel.variance == pytest.approx(rho**2 * cheap + discrepancy)


def test_every_level_has_unit_variance_and_the_links_are_correlations() -> None:
    links = np.array([0.9, -0.4])
    shares, _ = mixing(links)
    correlations = shares @ shares.T
    assert np.diag(correlations) == pytest.approx(np.ones(3))
    assert [correlations[0, 1], correlations[1, 2]] == pytest.approx(np.tanh(links))
    assert correlations[0, 2] == pytest.approx(np.tanh(0.9) * np.tanh(-0.4))


@pytest.mark.parametrize("levels", [2, 3])
def test_the_gradient_is_that_of_the_density(levels: int) -> None:
    generator = np.random.default_rng(1)
    known = np.where(np.arange(18) % 5 == 0, 0.1, np.nan)
    ladder = Ladder(GROUPS, points(18), np.arange(18) % levels, generator.standard_normal(18), known)
    place = ladder.layout.start() + 0.3 * generator.standard_normal(len(ladder.layout.start()))
    error = check_grad(lambda at: ladder.negative(at)[0], lambda at: ladder.negative(at)[1], place)
    assert error < 1e-4 * np.linalg.norm(ladder.negative(place)[1])


def test_a_task_process_predicts_what_the_formulas_say() -> None:
    kernel = TaskKernel(PARTS, ((1.0, 0.0), (0.8, 0.6)), 1)
    rows = torch.column_stack([torch.as_tensor(points(6)), torch.tensor([0.0, 0, 0, 0, 1, 1])])
    targets, noise = torch.linspace(-1, 1, 6, dtype=torch.float64), torch.full((6,), 0.1, dtype=torch.float64)
    process = TaskProcess(kernel, 0.2, rows, targets, noise)
    new = torch.as_tensor(points(3, seed=5))
    at = [torch.column_stack([new, torch.full((3,), float(task))]) for task in (0, 1)]
    inverse = torch.linalg.inv(kernel.covariance(rows, rows) + torch.diag(noise + 1e-8))
    cross = [kernel.covariance(each, rows) for each in at]
    expected = [
        (kernel.covariance(at[i], at[j]) - cross[i] @ inverse @ cross[j].T).diagonal()
        for i, j in [(1, 1), (0, 0), (1, 0)]
    ]
    for found, wanted in zip(process.beside(new, 0), expected, strict=True):
        torch.testing.assert_close(found, wanted)
    mean, variance = process.marginal(new)
    torch.testing.assert_close(mean, 0.2 + cross[1] @ inverse @ (targets - 0.2))
    torch.testing.assert_close(variance, expected[0])
    told = process.expecting(new, 0, 0.1)
    torch.testing.assert_close(told.marginal(new)[0], mean)
    assert bool((told.marginal(new)[1] < variance).all())


def test_cheap_values_teach_what_dear_ones_cannot() -> None:
    few, many = points(4), points(40, seed=2)
    model = fit_levels([data(many, alike(many)), data(few, dear(few))], GROUPS, log=False)
    new = points(50, seed=3)
    mean, _ = model.predict(new)
    assert model.links[0] > 0.9
    assert np.sqrt(np.mean((mean - dear(new)) ** 2)) < 0.2 * dear(new).std()


def request(cheap: Any, count: int, seed: int = 0) -> Request:
    """Ten cheap points, then dear ones."""
    rows = [("cheap", at, value) for at, value in zip(points(12, seed), cheap(points(12, seed)), strict=True)]
    later = points(count, seed + 100)
    rows += [("dear", at, value) for at, value in zip(later, dear(later), strict=True)]
    noise = 0.02 * np.random.default_rng(seed).standard_normal(len(rows))
    return Request.model_validate(
        {
            "space": SPACE,
            "objectives": [{"property": "y", "goal": "maximize"}],
            "stages": [
                {"name": "cheap", "cost": 1, "yields": ["y"], "promote": "strategy"},
                {"name": "dear", "cost": 10, "yields": ["y"]},
            ],
            "strategy": {"name": "botorch"},
            "observations": [
                {
                    "candidate": {"kind": "conditions", "values": {"a": float(at[0]), "b": float(at[1])}},
                    "stage": stage,
                    "values": [{"property": "y", "value": float(value + error)}],
                }
                for (stage, at, value), error in zip(rows, noise, strict=True)
            ],
            "n": 1,
            "seed": seed,
            "event": 1,
        }
    )


def judged(asked: Request) -> Any:
    encoding = Encoding.of(asked.space, {})
    return judge(asked, encoding, ["y"], levels_of(asked), groups(encoding))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_cheap_level_that_predicts_is_used_and_a_useless_one_dropped(seed: int) -> None:
    good, bad = judged(request(alike, 9, seed)), judged(request(useless, 9, seed))
    assert (good.told([])["decision"], good.used) == ("used", 2)
    assert (bad.told([])["decision"], bad.told([])["dropped"]) == ("dropped", ["cheap"])
    assert good.checked == bad.checked == 7


def test_nothing_is_dropped_before_enough_was_predicted() -> None:
    early = judged(request(useless, 4))
    assert (early.checked, early.used, early.told([])["decision"]) == (2, 2, "too early to tell")


def test_each_value_is_predicted_from_what_was_known_before_it() -> None:
    """What comes after a dear value does not change what was said of it."""
    asked = request(alike, 5)
    short = asked.model_copy(update={"observations": asked.observations[:-1]})
    late = asked.observations[-1].model_copy(update={"stage": "cheap"})
    extended = short.model_copy(update={"observations": [*short.observations, late]})
    assert judged(extended).scores == judged(short).scores


def test_a_level_with_one_value_takes_no_part() -> None:
    asked = request(alike, 5)
    asked = asked.model_copy(update={"observations": asked.observations[11:]})
    encoding = Encoding.of(asked.space, {})
    assert not isinstance(learn(asked, encoding, "y", levels_of(asked), groups(encoding)), LevelsModel)
