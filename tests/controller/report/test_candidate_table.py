"""A table of candidates as a campaign: what is measured, what is free, and what is written beside it."""

import csv
import io
import math
from pathlib import Path
from typing import Any

import pytest

from controller.report.candidate_table import Asked, read_candidate_table
from controller.report.explained import model_lines, near_text, nearest
from controller.spec import TableError
from strategies.spaces import conditions

TABLE = """id,T (°C),solvent,where,Yield (percent)
a,20,water,top,51.5
b,40,water,bottom,
c,40,ethanol,-3.50,Failed
d,60,ethanol,=1+1,
"""
ASKED = Asked({"Yield (percent)": "maximize"}, label="id", ignored=["where"])


def read(text: str = TABLE, asked: Asked = ASKED) -> Any:
    return read_candidate_table("pool.csv", text.encode(), asked)


def write(table: Any, folder: Path, rows: list[dict[str, Any]], text: str = TABLE, explain: bool = True) -> str:
    """The text of the table that is written."""
    (folder / "pool.csv").write_text(text, encoding="utf-8")
    table.write(folder / "next.csv", {table.measured.sha256: folder / "pool.csv"}, rows, explain=explain)
    return (folder / "next.csv").read_text(encoding="utf-8")


def proposal(table: Any, values: dict[str, Any], label: str | None) -> dict[str, Any]:
    return {
        "candidate": conditions(table.spec.space, values, label),
        "prediction": {"Yield": {"mean": 60.123456789, "standard_deviation": 2.0}},
        "feasibility": 0.9,
        "acquisition": -1.5,
        "nearest": [{"name": "a", "distance": 0.25}, {"name": "c", "distance": 1.0}],
        "reason": "explores",
    }


def test_rows_with_a_value_are_measured_and_empty_ones_are_candidates() -> None:
    table = read()
    assert table.spec.space.pool.columns == ["T (°C)", "solvent"]
    [objective] = table.spec.objectives
    assert (objective.property, objective.goal, objective.unit) == ("Yield", "maximize", "percent")
    measured = [(row.line, row.candidate["label"], row.values) for row in table.measured.rows]
    assert measured == [(2, "a", {"Yield": 51.5}), (4, "c", None)]


def test_what_edbo_writes_of_a_candidate_is_an_empty_cell() -> None:
    table = read("x,y,z,priority\n1,5,PENDING,-1\n2,PENDING,PENDING,0\n", Asked({"y": "maximize", "z": "minimize"}))
    assert [(row.line, row.values) for row in table.measured.rows] == [(2, {"y": 5.0})]


def test_every_column_is_kept_and_the_cells_to_be_filled_in_are_empty(tmp_path: Path) -> None:
    table = read()
    rows = [proposal(table, {"T (°C)": 60.0, "solvent": "ethanol"}, "d")]
    [line] = csv.DictReader(io.StringIO(write(table, tmp_path, rows)))
    assert line == {
        "id": "d",
        "T (°C)": "60",
        "solvent": "ethanol",
        "where": "'=1+1",
        "Yield (percent)": "",
        "predicted Yield": "60.1235",
        "standard deviation Yield": "2.0",
        "P(feasible)": "0.9",
        "acquisition": "-1.5",
        "nearest measured": "a (0.25); c (1)",
        "reason": "explores",
    }
    header = write(table, tmp_path, rows, explain=False).splitlines()[0].split(",")
    assert header[5:] == ["predicted Yield", "standard deviation Yield", "reason"]


def test_numbers_keep_their_digits_and_are_no_formula(tmp_path: Path) -> None:
    table = read()
    rows = [proposal(table, {"T (°C)": 40.0, "solvent": "ethanol"}, "c")]
    assert ",ethanol,-3.50,," in write(table, tmp_path, rows)


def test_what_an_earlier_answer_said_is_no_parameter_and_is_said_anew(tmp_path: Path) -> None:
    table = read()
    text = write(table, tmp_path, [proposal(table, {"T (°C)": 60.0, "solvent": "ethanol"}, "d")])
    again = read(text)
    assert again.spec.space.pool.columns == ["T (°C)", "solvent"]
    header = write(again, tmp_path, [], text).strip().split(",")
    assert len(header) == len(set(header)) == 11


def test_of_equal_rows_the_first_is_written(tmp_path: Path) -> None:
    text = "x,y,note\n1,5,first\n1,,second\n2,,third\n"
    table = read(text, Asked({"y": "minimize"}, ignored=["note"]))
    row = {**proposal(table, {"x": 1.0}, None), "prediction": {}}
    assert "1,,first" in write(table, tmp_path, [row], text), "to be measured once more: its value is not repeated"


