"""What the site allows, and what it takes for hazardous; where nobody can tell, the answer is the careful one."""

import math
from typing import Any

import pytest
from pydantic import ValidationError

from controller.loop.site_limits import Limits

MOLECULE = {"kind": "molecule", "smiles": "CCO"}


def candidate(**values: Any) -> dict[str, Any]:
    return {"kind": "conditions", "values": values, "units": {"temperature": "degC"}}


def ranges(**allowed: dict[str, Any]) -> Limits:
    return Limits.model_validate({"parameters": allowed})


def hazards(*conditions: dict[str, Any], **fields: Any) -> Limits:
    return Limits.model_validate({"hazards": [{"class": 2, **each} for each in conditions], **fields})


@pytest.mark.parametrize(
    ("allowed", "inside", "outside"),
    [
        ({"low": 1, "high": 2}, (1, 1.5, 2), (0.999, 2.001)),
        ({"low": 1}, (1, 1e9), (0.999, -1e9)),
        ({"high": 2}, (2, -1e9), (2.001, 1e9)),
        ({}, (-1e9, 1e9), ()),
    ],
)
def test_a_range_includes_its_ends_and_an_end_may_be_open(
    allowed: dict[str, float], inside: tuple[float, ...], outside: tuple[float, ...]
) -> None:
    limits = ranges(ratio=allowed)
    assert [limits.violations(candidate(ratio=value)) for value in inside] == [[]] * len(inside)
    assert all(limits.violations(candidate(ratio=value)) for value in outside)


def test_what_lies_outside_is_said_with_the_range_in_its_unit() -> None:
    limits = ranges(temperature={"low": 273.15, "high": 373.15, "unit": "K"}, ratio={"low": 0})
    assert limits.violations(candidate(temperature=126.85, ratio=-0.5)) == [
        "site limits: temperature = 400 K is above 373.15",
        "site limits: ratio = -0.5 dimensionless is below 0",
    ]


def test_a_unit_of_something_else_is_a_violation_and_a_hazard() -> None:
    (problem,) = ranges(temperature={"high": 5, "unit": "bar"}).violations(candidate(temperature=1))
    assert problem.startswith("site limits: temperature: ")
    assert hazards({"parameter": "temperature", "above": 5, "unit": "bar"}).hazard_class(candidate(temperature=1)) == 2


def test_a_range_says_nothing_about_a_candidate_without_that_parameter() -> None:
    assert ranges(pressure={"low": 1}).violations(candidate(temperature=1)) == []


def test_ranges_cannot_judge_a_candidate_without_values_and_say_so() -> None:
    assert ranges(ratio={"low": 1}).violations(MOLECULE) == [
        "site limits: they say nothing about candidates of kind molecule"
    ]
    assert hazards({"parameter": "ratio"}).violations(MOLECULE) == [], "there is no range to keep"
    assert Limits().violations(MOLECULE) == []


@pytest.mark.parametrize(
    ("condition", "values", "applies"),
    [
        ({"parameter": "solvent"}, {"solvent": "water"}, True),
        ({"parameter": "solvent"}, {"ratio": 1}, False),
        ({"parameter": "solvent", "equals": "DMF"}, {"solvent": "DMF"}, True),
        ({"parameter": "solvent", "equals": "DMF"}, {"solvent": "water"}, False),
        ({"parameter": "ratio", "above": 2}, {"ratio": 2}, False),
        ({"parameter": "ratio", "above": 2}, {"ratio": 2.001}, True),
        ({"parameter": "ratio", "above": 2}, {"ratio": "much"}, True),
        ({"parameter": "ratio", "above": 2}, {"ratio": "nan"}, True),
    ],
)
def test_a_hazard_is_there_equal_above_or_beyond_comparison(
    condition: dict[str, Any], values: dict[str, Any], applies: bool
) -> None:
    assert hazards(condition).hazard_class(candidate(**values)) == (2 if applies else 0)


def test_a_hazard_cannot_be_ruled_out_in_a_candidate_without_values() -> None:
    assert hazards({"parameter": "ratio", "class": 1}).hazard_class(MOLECULE) == 9
    assert ranges(ratio={"low": 1}).hazard_class(MOLECULE) == 0, "there is no hazard to look for"


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_limit_is_a_number_that_something_can_be_above_or_below(number: float) -> None:
    with pytest.raises(ValidationError):
        ranges(ratio={"low": number})
    with pytest.raises(ValidationError):
        hazards({"parameter": "ratio", "above": number})


def test_classes_go_from_1_to_9_and_from_10_on_means_that_two_people_are_never_needed() -> None:
    for number in (1, 9):
        assert hazards({"parameter": "x", "class": number}).hazard_class(candidate(x=1)) == number
    for number in (0, 10):
        with pytest.raises(ValidationError):
            hazards({"parameter": "x", "class": number})
    for number in (1, 10):
        assert hazards(two_people_from=number).two_people_from == number
    for number in (0, 11):
        with pytest.raises(ValidationError):
            hazards(two_people_from=number)


def test_two_people_are_needed_from_class_2_unless_the_site_says_otherwise() -> None:
    assert Limits().two_people_from == 2


def test_limits_that_were_read_stay_as_they_are() -> None:
    limits = ranges(ratio={"high": 1})
    with pytest.raises(ValidationError):
        limits.two_people_from = 10  # type: ignore[misc]
    with pytest.raises(ValidationError):
        limits.parameters["ratio"].high = 99  # type: ignore[misc]
