"""Goals as functions of models: probabilities of regions, straddle, scores and scalarizations in closed form."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import norm

from strategies.learn.data import PropertyData
from strategies.learn.gp import PropertyModel, fit_property
from strategies.learn.kernel import Group
from strategies.objectives import Objective, OutcomeConstraint, merits
from strategies.optimize.acquisition import build_acquisition
from strategies.optimize.goal_report import goal_report, reference
from strategies.optimize.goals import Goals, build_goals, observed_utilities, score
from strategies.optimize.improvement import LogImprovement
from strategies.optimize.mapping import LogStraddle, LogVarianceReduction
from strategies.optimize.target import LogProbability, aim, between, nearest

SIZE = 6
INPUTS = np.linspace(0, 1, SIZE)[:, None] ** 1.3
ROWS = np.linspace(0.05, 0.95, 7)[:, None]
NOTHING = np.empty((0, 1))


def model(name: str, function: Callable[[np.ndarray], np.ndarray]) -> PropertyModel:
    data = PropertyData(name, INPUTS, function(INPUTS[:, 0]), None, [{}] * SIZE, [])
    return fit_property(data, (Group("x", 0, 1),))


def wave(x: np.ndarray) -> np.ndarray:
    return np.asarray(30 + 10 * np.sin(5 * x))


def slope(x: np.ndarray) -> np.ndarray:
    return np.asarray(-2 + 4 * x)


FUNCTIONS = {"a": wave, "b": slope}


def goals(*wanted: dict[str, Any], constraints: tuple[dict[str, Any], ...] = ()) -> Goals:
    objectives = [Objective.model_validate(one) for one in wanted]
    limits = [OutcomeConstraint.model_validate(one) for one in constraints]
    names = dict.fromkeys([*(one.property for one in objectives), *(one.property for one in limits)])
    return build_goals(
        objectives,
        limits,
        [model(name, FUNCTIONS[name]) for name in names],
        observed_utilities(objectives, measured(objectives)),
    )


def measured(objectives: list[Objective]) -> np.ndarray:
    return np.stack([FUNCTIONS[one.property](INPUTS[:, 0]) for one in objectives], axis=1)


def at(acquisition: Any, rows: np.ndarray = ROWS) -> np.ndarray:
    with torch.no_grad():
        return np.asarray(acquisition(torch.as_tensor(rows).unsqueeze(-2)).numpy())


def moments(of: PropertyModel, *, noise: bool) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation at ROWS, in the property's unit."""
    mean, deviation = of.predict(ROWS)
    extra = float(of.gp.noise.mean()) * of.scale**2 if noise else 0.0
    return mean, np.sqrt(deviation**2 + extra)


def test_probability_of_a_box_is_the_product_over_outputs() -> None:
    wanted = goals(
        {"property": "a", "goal": "target", "low": 32, "high": 38}, {"property": "b", "goal": "target", "high": 0.5}
    )
    (a, spread_a), (b, spread_b) = (moments(each, noise=True) for each in wanted.models)
    box = (norm.cdf(38, a, spread_a) - norm.cdf(32, a, spread_a)) * norm.cdf(0.5, b, spread_b)
    assert np.exp(at(LogProbability(wanted, torch.as_tensor(NOTHING)))) == pytest.approx(box, rel=1e-6)


def test_probability_is_stable_where_it_is_tiny() -> None:
    far = goals({"property": "b", "goal": "target", "low": 500, "high": 501})
    rows = torch.as_tensor(ROWS).unsqueeze(-2).requires_grad_()
    found = LogProbability(far, torch.as_tensor(NOTHING))(rows)
    found.sum().backward()
    assert found.max() < -1000
    assert torch.isfinite(found).all()
    assert rows.grad is not None
    assert torch.isfinite(rows.grad).all()