@pytest.mark.parametrize(
    ("text", "asked", "says"),
    [
        (TABLE.replace("51.5", "much"), ASKED, "line 2: 'much' in column 'Yield (percent)' is no finite number"),
        (TABLE.replace("51.5", "nan"), ASKED, "line 2: 'nan' in column 'Yield (percent)' is no finite number"),
        (TABLE.replace("40,ethanol", ",ethanol"), ASKED, "line 4: column 'T (°C)' is empty"),
        (TABLE.replace("40,ethanol", "inf,ethanol"), ASKED, "line 4: 'inf' in column 'T (°C)' is no finite number"),
        (TABLE.replace("b,40", "b,40,9"), ASKED, "line 3: the row and the header differ in their number of cells"),
        (TABLE.replace("where", "id"), ASKED, "line 1: column 'id' stands there twice"),
        (TABLE.replace("where", ""), ASKED, "line 1: column 4 has no name"),
        (TABLE, Asked({"yield (percent)": "maximize"}), "line 1: there is no column 'yield (percent)'; did you mean"),
        (TABLE, Asked({"Yield (percent)": "maximize"}, label="name"), "line 1: there is no column 'name'"),
        ("y\n1\n", Asked({"y": "maximize"}), "no column is left that could be a parameter"),
        ("x,y\n", Asked({"y": "maximize"}), "a header line and at least one row"),
        (
            "smiles,y\n" + "".join(f"{'C' * n},\n" for n in range(1, 12)),
            Asked({"y": "maximize"}),
            "column 'smiles' has another text in every row, such as 'C': give it as --label or --ignore",
        ),
    ],
)
def test_a_table_that_cannot_be_used_is_explained(text: str, asked: Asked, says: str) -> None:
    with pytest.raises(TableError) as caught:
        read(text, asked)
    assert str(caught.value).startswith(says)


def test_the_nearest_are_told_with_their_distance_in_parts_of_the_ranges() -> None:
    space = read("x,s,y\n0,a,1\n10,a,\n5,b,\n", Asked({"y": "maximize"})).spec.space.model_copy(
        update={"pool": None, "parameters": _parameters()}
    )
    known = [(name, conditions(space, {"x": x, "s": s})) for name, x, s in [("far", 0, "b"), ("near", 6, "a")]]
    found = nearest(space, {}, conditions(space, {"x": 8.0, "s": "a"}), known)
    assert [each["name"] for each in found] == ["near", "far"]
    assert found[0]["distance"] == pytest.approx(0.2)
    assert found[1]["distance"] == pytest.approx(math.sqrt(0.8**2 + 2))
    assert near_text(found) == "near (0.2); far (1.62)"
    assert nearest(space, {}, conditions(space, {"x": 8.0, "s": "a"}), []) == []


def _parameters() -> dict[str, Any]:
    from strategies.spaces import Categorical, Continuous

    return {
        "x": Continuous(type="continuous", low=0, high=10),
        "s": Categorical(type="categorical", choices=["a", "b"]),
    }


def test_what_a_report_says_of_its_models_in_words() -> None:
    model = {
        "n": 12,
        "leave_one_out_r2": 0.834,
        "leave_one_out_coverage_95": 0.917,
        "sensitivities": {"a": 0.1, "b": 0.7, "c": 0.15, "d": 0.05},
    }
    assert model_lines({"models": {"yield": model}, "warnings": ["noisy"]}) == [
        "yield: 12 values; leave-one-out R2 0.83; 95 % intervals hold 92% of the left-out values; "
        "depends on b 70%, c 15%, a 10%",
        "Warning: noisy",
    ]
    assert model_lines({"models": {"yield": {"n": 3, "leave_one_out_r2": None}}}) == [
        "yield: 3 values; leave-one-out R2 not defined"
    ]
    told = {"source": "old", "property": "yield", "measured": 90, "left_out": 2, "learned_from": 88, "judged_by": 7}
    judged = {"weight": 0.875, "decision": "used", "score": -3.21, "own_score": -5.4, "gain": 1.9}
    trusted = {"weight": 1.0, "decision": "trusted", "gain": None, "left_out": 0}
    assert model_lines({"models": {"yield": {"n": 3}}, "transfer": [told | judged, told | trusted]})[1:] == [
        "yield from old (88 of 90 values): used; predicts better than without it (7 own values); "
        "log score -3.21 against -5.4; weight 88%; 2 do not fit this space",
        "yield from old (88 of 90 values): trusted; not yet judged (7 own values); weight 100%",
    ]
    assert model_lines({"strategy": "sobol"}) == ["No model yet: the strategy sobol proposes without one so far."]
