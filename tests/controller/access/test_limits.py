"""The limits of the site hold in any unit, and hazards are found by substance and by condition."""

from pathlib import Path
from typing import Any

import pytest

from controller.access.limits import load_limits
from controller.loop.site_limits import Limits

LIMITS = """
parameters:
  temperature: {high: 373.15, unit: K}
hazards:
  - {parameter: solvent, equals: DMF, class: 2}
  - {parameter: temperature, above: 80, unit: degC, class: 1}
two_people_from: 2
"""


def candidate(**values: Any) -> dict[str, Any]:
    return {"kind": "conditions", "values": values, "units": {"temperature": "degC"}}


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "{}"])
def test_a_file_that_says_nothing_limits_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / "limits.yaml").write_text(text)
    assert load_limits(tmp_path / "limits.yaml") == Limits()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("parameters: &a {x: &b [*a, *a], y: [*b, *b]}", "anchors"),
        ("parameters: " + '{"a":' * 3000, "nested"),
        ("parameters: !!python/object {}", "tags are not allowed"),
        ("two_people_from: 2\ntwo_people_from: 9", "twice"),
        ("- 1", "should be a mapping"),
    ],
)
def test_what_expands_or_is_told_twice_is_refused(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "limits.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=rf"limits.yaml: .*{words}"):
        load_limits(path)


@pytest.fixture
def limits(tmp_path: Path) -> Limits:
    path = tmp_path / "limits.yaml"
    path.write_text(LIMITS)
    return load_limits(path)


def test_ranges_hold_in_any_unit(limits: Limits) -> None:
    assert limits.violations(candidate(temperature=100)) == []
    (problem,) = limits.violations(candidate(temperature=100.1))
    assert "temperature" in problem


@pytest.mark.parametrize(
    ("values", "expected"),
    [({"temperature": 80}, 0), ({"temperature": 80.1}, 1), ({"temperature": 90, "solvent": "DMF"}, 2), ({}, 0)],
)
def test_the_highest_hazard_counts(limits: Limits, values: dict[str, Any], expected: int) -> None:
    assert limits.hazard_class(candidate(**values)) == expected


def test_what_cannot_be_compared_is_taken_for_hazardous(limits: Limits) -> None:
    assert limits.hazard_class(candidate(temperature="boiling")) == 1
    assert limits.violations(candidate(temperature="boiling")) != []
    molecule = {"kind": "molecule", "smiles": "CCO"}
    assert limits.hazard_class(molecule) == 9
    assert limits.violations(molecule) != []
    assert Limits().hazard_class(molecule) == 0


def test_no_file_no_limits(tmp_path: Path) -> None:
    assert load_limits(tmp_path / "limits.yaml") == Limits()


@pytest.mark.parametrize("text", ["parameters: [", "hazards: [{parameter: x, class: 12}]", "unknown: 1"])
def test_a_bad_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "limits.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"limits\.yaml"):
        load_limits(path)
