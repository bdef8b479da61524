"""What BayBE and Ax have saved becomes a campaign file; what cannot be taken over is told."""

import json
from typing import Any

import pytest

from controller import spec
from controller.spec.draft import written
from controller.spec.foreign import Foreign, read_foreign

BAYBE: dict[str, Any] = {
    "type": "Campaign",
    "searchspace": {
        "discrete": {
            "parameters": [
                {"type": "NumericalDiscreteParameter", "name": "Temp [K]", "values": [300.0, 320.0], "tolerance": 0.0},
                {"type": "NumericalDiscreteParameter", "name": "n-1", "values": [1.0, 2.0, 3.0]},
                {
                    "type": "CategoricalParameter",
                    "name": "base",
                    "values": ["a", "b", "c"],
                    "active_values": ["a", "c"],
                },
                {"type": "SubstanceParameter", "name": "solvent", "data": {"water": "O", "ethanol": "CCO"}},
                {"type": "CustomDiscreteParameter", "name": "ligand", "data": "pickled"},
            ],
            "constraints": [
                {
                    "type": "DiscreteSumConstraint",
                    "parameters": ["Temp [K]", "n-1"],
                    "condition": {"type": "ThresholdCondition", "threshold": 321, "operator": "<="},
                },
                {"type": "DiscreteExcludeConstraint", "parameters": ["base"]},
            ],
        },
        "continuous": {
            "parameters": [
                {"name": "x", "bounds": {"lower": 0.0, "upper": 1.5}},
                {"name": "y", "bounds": {"lower": -1.0, "upper": 1.0}},
            ],
            "constraints_lin_ineq": [
                {"parameters": ["x", "y"], "operator": ">=", "coefficients": [-2.0, 1.0], "rhs": -2.5}
            ],
            "constraints_lin_eq": [{"parameters": ["x", "y"], "operator": "=", "coefficients": [1.0, 1.0], "rhs": 1}],
        },
    },
    "objective": {
        "type": "ParetoObjective",
        "targets": [
            {"name": "Yield [%]", "minimize": False, "transformation": {"type": "IdentityTransformation"}},
            {"name": "cost", "minimize": True},
            {"name": "old", "mode": "MIN"},
            {"name": "width", "mode": "MATCH", "bounds": {"lower": 1, "upper": 2}},
        ],
    },
    "measurements_exp": "gASV",
}
AX: dict[str, Any] = {
    "experiment": {
        "search_space": {
            "parameters": [
                _range := {
                    "__type": "RangeParameter",
                    "name": "t.max",
                    "parameter_type": {"name": "FLOAT"},
                    "lower": 30.0,
                    "upper": 120.0,
                    "log_scale": True,
                },
                {**_range, "name": "k", "parameter_type": {"name": "INT"}, "lower": 1, "upper": 4, "log_scale": False},
                {
                    "__type": "ChoiceParameter",
                    "name": "grade",
                    "parameter_type": {"name": "INT"},
                    "values": [1, 5],
                    "is_ordered": True,
                },
                {
                    "__type": "ChoiceParameter",
                    "name": "solvent",
                    "parameter_type": {"name": "STRING"},
                    "values": ["a", "b"],
                    "is_ordered": True,
                },
                {"__type": "FixedParameter", "name": "fixed", "parameter_type": {"name": "FLOAT"}, "value": 1.0},
            ],
            "parameter_constraints": [
                {"inequality": "1.0 * t.max + 10.0 * k <= 100.0"},
                {"constraint_dict": {"k": -1.0, "t.max": 2.0}, "bound": 9.0},
            ],
        },
        "optimization_config": {
            "objective": {"expression": "conversion, -waste"},
            "outcome_constraints": [
                {"metric": {"name": "cost"}, "op": {"name": "LEQ"}, "bound": 5.0, "relative": False},
                {"metric": {"name": "time"}, "op": {"name": "GEQ"}, "bound": 5.0, "relative": True},
            ],
        },
        "trials": {"0": {}},
    }
}


def taken(program: str, document: Any) -> tuple[Foreign, Any]:
    """What is read, and the campaign of the file that is written of it."""
    found = read_foreign(program, json.dumps(document).encode())
    parameters = [f"    {name}: {declared}" for name, declared in found.parameters.items()]
    text = written("mine", parameters, found.goals, constraints=found.constraints, limits=found.limits)
    return found, spec.load(text)


