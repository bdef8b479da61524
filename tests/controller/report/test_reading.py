"""What of a stored file can be shown."""

from pathlib import Path

import numpy as np
import pytest

from controller.console import charts
from controller.report.reading import LOOKED_AT, POINTS, TEXT_SHOWN, curves_in, look, thin
from tests.controller.console import hall


def file(folder: Path, content: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(content)
    return path


def test_a_long_curve_is_thinned_and_keeps_its_peak(tmp_path: Path) -> None:
    seen = look(file(tmp_path, hall.spectrum(30_000)))
    assert seen.curves is not None
    assert (seen.curves.headings, seen.curves.count) == (["wavelength", "absorbance"], 30_000)
    [points] = seen.curves.points
    assert len(points) <= POINTS
    assert max(points, key=lambda point: point[1]) == (350.1, 1.0)
    assert seen.curves.extremes[0][2:] == (350.1, 1.0)
    assert seen.text is not None
    assert seen.text.startswith("wavelength,absorbance\n200.0,")


def test_points_stay_in_their_order_and_what_is_no_number_is_left_out() -> None:
    x = np.array([3.0, 2.0, 1.0, 0.0])
    assert thin(x, np.array([1.0, np.inf, 2.0, np.nan])) == [(3.0, 1.0), (1.0, 2.0)]
    kept = thin(np.arange(100.0)[::-1], np.tile([0.0, 1.0], 50), most=10)
    assert [at for at, _ in kept] == sorted((at for at, _ in kept), reverse=True)
    assert len(kept) == 10


def test_several_columns_are_several_curves() -> None:
    curves = curves_in("t;a;b\n0;1;2\n1;2;3\n2;3;4\n")
    assert curves is not None
    options = charts.columns(curves.headings, curves.points)
    assert [each["name"] for each in options["series"]] == ["a", "b"]
    assert options["legend"]["show"] is True
    assert options["xAxis"]["name"] == "t"


def test_without_headings_columns_are_numbered() -> None:
    curves = curves_in("1 2\n2 3\n3 4\n")
    assert curves is not None
    assert list(curves.headings) == ["1", "2"]


@pytest.mark.parametrize("text", ["", "no numbers\n", "a log\n" * 20 + "1 2\n2 3\n3 4\n" + "goes on\n" * 20])
def test_a_text_is_no_curve(text: str) -> None:
    assert curves_in(text) is None


def test_of_a_big_file_only_the_beginning_is_read(tmp_path: Path) -> None:
    row = b"1000.000,2.000\n"
    content = row * (LOOKED_AT // len(row)) + b"77,88\n" * 3
    seen = look(file(tmp_path, content))
    assert seen.curves is not None
    assert seen.curves.count == LOOKED_AT // len(row)
    assert (seen.cut, len(seen.text or "")) == (True, TEXT_SHOWN)


def test_bytes_are_no_text(tmp_path: Path) -> None:
    for content in (b"\0\1\2", bytes(range(128, 256)) * 10):
        seen = look(file(tmp_path, content))
        assert (seen.picture, seen.curves, seen.text) == (False, None, None)


def test_a_degree_sign_in_another_code_is_still_text(tmp_path: Path) -> None:
    text = look(file(tmp_path, "heated to 200 °C for an hour\n".encode("cp1252"))).text
    assert text is not None
    assert text.startswith("heated to 200 ")


def test_a_column_without_a_number_has_no_highest() -> None:
    curves = curves_in("1 1e999 1\n2 1e999 2\n3 1e999 1e999\n")
    assert curves is not None
    assert curves.extremes == [None, (1.0, 1.0, 2.0, 2.0)]
