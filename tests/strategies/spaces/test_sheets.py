"""CSV as spreadsheets write it."""

import pytest

from strategies.spaces import SheetError, read_sheet

ROWS = [(2, ["0.5", "water"]), (3, ["-12", "1,4-dioxane"])]


@pytest.mark.parametrize(
    "content",
    [
        b'time,solvent\n0.5,water\n-12,"1,4-dioxane"\n',
        "time;solvent\r\n0,5;water\r\n-12;1,4-dioxane\r\n;\r\n".encode("utf-8-sig"),
        b"time\tsolvent\n0,5\twater\n-12\t1,4-dioxane\n",
        b"time;solvent\n0.5;water\n-12;1,4-dioxane\n",
    ],
)
def test_separators_and_decimal_signs_of_spreadsheets(content: bytes) -> None:
    sheet = read_sheet(content)
    assert (sheet.header, sheet.rows) == (["time", "solvent"], ROWS)


def test_the_encoding_of_excel_is_read() -> None:
    sheet = read_sheet("T (°C);Lösemittel\n20,5;Äther\n".encode("cp1252"))
    assert (sheet.header, sheet.rows) == (["T (°C)", "Lösemittel"], [(2, ["20.5", "Äther"])])


def test_a_comma_within_a_header_of_semicolons_separates_nothing() -> None:
    assert read_sheet(b"T (inside, degC);yield\n1,5;2\n3;4\n").header == ["T (inside, degC)", "yield"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a;b,c\n1;0,5\n", "separated by"),
        (b"a;b\n0,5;1.234\n", "line 2 has '0,5' and line 2 has '1.234'"),
        ("a,b\n1,2\n".encode("utf-16"), "save it as 'CSV UTF-8'"),
        (b'a,b\n"1,2\n', "not a CSV file"),
    ],
)
def test_what_can_be_read_in_two_ways_or_in_none_is_refused(content: bytes, says: str) -> None:
    with pytest.raises(SheetError, match=says):
        read_sheet(content)


def test_a_decimal_comma_among_commas_is_named_as_the_cause() -> None:
    assert [fault.split(":")[0] for fault in read_sheet(b"a,b\n0,5,1,5\n1,2\n2\n").uneven()] == ["line 2", "line 4"]
    assert "decimal comma" in next(read_sheet(b"a\n0,5\n").uneven())