def test_a_region_beside_a_maximum_weighs_its_improvement() -> None:
    more, region = {"property": "a", "goal": "maximize"}, {"property": "b", "goal": "target", "low": -1, "high": 0}
    limits = (
        {"property": "b", "comparison": ">=", "value": -1.0},
        {"property": "b", "comparison": "<=", "value": 0.0},
    )
    found = at(build_acquisition(goals(more, region), INPUTS, NOTHING, None, 3))
    assert ROWS[np.argmax(found), 0] == pytest.approx(0.35)  # b is in the region from 0.25 to 0.5, a is best at 0.31
    kept = at(build_acquisition(goals(more, constraints=limits), INPUTS, NOTHING, None, 3))
    assert np.argmax(kept) == np.argmax(found)
    assert goals(more, region).acquisition == "LogNEI + log P(target region)"


def test_intermediate_target_lies_between_the_nearest_point_and_the_region() -> None:
    wanted = goals(
        {"property": "b", "goal": "target", "low": 40, "high": 41}, {"property": "a", "goal": "target", "low": 25}
    )
    wanted = Goals(**{**vars_of(wanted), "probes": np.clip(ROWS + 0.1, 0, 1)})  # points not measured yet
    values = measured(list(wanted.objectives))
    aimed = aim(wanted, values)
    start = nearest(wanted, values)
    assert start[0] == pytest.approx(wanted.models[0].standardized(2.0))  # the largest b so far, where a is 30 - 9.6
    assert aimed.aims is not None
    assert start[0] < aimed.aims[0].low < wanted.regions[0].low
    assert aimed.aims[0].high == wanted.regions[0].high
    drawn_back = goal_report(aimed, values)["target"]
    assert drawn_back["intermediate"]
    assert drawn_back["probability"] == "product over independent outputs"
    assert 2 < drawn_back["aimed_at"]["b"][0] < 40
    assert drawn_back["aimed_at"]["a"][1] is None


def vars_of(wanted: Goals) -> dict[str, Any]:
    names = ("objectives", "constraints", "models", "references", "scales")
    return {name: getattr(wanted, name) for name in names}


def test_a_region_within_reach_is_aimed_at_itself() -> None:
    near = Goals(**{**vars_of(goals({"property": "b", "goal": "target", "low": 1, "high": 1.2})), "probes": ROWS})
    assert aim(near, measured(list(near.objectives))).aims is None
    hit = Goals(**{**vars_of(goals({"property": "b", "goal": "target", "low": 1.99})), "probes": ROWS[:1]})
    assert aim(hit, measured(list(hit.objectives))).aims is None  # measured there, though no probe may hit it


def test_a_region_drawn_back_holds_the_region() -> None:
    wanted = goals({"property": "b", "goal": "target", "low": 3, "high": 4}).regions
    assert between(wanted, [0.0], 1.0) == wanted
    halfway = between(wanted, [0.0], 0.5)[0]
    assert (halfway.low, halfway.high) == (wanted[0].low / 2, wanted[0].high)
    above = between(wanted, [wanted[0].high + 2], 0.25)[0]
    assert (above.low, above.high) == (wanted[0].low, wanted[0].high + 1.5)


def test_straddle_by_hand() -> None:
    wanted = goals({"property": "a", "goal": "level-set", "level": 33})
    mean, deviation = moments(wanted.models[0], noise=False)
    straddle = (1.96 * deviation - np.abs(mean - 33)) / wanted.models[0].scale
    assert at(LogStraddle(wanted, torch.as_tensor(NOTHING))) == pytest.approx(np.log(np.log1p(np.exp(straddle))))


def test_a_level_beneath_all_logarithms_is_no_error() -> None:
    wanted = goals({"property": "a", "goal": "level-set", "level": -1e6})
    assert np.isfinite(at(LogStraddle(wanted, torch.as_tensor(NOTHING)))).all()


