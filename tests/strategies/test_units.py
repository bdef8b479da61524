"""Units are known, linear, and converted with their offsets; widths without."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategies.units import UnitError, base_unit, check_unit, convert, convert_difference


def test_values_and_widths() -> None:
    assert convert(20.0, "degC", "kelvin") == pytest.approx(293.15)
    assert convert_difference(1.0, "degF", "kelvin") == pytest.approx(5 / 9)
    assert convert(1.0, "kg/m**3/h", "g/L/min") == pytest.approx(1 / 60)
    assert base_unit("degC") == "kelvin"


@pytest.mark.parametrize(
    "name", ["furlongs_", "degC +", "__import__('os')", "dBm", "decibel", "m**9**9**9", "((9**99)**99)**99"]
)
def test_unknown_and_logarithmic_units_are_refused(name: str) -> None:
    with pytest.raises(UnitError):
        check_unit(name)


@given(st.text(alphabet="kgmsLhdeC*/().-2 1%_", max_size=20) | st.text(max_size=20))
def test_any_text_is_a_unit_or_refused(name: str) -> None:
    with suppress(UnitError):
        assert check_unit(name) == name


def test_other_dimensions_are_refused() -> None:
    with pytest.raises(UnitError, match="different things"):
        convert(1.0, "degC", "mol/L")
