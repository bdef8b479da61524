"""What the campaign's page shows of a model: everything that its report holds, and no more."""

from typing import Any

import pytest
from nicegui import Client, ui

from controller.console.campaign_model import Model
from tests.controller.report.test_model_plots import WHOLE

OLD = {
    "n": 9,
    "scale": "linear",
    "leave_one_out_r2": None,
    "leave_one_out_coverage_95": 1.0,
    "noise_standard_deviation": 0.5,
    "lengthscales": {"temperature": 0.5, "solvent=water": 2.0},
}


def shown(page: Client, report: dict[str, Any]) -> list[str]:
    """The titles of the plots of a campaign's model."""
    units = {"yield": "percent"}
    Model().show({"number": 4, "report": report, "units": units, "parameters": {"temperature": "degC"}})
    return [each.props["aria-label"] for each in page.elements.values() if isinstance(each, ui.echart)]


def tables(page: Client) -> str:
    return " ".join(str(vars(each)) for each in page.elements.values())


def test_everything_that_a_report_holds_is_drawn(blank: Client) -> None:
    assert shown(blank, {"models": {"yield": WHOLE}}) == [
        "Leave-one-out predictions of yield",
        "Calibration of yield",
        "Sensitivity of yield",
        "yield along solvent",
        "yield along temperature",
    ]
    last = [each for each in blank.elements.values() if isinstance(each, ui.echart)][-1]
    assert (last.options["xAxis"]["name"], last.options["yAxis"]["name"]) == ("temperature (°C)", "yield (%)")
    said = tables(blank)
    assert "share of the variation" in said
    assert "3 at 60" in said, "where the prediction is highest"


def test_of_an_older_report_length_scales_are_drawn(blank: Client) -> None:
    assert shown(blank, {"models": {"yield": OLD}}) == ["Sensitivity of yield"]
    assert "1 / length scale" in tables(blank)


@pytest.mark.parametrize("model", [{}, {"n": 3, "lengthscales": {}, "slices": [], "sensitivities": {}}])
def test_a_report_that_holds_hardly_anything_is_no_fault(blank: Client, model: dict[str, Any]) -> None:
    assert shown(blank, {"models": {"yield": model}}) == []
