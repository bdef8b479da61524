"""Proposals as a table to fill in."""

import csv
from pathlib import Path
from typing import Any

import pytest

from controller.report.next_table import write_next
from tests.controller.loop.views import make_spec, stage, step


@pytest.mark.parametrize(
    ("parameters", "constraints", "values", "written"),
    [
        ({"a": {"high": 1}}, [], {"a": 1 / 3}, ["0.333333"]),
        ({"a": {"high": 0.12345678}}, [], {"a": 0.12345678}, ["0.12345678"]),
        ({"a": {"high": 100, "resolution": 0.1}}, [], {"a": 33.3}, ["33.3"]),
        (
            {"a": {"high": 1}, "b": {"high": 1}},
            ["a + b <= 0.9999992"],
            {"a": 0.1234566, "b": 0.8765426},
            ["0.1234566", "0.8765426"],
        ),
    ],
)
def test_settings_are_as_short_as_the_space_allows(
    parameters: dict[str, Any], constraints: list[str], values: dict[str, float], written: list[str], tmp_path: Path
) -> None:
    declared = {name: {"type": "continuous", "low": 0, **rest} for name, rest in parameters.items()}
    spec = make_spec(stage("bench", step(yields=["yield"])), space={"parameters": declared, "constraints": constraints})
    candidate = {"kind": "conditions", "values": values}
    write_next(tmp_path / "next.csv", spec, [{"candidate": candidate, "prediction": {}, "reason": "why"}])
    header, row = list(csv.reader((tmp_path / "next.csv").read_text().splitlines()))
    assert row[: len(values)] == written
    assert row[header.index("yield")] == ""