def test_a_campaign_of_baybe_is_taken_over() -> None:
    found, campaign = taken("baybe", BAYBE)
    assert {name: each.model_dump(exclude_defaults=True) for name, each in campaign.space.parameters.items()} == {
        "Temp": {"type": "discrete", "values": [300, 320], "unit": "K"},
        "n_1": {"type": "discrete", "values": [1, 2, 3]},
        "base": {"type": "categorical", "choices": ["a", "c"]},
        "solvent": {"type": "categorical", "choices": ["water", "ethanol"]},
        "x": {"type": "continuous", "low": 0, "high": 1.5},
        "y": {"type": "continuous", "low": -1, "high": 1},
    }
    assert campaign.space.constraints == ["1 * x + 1 * y == 1", "- 2 * x + 1 * y >= -2.5", "1 * Temp + 1 * n_1 <= 321"]
    goals = [(each.property, each.goal, each.unit) for each in campaign.objectives]
    assert goals[:2] == [("Yield", "maximize", "percent"), ("cost", "minimize", "dimensionless")]
    assert [goal for _, goal, _ in goals[2:]] == ["minimize", "maximize"]
    said = " | ".join(found.notes)
    for what in ("'ligand'", "DiscreteExcludeConstraint", "'width' is transformed", "measurements"):
        assert what in said


def test_a_configuration_of_baybe_is_taken_over_too() -> None:
    parameters = [{"type": "CategoricalParameter", "name": "grain", "values": ["coarse", "fine"]}]
    document = {
        "searchspace": {"constructor": "from_product", "parameters": parameters, "constraints": []},
        "objective": {"type": "SingleTargetObjective", "target": {"name": "Yield", "mode": "MAX"}},
    }
    found, campaign = taken("baybe", document)
    assert (list(campaign.space.parameters), found.notes) == (["grain"], [])


def test_an_experiment_of_ax_is_taken_over() -> None:
    found, campaign = taken("ax", AX)
    assert {name: each.model_dump(exclude_defaults=True) for name, each in campaign.space.parameters.items()} == {
        "t_max": {"type": "continuous", "low": 30, "high": 120},
        "k": {"type": "integer", "low": 1, "high": 4},
        "grade": {"type": "discrete", "values": [1, 5]},
        "solvent": {"type": "categorical", "choices": ["a", "b"]},
    }
    assert campaign.space.constraints == ["1.0 * t_max + 10.0 * k <= 100.0", "- 1 * k + 2 * t_max <= 9"]
    assert [(each.property, each.goal) for each in campaign.objectives] == [
        ("conversion", "maximize"),
        ("waste", "minimize"),
    ]
    [limit] = campaign.constraints
    assert (limit.property, limit.comparison, limit.value) == ("cost", "<=", 5)
    assert campaign.stages[0].yields == ["conversion", "waste", "cost"]
    said = " | ".join(found.notes)
    for what in ("'fixed'", "logarithmic scale of parameter 't.max'", "constraint on time", "trials"):
        assert what in said


def test_earlier_versions_of_ax_name_metrics() -> None:
    one = {"metric": {"name": "loss"}, "minimize": True}
    for objective in (one, {"objectives": [one]}):
        experiment = {**AX["experiment"], "optimization_config": {"objective": objective}}
        assert [(each.property, each.goal) for each in taken("ax", experiment)[1].objectives] == [("loss", "minimize")]


@pytest.mark.parametrize("program", ["baybe", "ax"])
@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b"{}", b'{"searchspace": {}, "search_space": []}', b"null"])
def test_what_is_no_such_file_is_refused(program: str, content: bytes) -> None:
    with pytest.raises(spec.TableError, match=f"nothing that {program} has saved"):
        read_foreign(program, content)


def test_a_formula_of_metrics_is_refused() -> None:
    experiment = {**AX["experiment"], "optimization_config": {"objective": {"expression": "a + 2 * b"}}}
    with pytest.raises(spec.TableError, match="a formula of several metrics"):
        read_foreign("ax", json.dumps(experiment).encode())
