from pathlib import Path

import pytest

from controller.report.plots import Cloud, pareto_plot
from controller.report.table import cell, write_csv


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_text_is_no_formula(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["a=b", "", 1, -1.5, None, True])
def test_all_else_stays_as_it_is(value: object) -> None:
    assert cell(value) is value


def test_the_file_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    write_csv(path, ["=name", "value"], [["a,b", 0.1 + 0.2], ["@x", None]])
    assert path.read_text(encoding="utf-8") == "'=name,value\n\"a,b\",0.30000000000000004\n'@x,\n"
    assert [each.name for each in tmp_path.iterdir()] == ["table.csv"]


@pytest.mark.parametrize("points", [[], [[1.0, 2.0]], [[1.0, 20.0], [3.0, 400.0]]])
def test_a_plot_is_a_png(tmp_path: Path, points: list[list[float]]) -> None:
    path = tmp_path / "plot.png"
    pareto_plot(path, "title", ["x", "y"], [Cloud("all", points, "0.5", step="pre")], ("linear", "log"))
    assert path.read_bytes().startswith(b"\x89PNG")
