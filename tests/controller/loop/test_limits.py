"""A candidate against an instrument's description, and one description against another."""

import math
from typing import Any

import pytest

from adapters.instruments.messages import Capability, Channel, Description, ParameterLimits, Quantity
from controller.loop.limits import is_wider, outside_limits, parameters_for

TEMPERATURE = ParameterLimits(unit="K", low=300, high=400)
COOK = Capability(parameters={"temperature": TEMPERATURE, "solvent": ParameterLimits(choices=["water", "ethanol"])})
CANDIDATE = {"values": {"temperature": 50.0, "solvent": "water", "time": 3.0}, "units": {"temperature": "degC"}}


def test_values_travel_in_the_units_of_the_description() -> None:
    parameters, problems = parameters_for(CANDIDATE, None, COOK)
    assert problems == []
    assert list(parameters) == ["temperature", "solvent"]
    assert (parameters["temperature"].value, parameters["temperature"].unit) == (pytest.approx(323.15), "K")
    assert parameters["solvent"] == Quantity(value="water")


def test_a_value_in_its_own_unit_is_not_touched() -> None:
    candidate = {"values": {"temperature": 323, "solvent": "water"}, "units": {"temperature": "K"}}
    parameters, _ = parameters_for(candidate, None, COOK)
    assert parameters["temperature"].value == 323
    assert isinstance(parameters["temperature"].value, int)


def test_without_a_unit_a_value_is_dimensionless() -> None:
    plain = Capability(parameters={"ratio": ParameterLimits(low=0, high=1)})
    assert parameters_for({"values": {"ratio": 0.5}}, None, plain) == ({"ratio": Quantity(value=0.5)}, [])
    percent = Capability(parameters={"ratio": ParameterLimits(unit="percent")})
    parameters, _ = parameters_for({"values": {"ratio": 0.5}}, None, percent)
    assert (parameters["ratio"].value, parameters["ratio"].unit) == (pytest.approx(50.0), "percent")
    parameters, _ = parameters_for({"values": {"ratio": 50}, "units": {"ratio": "percent"}}, None, plain)
    assert (parameters["ratio"].value, parameters["ratio"].unit) == (pytest.approx(0.5), None)


def test_labels_and_switches_have_no_unit() -> None:
    capability = Capability(parameters={"stir": ParameterLimits(unit="K"), "name": ParameterLimits(unit="K")})
    parameters, problems = parameters_for({"values": {"stir": True, "name": "x"}}, None, capability)
    assert (parameters, problems) == ({"stir": Quantity(value=True), "name": Quantity(value="x")}, [])


def test_what_the_description_lacks_is_left_out_unless_the_step_names_it() -> None:
    parameters, problems = parameters_for(CANDIDATE, ["temperature", "solvent", "time"], COOK)
    assert problems == ["the instrument or the candidate has no parameter 'time'"]
    assert set(parameters) == {"temperature", "solvent"}
    _, problems = parameters_for({"values": {"temperature": 50.0}}, ["temperature", "solvent"], COOK)
    assert any("no parameter 'solvent'" in problem for problem in problems)


def test_what_the_instrument_needs_must_be_given() -> None:
    _, problems = parameters_for({"values": {"solvent": "water"}}, None, COOK)
    assert problems == ["parameter 'temperature' is missing"]
    parameters, problems = parameters_for(CANDIDATE, ["temperature"], COOK)
    assert problems == ["parameter 'solvent' is missing"]
    assert set(parameters) == {"temperature"}
    assert parameters_for({}, None, COOK)[1] == [
        "parameter 'temperature' is missing",
        "parameter 'solvent' is missing",
    ]


def test_a_unit_of_another_dimension_is_a_problem_and_the_rest_is_still_read() -> None:
    candidate = {"values": {"temperature": 50.0, "solvent": "water"}, "units": {"temperature": "m"}}
    parameters, problems = parameters_for(candidate, None, COOK)
    assert [problem.split(":")[0] for problem in problems] == ["parameter 'temperature'"]
    assert set(parameters) == {"solvent"}


@pytest.mark.parametrize(
    ("value", "said"), [(math.nan, "nan"), (math.inf, "inf"), ("x" * 1001, repr("x" * 1001)), ([1], "[1]")]
)
def test_what_no_message_can_carry_is_a_problem(value: Any, said: str) -> None:
    plain = Capability(parameters={"ratio": ParameterLimits()})
    assert parameters_for({"values": {"ratio": value}}, None, plain) == (
        {},
        [f"parameter 'ratio': {said} is no value that can be sent"],
    )


