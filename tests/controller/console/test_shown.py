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


@pytest.mark.parametrize(
    ("mean", "deviation", "unit", "said"),
    [
        (5292.4, 490.0, "kg/m**3/h", "5290 ± 490 kg/m³/h"),
        (0.12345, 0.0031, None, "0.1235 ± 0.0031"),
        (12.3456, 0.234, "percent", "12.35 ± 0.23 %"),
        (12.3456, None, None, "12.346"),
        (12.3456, 0.0, None, "12.346"),
        (60.5, 0.996, "degC", "60.5 ± 1.0 °C"),
        (-0.2, 49.0, None, "0 ± 49"),
        (0.0, 2.0, None, "0.0 ± 2.0"),
        (3.0, 5200.0, None, "0 ± 5200"),
        (425_518.7, 1234.0, None, "425\u202f500 ± 1200"),
        (-1.5e12, 3.14e10, "g", "(-1.500 ± 0.031)·10¹² g"),
        (1.234e-7, 3.1e-9, "mol/L", "(1.234 ± 0.031)·10⁻⁷ mol/L"),
        (0.00512, 0.00021, None, "0.00512 ± 0.00021"),
        (2e-9, 0.5, None, "0.00 ± 0.50"),
        (1.0, 1e-14, None, "1 ± 1e-14"),
        (1e300, 1e299, None, "(1.00 ± 0.10)·10³⁰⁰"),
        (5e-324, 5e-324, None, "(4.9 ± 4.9)·10⁻³²⁴"),
        (float("nan"), 1.0, None, "nan ± 1"),
        (1.0, float("inf"), None, "1 ± inf"),
    ],
)
def test_a_value_with_its_error(mean: float, deviation: float | None, unit: str | None, said: str) -> None:
    assert with_error(mean, deviation, unit) == said


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
