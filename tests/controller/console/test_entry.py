"""Numbers as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nicegui import Client

from controller.console.answers import Fields
from controller.console.editing import Form
from controller.console.entry import decimal, read, written
from controller.console.texts import say

NO_NUMBERS = [
    "",
    " ",
    "1.234,5",
    "1,234.5",
    "1,234,567",
    "1 234",
    "1e",
    "e5",
    ",",
    "-",
    "nan",
    "inf",
    "1e999",
    "1_0",
    "٣",
]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_is_written_is_read(value: float) -> None:
    assert read(written(value)) == value
    assert read(f"  {written(value).replace('.', ',')} ") == value


@pytest.mark.parametrize(
    ("text", "value"), [("1,5", 1.5), ("-,5", -0.5), ("+2.", 2.0), (" 3e-2 ", 0.03), ("1,5E3", 1500)]
)
def test_a_comma_or_a_point(text: str, value: float) -> None:
    assert read(text) == value


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number(text: str) -> None:
    assert read(text) is None


def test_a_field_says_what_it_cannot_read(blank: Client) -> None:
    field = decimal("flow", 2.5)
    form = Form({"flow": field})
    assert form.complete()
    assert form.values() == {"flow": 2.5}
    for text, message in (("1.234,5", "entry.unreadable"), ("", "entry.missing")):
        field.value = text
        assert not form.complete()
        assert form.values() == {"flow": None}
        assert field.props["error"]
        assert field.props["error-message"] == say(message)
    field.value = "1,5"
    assert not field.props["error"]
    assert form.complete()
    assert form.values() == {"flow": 1.5}


def test_a_minus_can_be_typed_on_a_telephone(blank: Client) -> None:
    assert decimal("temperature", low=-78.0).props["inputmode"] == "text"
    assert decimal("mass").props["inputmode"] == "text"
    assert decimal("flow", low=0.0).props["inputmode"] == "decimal"


def test_a_value_that_cannot_be_read_is_not_left_out(blank: Client) -> None:
    fields = Fields(["mass", "yield"], {"mass": "g"})
    mass, _ = fields._numbers["mass"]
    mass.value = "1,5"
    assert fields.readable
    assert fields.values == {"mass": (1.5, "g")}
    mass.value = "1.000,5"
    assert not fields.readable