@pytest.mark.parametrize(
    ("value", "limits", "expected"),
    [
        (26.85, {"low": 300}, 300),
        (26.85, {"high": 300}, 300),
        (26.85 + 1e-10, {"low": 299, "high": 300}, 300),
        (26.85 - 1e-6, {"low": 300}, 299.999999),
        (26.85, {"low": 200, "high": 400}, 300),
    ],
)
def test_a_conversion_that_ends_on_a_limit_ends_exactly_there(
    value: float, limits: dict[str, float], expected: float
) -> None:
    capability = Capability(parameters={"temperature": ParameterLimits(unit="K", **limits)})
    candidate = {"values": {"temperature": value}, "units": {"temperature": "degC"}}
    parameters, _ = parameters_for(candidate, None, capability)
    on_a_limit = expected in limits.values()
    assert parameters["temperature"].value == (expected if on_a_limit else pytest.approx(expected, rel=1e-12))
    assert (outside_limits(parameters, capability) == []) == (expected != 299.999999)


def outside(value: Any, **limits: Any) -> list[str]:
    capability = Capability(parameters={"x": ParameterLimits(**limits)})
    return outside_limits({"x": Quantity(value=value)}, capability)


@pytest.mark.parametrize("value", [300, 350.5, 400])
def test_limits_include_their_ends(value: float) -> None:
    assert outside(value, low=300, high=400, unit="K") == []


@pytest.mark.parametrize("value", [299, 401, 299.999, 300 * (1 - 1e-12), 400 * (1 + 1e-12)])
def test_what_lies_outside_is_said_with_the_limits(value: float) -> None:
    assert outside(value, low=300, high=400, unit="K") == [
        f"x = {value:g} is {'below 300' if value < 300 else 'above 400'} K"
    ]


def test_a_limit_on_one_side_leaves_the_other_open() -> None:
    assert outside(-1e9, high=1) == []
    assert outside(2, high=1) == ["x = 2 is above 1"]
    assert outside(1e9, low=1) == []
    assert outside(0.5, low=1) == ["x = 0.5 is below 1"]
    assert outside(1e99, unit="K") == []


def test_a_label_is_one_of_the_choices() -> None:
    assert outside("water", choices=["water"]) == []
    assert outside("acid", choices=["water", "ethanol"]) == ["x = 'acid' is not one of ['water', 'ethanol']"]
    assert outside("anything") == []
    assert outside(True) == []
    assert outside("hot", low=1) == ["x = 'hot' is not a number"]
    assert outside(True, high=1) == ["x = True is not a number"]


def test_all_problems_are_said() -> None:
    quantities = {"temperature": Quantity(value=1.0), "solvent": Quantity(value="acid")}
    assert len(outside_limits(quantities, COOK)) == 2


def described(concurrency: int = 1, *, channels: Any = None, **parameters: ParameterLimits) -> Description:
    capability = Capability(parameters=parameters, channels=channels or {})
    return Description(model="x", software="1", concurrency=concurrency, capabilities={"cook": capability})


CHANNELS = {"y": Channel(property="yield", unit="percent")}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"low": 1, "high": 2}, {"low": 0.9, "high": 2}),
        ({"low": 1, "high": 2}, {"low": 1, "high": 2.1}),
        ({"low": 1, "high": 2}, {"high": 2}),
        ({"low": 1, "high": 2}, {"low": 1}),
        ({"low": 1, "unit": "K"}, {"low": 1, "unit": "degC"}),
        ({"choices": ["a"]}, {"choices": ["a", "b"]}),
        ({"choices": ["a"]}, {}),
        ({"choices": [1]}, {"choices": [True]}),
    ],
)
def test_a_wider_description_is_seen(before: dict[str, Any], after: dict[str, Any]) -> None:
    old, new = described(x=ParameterLimits(**before)), described(x=ParameterLimits(**after))
    assert is_wider(old, new)
    assert not is_wider(old, old)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"low": 1, "high": 2}, {"low": 1.1, "high": 1.9}),
        ({}, {"low": 1, "high": 2}),
        ({"choices": ["a", "b"]}, {"choices": ["b"]}),
        ({}, {"choices": ["b"]}),
    ],
)
def test_a_narrower_description_is_not_wider(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert not is_wider(described(x=ParameterLimits(**before)), described(x=ParameterLimits(**after)))


def test_more_at_once_or_other_work_is_wider() -> None:
    assert is_wider(described(1), described(2))
    assert not is_wider(described(2), described(1))
    assert is_wider(described(), described(x=TEMPERATURE))
    assert is_wider(described(x=TEMPERATURE), described())
    assert is_wider(described(), described(channels=CHANNELS))
    more = described().model_copy(update={"capabilities": {"cook": Capability(), "cool": Capability()}})
    assert is_wider(described(), more)
    assert not is_wider(more, described())
    two = described(a=TEMPERATURE, b=TEMPERATURE)
    assert is_wider(two, described(a=TEMPERATURE, b=ParameterLimits(unit="K", low=300)))
