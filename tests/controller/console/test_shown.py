"""Numbers, units and spans of time in words."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import controller.console
from controller.console.candidates import BRIEF, brief
from controller.console.shown import named, number, quantity, span, with_error


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "-"),
        (3, "3"),
        ("DMF", "DMF"),
        (0.1 + 0.2, "0.3"),
        (12.345678, "12.346"),
        (425_518.7, "425\u202f519"),
        (-1.5e12, "-1.5e+12"),
        (1e-7, "1e-07"),
        (float("inf"), "inf"),
    ],
)
def test_numbers(value: Any, said: str) -> None:
    assert number(value) == said


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        ("dimensionless", "2"),
        (None, "2"),
        ("degC", "2 °C"),
        ("kg/m**3/h", "2 kg/m³/h"),
        ("mol*L**-1", "2 mol·L⁻¹"),
        ("percent", "2 %"),
    ],
)
def test_units(unit: str | None, said: str) -> None:
    assert quantity(2, unit) == said


def test_a_value_with_its_error() -> None:
    assert with_error(12.3456, 0.234, "percent") == "12.346 ± 0.23 %"
    assert with_error(12.3456, None) == "12.346"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (119 * 60, "119 min"),
        (3 * 3600, "3 h"),
        (60 * 3600, "2 d"),
        (-90, "-2 min"),
    ],
)
def test_spans(seconds: float, said: str) -> None:
    assert span(timedelta(seconds=seconds)) == said


def test_a_name_with_its_unit() -> None:
    assert named("space_time_yield", "kg/m**3/h") == "space time yield (kg/m³/h)"
    assert named("e_factor", "dimensionless") == "e factor"


def test_a_candidate_in_one_line() -> None:
    units = {"temperature": "degC"}
    assert brief({"label": "A7", "values": {"temperature": 61.0, "steps": 2}, "units": units}) == (
        "A7, temperature 61 °C, steps 2"
    )
    assert brief({"smiles": "C" * 500}) == "C" * BRIEF + "…"


@pytest.mark.parametrize("part", ['role="heading"', 'replace("_", " ")'])
def test_small_parts_are_made_in_one_place(part: str) -> None:
    folder = Path(controller.console.__file__).parent
    assert [path.name for path in folder.rglob("*.py") if part in path.read_text(encoding="utf-8")] == ["shown.py"]
