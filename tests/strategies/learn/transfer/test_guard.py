"""The guard: every value is predicted before it counts, and a source that predicts worse than none is dropped."""

import math

import numpy as np
import pytest
import torch

from strategies.learn.data import PropertyData
from strategies.learn.kernel import Group
from strategies.learn.transfer.guard import JUDGED_FROM, SURPRISE, by_itself, log_scores, verdicts, weights_of
from strategies.learn.transfer.models import fit_with_sources
from strategies.learn.transfer.registry import load_method, transfer_methods
from strategies.learn.transfer.sample import Sample
from strategies.learn.transfer.sources import SourceData

GROUPS = (Group("a", 0, 1), Group("b", 1, 1))


def function(inputs: np.ndarray) -> np.ndarray:
    return np.sin(5 * inputs[:, 0]) + np.cos(4 * inputs[:, 1])


def sample(count: int, seed: int, change: float = 1.0) -> Sample:
    inputs = np.random.default_rng(seed).random((count, 2))
    return Sample(inputs, change * function(inputs))


def data(given: Sample, shift: float = 0.0) -> PropertyData:
    return PropertyData("y", given.inputs, given.targets + shift, None, [], [])


def source(given: Sample, name: str = "old", shift: float = 0.0) -> SourceData:
    return SourceData(name, data(given, shift), len(given), 0)


def shuffled(given: Sample) -> Sample:
    return Sample(given.inputs, np.random.default_rng(9).permutation(given.targets))


def test_scores_do_not_look_ahead() -> None:
    own = sample(12, 1)
    other = Sample(own.inputs, np.append(own.targets[:9], [50.0, -50.0, 7.0]))
    first, second = (log_scores(by_itself(GROUPS), each) for each in (own, other))
    assert len(first) == 11
    assert first[:8] == pytest.approx(second[:8])
    assert first[8] != pytest.approx(second[8])


@torch.no_grad()
def test_a_score_is_the_log_density_of_the_value_under_what_came_before() -> None:
    own = sample(6, 1)
    for place in (1, 2, 4):  # where hyperparameters are fitted anew
        learned = by_itself(GROUPS)(own.first(place), None)
        mean, variance = learned.process.marginal(torch.as_tensor(own.inputs[place : place + 1]))
        spread = float(variance) + learned.noise
        density = -0.5 * (own.targets[place] - float(mean)) ** 2 / spread - 0.5 * math.log(2 * math.pi * spread)
        assert log_scores(by_itself(GROUPS), own)[place - 1] == pytest.approx(density, abs=1e-5)


def test_good_sources_are_used_and_misleading_ones_dropped() -> None:
    earlier = sample(60, 2)
    negated = Sample(earlier.inputs, -earlier.targets)
    good, bad, random = verdicts(GROUPS, load_method("multitask"), sample(8, 1), [earlier, negated, shuffled(earlier)])
    assert (good.decision, bad.decision, random.decision) == ("used", "dropped", "dropped")
    assert good.weight > 0.9
    assert bad.weight == random.weight == 0.0
    assert good.score is not None
    assert good.own_score is not None
    assert good.score > good.own_score


def test_a_source_is_trusted_until_it_can_be_judged() -> None:
    earlier = sample(30, 2)
    few, more = (
        verdicts(GROUPS, load_method("multitask"), sample(count, 1), [Sample(earlier.inputs, -earlier.targets)])[0]
        for count in (JUDGED_FROM - 1, JUDGED_FROM)
    )
    assert (few.decision, few.weight, few.gain) == ("trusted", 1.0, None)
    assert more.decision == "dropped"


def test_weights_follow_the_gains() -> None:
    assert weights_of([0.0]) == [0.5]
    assert weights_of([-0.1, 0.0]) == [0.0, pytest.approx(1 / 3)]
    assert weights_of([math.log(3.0)]) == [pytest.approx(0.75)]
    assert weights_of([2000.0, -2000.0]) == [pytest.approx(1.0), 0.0]


def test_one_surprise_is_limited() -> None:
    own, earlier = sample(9, 1), sample(40, 2)
    spoiled = Sample(own.inputs, np.append(own.targets[:8], 1e4))
    gains = [verdicts(GROUPS, load_method("multitask"), each, [earlier])[0].gain for each in (own, spoiled)]
    assert None not in gains
    assert abs(float(gains[0] or 0) - float(gains[1] or 0)) <= 2 * SURPRISE


def test_the_model_is_in_the_own_unit_and_says_what_was_decided() -> None:
    own, earlier = sample(6, 1), sample(60, 2)
    found = fit_with_sources(data(own, 500.0), [source(earlier, shift=-3.0)], GROUPS, "multitask")
    new = np.random.default_rng(5).random((20, 2))
    mean, deviation = found.model.predict(new)
    assert np.abs(mean - function(new) - 500.0).max() < 0.3
    assert deviation.max() < 0.5
    (told,) = found.decisions
    assert told["source"] == "old"
    assert (told["decision"], told["judged_by"], told["learned_from"]) == ("used", 6, 60)


def test_a_dropped_source_leaves_no_trace() -> None:
    own = data(sample(10, 1))
    earlier = sample(60, 2)
    alone = fit_with_sources(own, [], GROUPS, "multitask").model
    found = fit_with_sources(own, [source(Sample(earlier.inputs, -earlier.targets))], GROUPS, "multitask")
    assert found.decisions[0]["decision"] == "dropped"
    new = np.random.default_rng(5).random((20, 2))
    for one, other in zip(alone.predict(new), found.model.predict(new), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("count", [0, 1, 4])
def test_a_handful_of_own_values_will_do(count: int) -> None:
    found = fit_with_sources(data(sample(count, 1)), [source(sample(60, 2))], GROUPS, "multitask")
    new = np.random.default_rng(5).random((20, 2))
    assert np.corrcoef(found.model.predict(new)[0], function(new))[0, 1] > 0.95


def test_without_any_value_there_is_nothing_to_learn() -> None:
    with pytest.raises(ValueError, match="no measured value of y"):
        fit_with_sources(data(sample(0, 1)), [source(sample(0, 2))], GROUPS, "multitask")


def test_methods_are_known_by_name() -> None:
    assert transfer_methods() == ["multitask"]
    with pytest.raises(ValueError, match="unknown method of transfer 'magic'; known: multitask"):
        load_method("magic")