def test_variance_reduction_is_what_conditioning_takes_away() -> None:
    wanted = goals({"property": "a", "goal": "explore"})
    probes = np.linspace(0, 1, 40)[:, None]
    gp = wanted.models[0].gp
    acquisition = LogVarianceReduction(Goals(**{**vars_of(wanted), "probes": probes}), torch.as_tensor(NOTHING))
    before = gp.marginal(torch.as_tensor(probes))[1]
    taken = []
    for row in ROWS:
        point = torch.as_tensor(row[None])
        after = gp.given(point, torch.zeros(1, dtype=torch.float64), gp.noise[:1])
        taken.append(float((before - after.marginal(torch.as_tensor(probes))[1]).mean() / gp.kernel.variance))
    assert np.exp(at(acquisition)) == pytest.approx(taken, rel=1e-3)


def test_score_of_samples_is_the_desirability_above_its_smooth_foot() -> None:
    wanted = [
        Objective.model_validate({"property": "a", "goal": "maximize", "desirability": {"low": 0, "high": 2}}),
        Objective.model_validate({"property": "b", "goal": "minimize", "desirability": {"low": 0, "high": 4}}),
        Objective.model_validate({"property": "c", "goal": "value", "value": 1, "desirability": {"low": 0, "high": 4}}),
    ]
    values = torch.tensor([[1.0, 1.0, 0.5], [5.0, 3.0, 2.0], [1.0, 1.0, -1.0], [1.0, 1.0, -2.0]], dtype=torch.float64)
    found = score(wanted, values).tolist()
    assert found[:2] == [pytest.approx(merits(wanted, row)[0]) for row in values[:2].tolist()]
    assert 0.2 > found[2] > found[3] > 0  # no desirability at all, and still a way uphill


def test_four_objectives_by_hypervolume_five_by_random_scalarizations() -> None:
    both = [{"property": name, "goal": goal} for name in ("a", "b") for goal in ("maximize", "minimize")]
    four, five = goals(*both), goals(*both, {"property": "a", "goal": "value", "value": 35})
    assert (four.acquisition, five.acquisition) == ("qLogNEHVI", "qLogNParEGO")
    first, again = (at(build_acquisition(five, INPUTS, NOTHING, None, 3)) for _ in range(2))
    assert first.tolist() == again.tolist()
    other = at(build_acquisition(five, INPUTS, INPUTS[:1] + 0.03, None, 3))
    assert np.corrcoef(first, other)[0, 1] < 0.999  # another draw of weights for the next proposal
    assert set(reference(five)) == {"a", "b"}


def test_a_row_described_by_many_numbers_may_deviate_by_a_value_of_its_own() -> None:
    wanted = goals({"property": "a", "goal": "maximize"})
    process, own = wanted.first_model.gp, 0.3
    best = torch.as_tensor(INPUTS[:1])
    found = at(LogImprovement(process, 1.0, best, torch.as_tensor(NOTHING), 5, own))
    anchor = process.distribution(best)
    mean, variance, shared = process.shared(torch.as_tensor(ROWS), best)
    slope = shared[:, 0] / anchor.covariance_matrix[0, 0]
    drawn = torch.linspace(-6, 6, 4001, dtype=torch.float64)[:, None]  # the best's standardized value
    weight = torch.exp(-drawn.square() / 2) / torch.exp(-drawn.square() / 2).sum()
    deviation = (variance - slope * shared[:, 0] + own).sqrt()
    step = anchor.covariance_matrix[0, 0].sqrt() * drawn
    gain = (mean + slope * step - anchor.mean[0] - step) / deviation
    normal = torch.distributions.Normal(0.0, 1.0)
    expected = (weight * deviation * (gain * normal.cdf(gain) + normal.log_prob(gain).exp())).sum(0)
    assert np.exp(found) == pytest.approx(expected.detach().numpy(), rel=0.02)
    assert wanted.own == 0
    described = Goals(**{**vars_of(wanted), "described": True})
    assert described.own == pytest.approx(float(process.noise[0]))
