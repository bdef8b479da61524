from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from adapters.instruments import Work
from adapters.instruments.emulators import analyser, kinetics
from adapters.instruments.messages import Request
from controller.cli.demos.description import Settings, campaign_text
from controller.cli.demos.reactor import REACTOR
from controller.cli.demos.reactor.comparison import compare
from controller.cli.demos.reactor.truth import (
    PARAMETERS,
    PROPERTIES,
    dense_truth,
    judged,
    measured_values,
    true_values,
)
from controller.spec import load

REPOSITORY = Path(__file__).parents[3]
AS_SHIPPED = Settings(REACTOR, Path("runs"), experiments=40)
CANDIDATE = {
    "kind": "conditions",
    "values": {"residence_time": 1.0, "equivalents": 2.5, "concentration": 0.3, "temperature": 80.0},
    "units": {"residence_time": "min", "concentration": "mol/L", "temperature": "degC"},
}


async def _go_on() -> None:
    return None


def test_the_example_campaign_is_the_demos() -> None:
    text = (REPOSITORY / "deploy/campaigns/reactor.yaml").read_text(encoding="utf-8")
    assert text == campaign_text(AS_SHIPPED)


def test_the_settings_stand_in_the_campaign() -> None:
    spec = load(campaign_text(replace(AS_SHIPPED, approve=True, experiments=7, seed=5, strategy="sobol")))
    assert (spec.budget.experiments, spec.seed, spec.strategy.name) == (7, 5, "sobol")
    assert spec.stages[0].approval.policy == "operator"
    assert load(campaign_text(AS_SHIPPED)).stages[0].approval.policy == "auto"


def test_the_demo_knows_its_campaign() -> None:
    spec = load(campaign_text(AS_SHIPPED))
    assert tuple(spec.space.parameters) == PARAMETERS
    assert tuple(each.property for each in spec.objectives) == PROPERTIES
    assert {name for step in spec.stages[0].steps for name in step.instruments} == set(
        REACTOR.setup(Path()).instruments
    )


def test_measurements_are_those_of_the_emulated_analyser() -> None:
    request = Request(
        attempt_id="a-1",
        digest="0" * 64,
        journal_id="j",
        campaign="c",
        step="analyse",
        capability="analyse",
        candidate=CANDIDATE,
        start_before=datetime(2030, 1, 1, tzinfo=UTC),
        timeout_s=10,
    )
    finished = analyser.analyse(Work(request, _go_on), seed=3, noise=0.02)
    said = {each.property: each.value for each in finished.measurements}
    ours = measured_values([CANDIDATE], noise=0.02, seed=3)[0]
    assert ours.tolist() == pytest.approx([said[name] for name in PROPERTIES], rel=1e-12)
    exact = kinetics.objectives(kinetics.Conditions.of(1.0, 2.5, 0.3, 80.0))
    assert true_values([CANDIDATE]) == pytest.approx(exact)


def test_luck_with_the_noise_earns_nothing() -> None:
    truth = np.array([[10.0, 5.0], [9.0, 6.0]])
    honest = judged(truth, truth, [0.0, 10.0])
    flattered = judged(np.array([[10.0, 5.0], [20.0, 1.0]]), truth, [0.0, 10.0])
    assert honest == 50.0
    assert flattered == 36.0  # only the worse point was chosen


def test_ten_thousand_points_are_far_above_random_search() -> None:
    spec = load(campaign_text(AS_SHIPPED))
    rows = dense_truth(200)
    comparison = compare(spec, rows, rows, noise=0.01, seed=1, experiments=10)
    assert len(comparison.random) == 20
    assert 0 < max(comparison.random) < comparison.dense
    assert comparison.share == pytest.approx(comparison.reached / comparison.dense)
    assert comparison.beats_random == (comparison.reached > max(comparison.random))
