"""Curves: closed forms of Gaussians and parabolas, and whatever text instruments write."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.analysis import NothingThere, UnreadableFile, analyse, analysis_names, output_units

NM = {"x_unit": "nm"}


def written(path: Path, x: Any, y: Any, separator: str = ",", head: str = "wavelength,absorbance\n") -> Path:
    path.write_text(
        head + "".join(f"{a!r}{separator}{b!r}\n" for a, b in zip(map(float, x), map(float, y), strict=True))
    )
    return path


@given(center=st.floats(430, 460), width=st.floats(1, 5), height=st.floats(0.01, 1e4), tilt=st.floats(-0.1, 0.1))
def test_a_gaussian_on_a_sloping_baseline(
    tmp_path_factory: pytest.TempPathFactory, center: float, width: float, height: float, tilt: float
) -> None:
    """Area h s sqrt(2 pi), position and height in closed form."""
    x = np.linspace(400, 500, 1001)
    y = height * (np.exp(-((x - center) ** 2) / (2 * width**2)) + 0.3 + tilt * (x - 400) / 100)
    path = written(tmp_path_factory.mktemp("curve") / "spectrum.csv", x, y)
    found = analyse("peak", path, NM)
    assert found["area"].value == pytest.approx(height * width * math.sqrt(2 * math.pi), rel=1e-3)
    assert found["position"].value == pytest.approx(center, abs=0.05)
    assert found["height"].value == pytest.approx(height, rel=0.02)


def test_the_vertex_of_a_parabola_is_exact_between_unequal_steps(tmp_path: Path) -> None:
    x = np.array([0.0, 1.0, 2.5, 3.2, 5.0])
    path = written(tmp_path / "a.csv", x, 7 - (x - 2.2) ** 2)
    found = analyse("peak", path, {**NM, "baseline": "none"})
    assert (found["position"].value, found["height"].value) == (pytest.approx(2.2), pytest.approx(7))


def test_the_integral_is_that_of_the_window(tmp_path: Path) -> None:
    """The trapezoidal rule is exact for a straight line, also between its points."""
    x = np.linspace(0, 10, 8)
    path = written(tmp_path / "line.csv", x, 3 * x + 1)
    assert analyse("integral", path, NM)["integral"].value == pytest.approx(160)
    assert analyse("integral", path, {**NM, "low": 1.1, "high": 4.3})["integral"].value == pytest.approx(
        1.5 * (4.3**2 - 1.1**2) + 3.2
    )


@pytest.mark.parametrize(
    ("separator", "head"),
    [
        (",", "wavelength,absorbance\n"),
        (";", '"wavelength";"absorbance"\n'),
        ("\t", "# device 7, serial 12, 3\n#\n\nwavelength\tabsorbance\n"),
        ("   ", "Sample 4\n2 5\n\nwavelength absorbance\n"),
        (", ", "\ufeffwavelength, absorbance\n"),
    ],
)
def test_text_as_instruments_write_it(tmp_path: Path, separator: str, head: str) -> None:
    path = written(tmp_path / "s.txt", [3.0, 2.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0], separator, head)  # from high to low
    for columns in ({}, {"x": "wavelength", "y": "absorbance"}, {"x": 0, "y": 1}):
        assert analyse("integral", path, {**NM, **columns})["integral"].value == pytest.approx(2)


@pytest.mark.parametrize(
    ("content", "options", "says"),
    [
        (b"\xff\xfe\x00", {}, "no text in UTF-8"),
        (b"", {}, "no three lines"),
        (b"a,b\n1,2\n3,4\n", {}, "no three lines"),
        (b"1" * 100_000 + b"x,1\n", {}, "no three lines"),  # in a moment, however many digits
        (b"a,b\n1,2\n1,3\n2,4\n", {}, "x = 1 stands there twice"),
        (b"a,b\n1,2\n2,3\n3,1e999\n", {}, "beyond what a float holds"),
        (b"a,b\n1,2\n2,3\n3,4\n4,nan\n5,2\n6,2\n7,2\n8,2\n", {}, "two tables of 2 columns, from line 2 and from 6"),
        (b"a,b\n1,2\n2,3\n3,4\n4,3\n5,OVER\n6,2\n7,2\n8,2\n", {}, "two tables of 2 columns, from line 2 and from 7"),
        (b"a,b\n1,2\n2,3\n3,4\n", {"y": "c"}, "no column 'c'; the headings are a, b"),
        (b"1,2\n2,3\n3,4\n", {"y": "c"}, "the headings are missing"),
        (b"a,b\n1,2\n2,3\n3,4\n", {"y": 2}, "no column 2, counted from 0; there are 2"),
        (b"a,b\n1,2\n2,3\n3,4\n", {"low": 0.5}, "the curve goes from 1 to 3 nm, not from 0.5 to 3"),
        (b"a,b\n1,2\n2,3\n3,4\n", {"low": 3}, "the curve goes from 1 to 3 nm, not from 3 to 3"),
        (b"a,b\n1,2\n2,3\n3,4\n", {"low": 4}, "the curve goes from 1 to 3 nm, not from 4 to 3"),
        (b"a,b\n1,2\n2,3\n3,4\n", {"high": 0.5}, "the curve goes from 1 to 3 nm, not from 1 to 0.5"),
    ],
)
def test_what_is_no_such_curve_is_said(tmp_path: Path, content: bytes, options: dict[str, Any], says: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=says):
        analyse("integral", path, {**NM, **options})


def test_no_peak_is_a_measurement_that_failed(tmp_path: Path) -> None:
    path = written(tmp_path / "flat.csv", range(9), [1.0] * 9)
    with pytest.raises(NothingThere, match="no peak from 0 to 8 nm"):
        analyse("peak", path, NM)
    bump = written(tmp_path / "bump.csv", range(9), [0, 0, 0, 0, 0.2, 0, 0, 0, 0])
    assert analyse("peak", bump, NM)["height"].value == pytest.approx(0.2)
    with pytest.raises(NothingThere, match=r"more than 0\.5"):
        analyse("peak", bump, {**NM, "smallest": 0.5})


def test_units_follow_from_those_of_the_columns() -> None:
    assert analysis_names() == ["integral", "peak"]
    assert output_units("integral", {"x_unit": "min", "y_unit": "mol/L"}) == {"integral": "(min)*(mol/L)"}
    assert output_units("integral", {"x_unit": "degC"}) == {"integral": "delta_degC"}
    assert output_units("peak", NM) == {"area": "nm", "position": "nm", "height": "dimensionless"}


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("fourier", NM, "no analysis 'fourier'; there are integral, peak"),
        ("peak", {}, "x_unit: Field required"),
        ("peak", {**NM, "low": 3, "high": 2}, "should be below high"),
        ("peak", {**NM, "baseline": "curved"}, "baseline"),
        ("integral", {**NM, "smallest": 3}, "smallest"),
        ("integral", {"x_unit": "__import__('os')"}, "x_unit"),
    ],
)
def test_wrong_options_say_what_is_right(name: str, options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("(", r"\(")):
        output_units(name, options)
