"""From a spreadsheet to a first campaign file."""

import pytest

from controller import spec
from controller.spec.draft import Goal, columns_of, draft, renamed
from controller.spec.headers import names_and_units

SHEET = "T (°C);Lösemittel;Äquiv.;Zeit [h];Notiz;Ausbeute [%]\n" + "".join(
    f"{20 + place},5;{'Äther' if place % 2 else 'Wasser'};{place % 3};{place},25;{'' if place else 'gut'};{place * 3}\n"
    for place in range(14)
)


def test_headers_become_names_and_units() -> None:
    headers = ["T (°C)", "Ausbeute [%]", "Lösemittel", "V [µL]", "T (C)", "rate (first run)", "2nd", "", "T [K]"]
    assert names_and_units(headers) == [
        ("T", "degC"),
        ("Ausbeute", "percent"),
        ("Loesemittel", None),
        ("V", "uL"),
        ("T_C", None),
        ("rate_first_run", None),
        ("x_2nd", None),
        ("column_8", None),
        ("T_2", "K"),
    ]


def test_a_sheet_of_excel_becomes_a_campaign_with_its_data() -> None:
    columns = columns_of(SHEET.encode("cp1252"))
    text = draft("ester", columns, [Goal("Ausbeute", unit="percent")], "ester-data.csv")
    assert 'T: {type: continuous, low: 20.5, high: 33.5, unit: "degC"}' in text
    assert "Aequiv: {type: discrete, values: [0, 1, 2]}" in text
    assert "Notiz" not in text, "a text with gaps is a remark"
    assert spec.load(text, {"ester-data.csv": renamed(columns)}).space.names() == ["T", "Loesemittel", "Aequiv", "Zeit"]


def test_numbers_with_a_few_other_cells_are_no_category() -> None:
    columns = columns_of((SHEET + "30;Wasser;1;0,5 h;;5\n").encode())
    with pytest.raises(spec.TableError, match=r"column Zeit \[h\]: 14 numbers and 1 other \('0,5 h', line 16\)"):
        draft("ester", columns, [Goal("Ausbeute")], None)
