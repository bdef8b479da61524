"""Good campaign files: what the model holds, its digest, its schema."""

import hashlib
from datetime import datetime, timedelta

import jsonschema
import pytest
from pydantic import ValidationError

from controller.spec import Campaign, json_schema, load, spec_digest
from controller.spec.source import read

_HARD = 'property: hardness, comparison: ">=", value: 1100, unit: MPa'


def test_reactor_campaign_holds_what_its_file_says(reactor: str) -> None:
    campaign = load(reactor)
    stage = campaign.stages[0]
    react, analyse = stage.steps
    assert (campaign.campaign, campaign.parallel, campaign.budget.experiments) == ("reactor", 3, 40)
    assert campaign.space.names() == ["residence_time", "equivalents", "concentration", "temperature"]
    assert [(each.property, each.goal, each.reference) for each in campaign.objectives] == [
        ("space_time_yield", "maximize", 0),
        ("e_factor", "minimize", 100),
    ]
    assert react.instruments == ["reactor-1", "reactor-2"]
    assert analyse.yields == stage.yields == ["space_time_yield", "e_factor"]
    assert stage.cost == 3
    assert stage.approval.policy == "auto"
    assert [(rule.name, rule.kind, rule.value) for rule in stage.approval.rules] == [("cheap", "cost", 10)]


def test_durations_are_seconds_and_defaults_follow_the_step(reactor: str) -> None:
    react = load(reactor).stages[0].steps[0]
    assert (react.timeout, react.start_within) == (300.0, 300.0)
    assert (react.on_unknown, react.breaker, react.parameters) == ("retry", 3, None)


def test_mixed_campaign_keeps_promotion_approval_and_limits(coating: str) -> None:
    campaign = load(coating)
    screening, testing = campaign.stages
    assert screening.promote is not None
    assert (screening.promote.rule, screening.promote.k, screening.promote.n) == ("best", 1, 4)
    assert [step.on_unknown for step in screening.steps] == ["ask", "retry"]
    assert (testing.approval.policy, testing.approval.deadline) == ("two-people", 86400.0)
    assert campaign.budget.wall_time == timedelta(days=14).total_seconds()
    assert (campaign.strategy.batch, campaign.strategy.deadline) == (4, 300.0)


def test_constraints_are_in_the_unit_of_their_objective(coating: str) -> None:
    text = coating.replace('property: thickness, comparison: "<=", value: 2, unit: um', _HARD)
    (constraint,) = load(text).constraints
    assert (constraint.value, constraint.unit) == (pytest.approx(1.1), "GPa")


def test_pool_campaign_gets_the_digest_of_its_file(solvents: str, beside: dict[str, bytes]) -> None:
    campaign = load(solvents, beside)
    assert campaign.space.pool is not None
    assert campaign.space.pool.sha256 == hashlib.sha256(beside["solvents.csv"]).hexdigest()
    assert campaign.windows[0].start == "08:00"
    assert campaign.budget.deadline == datetime.fromisoformat("2027-12-31T18:00:00+01:00")


def test_campaign_comes_back_from_its_json(example: str, beside: dict[str, bytes]) -> None:
    campaign = load(example, beside)
    again = Campaign.model_validate_json(campaign.model_dump_json())
    assert again == campaign
    assert spec_digest(again) == spec_digest(campaign)


def test_digest_tells_meaning_not_spelling(reactor: str) -> None:
    digest = spec_digest(load(reactor))
    assert spec_digest(load(reactor.replace("5 min", "300 s") + "\n# a remark\n")) == digest
    assert spec_digest(load(reactor.replace("seed: 1", "seed: 2"))) != digest


def test_campaign_never_changes(reactor: str) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load(reactor).seed = 2  # type: ignore[misc]


def test_schema_validates_the_examples_and_refuses_unknown_keys(example: str) -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    data = read(example).value
    assert not list(validator.iter_errors(data))
    data["stages"][0]["steps"][0]["timeot"] = 3
    assert list(validator.iter_errors(data))


def test_bytes_and_byte_order_mark_are_read(reactor: str) -> None:
    assert load(b"\xef\xbb\xbf" + reactor.encode()) == load("\ufeff" + reactor) == load(reactor)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90 s", 90), ("1.5 h", 5400), ("10min", 600), ("2 days", 172800), ("1 week", 604800), ("45", 45), ("0.5", 0.5)],
)
def test_durations(reactor: str, text: str, seconds: float) -> None:
    assert load(reactor.replace("timeout: 5 min", f"timeout: {text}")).stages[0].steps[0].timeout == seconds


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        (
            '{rule: target_reached, property: e_factor, comparison: "<=", value: 2}',
            {"best": {"e_factor": 3}},
            {"best": {"e_factor": 2}},
        ),
        (
            '{rule: target_reached, property: space_time_yield, comparison: ">=", value: 9}',
            {"best": {"space_time_yield": 8}},
            {"best": {"space_time_yield": 9}},
        ),
        ("{rule: no_improvement, experiments: 5}", {"without_improvement": 4}, {"without_improvement": 5}),
        ("{rule: hypervolume, value: 100}", {"hypervolume": 99.9}, {"hypervolume": 100.0}),
        (
            '{rule: target_reached, property: e_factor, comparison: "<=", value: 2, times: 2}',
            {"best": {"e_factor": 1}, "good": {"e_factor <= 2.0": ["a"]}},
            {"best": {"e_factor": 1}, "good": {"e_factor <= 2.0": ["a", "b"]}},
        ),
        (
            "{rule: hypervolume_stalled, experiments: 2, share: 0.1}",
            {"volumes": [5.0, 5.4, 5.51]},
            {"volumes": [5.0, 5.4, 5.5]},
        ),
    ],
)
def test_stopping_rules_say_when_they_are_reached(
    reactor: str, rule: str, before: dict[str, object], after: dict[str, object]
) -> None:
    (found,) = load(f"{reactor}\nstop:\n  - {rule}\n").stop
    assert found.reached({}) is None
    assert found.reached(before) is None
    assert found.reached(after)


@pytest.mark.parametrize("unit", ["degC", "1/s", "m**-1", "MPa*m**0.5", "kg*m/s**2", "mol / L", "J/mol/K"])
def test_units(reactor: str, unit: str) -> None:
    text = reactor.replace("goal: minimize, reference", f"goal: minimize, unit: {unit}, reference")
    assert load(text).objectives[1].unit == unit
