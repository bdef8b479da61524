"""A model's plots, from reports that hold everything and from older ones."""

from typing import Any

import pytest
from sqlalchemy import select

from controller.report import model_plots
from controller.report.iterations import explained_proposals
from controller.report.page import page
from controller.store import Unit
from controller.store.tables import Campaign, Iteration, Proposal
from tests.controller.world import World

NAME = "reactor"
WHOLE: dict[str, Any] = {
    "n": 9,
    "leave_one_out_r2": 0.8,
    "leave_one_out_coverage_95": 1.0,
    "leave_one_out": {
        "measured": [1.0, 2.0, 3.0],
        "predicted": [1.5, 1.8, 2.6],
        "low": [1.0, -1e300, 2.0],
        "high": [2.0, 1e300, 3.0],
    },
    "calibration": [[0.5, 0.4], [0.95, 1.0]],
    "sensitivities": {"temperature": 0.2, "solvent": 0.8},
    "slices": [
        {"parameter": "temperature", "at": [20.0, 40.0, 60.0], "mean": [1.0, 2.0, 3.0], "sd": [0.1, 0.2, 0.3]},
        {"parameter": "solvent", "at": ["water", "<b>"], "mean": [1.0, 2.0], "sd": [0.1, 0.2]},
        {"parameter": "torn", "at": [1.0, 2.0], "mean": [1.0], "sd": [0.1]},
    ],
}


def test_parity_has_intervals_and_stays_near_the_values() -> None:
    drawn = model_plots.parity(WHOLE, "yield")
    assert drawn is not None
    [plot] = drawn.axes
    [points] = plot.containers
    assert points.lines[0].get_xydata().tolist() == [[1.0, 1.5], [2.0, 1.8], [3.0, 2.6]]
    low, high = plot.get_ylim()
    assert (low, high) == pytest.approx((-0.2, 4.2)), "an interval without end hides nothing"


def test_calibration_is_in_percent() -> None:
    drawn = model_plots.calibration(WHOLE, "yield")
    assert drawn is not None
    assert drawn.axes[0].lines[1].get_xydata().tolist() == [[50, 40], [95, 100]]


def test_the_largest_sensitivity_is_on_top() -> None:
    drawn = model_plots.sensitivities(WHOLE, "yield")
    assert drawn is not None
    [plot] = drawn.axes
    assert [bar.get_width() for bar in plot.patches] == pytest.approx([20, 80])
    assert [label.get_text() for label in plot.get_yticklabels()] == ["temperature", "solvent"]


def test_slices_are_small_multiples_with_bands_and_the_most_sensitive_first() -> None:
    drawn = model_plots.slices(WHOLE, "yield")
    assert drawn is not None
    shown = [plot for plot in drawn.axes if plot.get_visible()]
    assert [plot.get_xlabel() for plot in shown] == ["solvent", "temperature"]
    assert [label.get_text() for label in shown[0].get_xticklabels()] == ["water", "<b>"]
    assert shown[0].get_ylim() == shown[1].get_ylim(), "they are there to be compared"
    assert shown[1].lines[0].get_xydata().tolist() == [[20, 1], [40, 2], [60, 3]]
    [area] = shown[1].collections
    assert area.get_datalim(shown[1].transData).ymax == pytest.approx(3 + 1.96 * 0.3)


def test_what_a_report_does_not_hold_is_not_drawn() -> None:
    for draw in (model_plots.parity, model_plots.calibration, model_plots.sensitivities, model_plots.slices):
        assert draw({"n": 3, "lengthscales": {"a": 1.0}}, "yield") is None
        assert draw({"leave_one_out": {}, "calibration": [], "sensitivities": None, "slices": None}, "yield") is None


async def tell(world: World, report: dict[str, Any]) -> None:
    def change(unit: Unit) -> None:
        campaign = unit.session.scalars(select(Campaign)).one()
        iteration = unit.session.scalars(select(Iteration)).one()
        proposal = unit.session.get_one(Proposal, world.ids["proposal"])
        campaign.iterations, iteration.state, iteration.report = iteration.number, "done", report
        proposal.iteration_id, proposal.place, proposal.facts = iteration.id, 1, {"feasibility": 0.75}
        unit.record("test", campaign, iteration, proposal, campaign_id=campaign.id)

    await world.store.write(change, name="test")


async def test_the_report_shows_the_model_and_why_it_proposed(world: World) -> None:
    near = [
        {"proposal": "7", "distance": 0.25},
        {"candidate": {"values": {"temperature": 40.0}}, "distance": 0.5},
        {"candidate": {"label": "<i>", "values": {}}, "distance": 1},
    ]
    await tell(
        world, {"models": {"e_factor": WHOLE}, "warnings": ["noise is large"], "proposals": [{}, {"nearest": near}]}
    )
    [explained] = await world.store.read(lambda session: explained_proposals(session, NAME))
    assert explained["feasibility"] == 0.75
    assert [each["name"] for each in explained["nearest"]] == ["proposal 7", "temperature 40.0", "<i>"]
    text = await world.store.read(lambda session: page(session, NAME))
    for what in ("Leave-one-out predictions", "Calibration", "Sensitivities", "Slices"):
        assert f'<img alt="{what} of e_factor"' in text
    assert "<li>Warning: noise is large</li>" in text
    assert "depends on solvent 80%, temperature 20%" in text
    assert "proposal 7 (0.25); temperature 40.0 (0.5); &lt;i&gt; (1)" in text
    assert "<i>" not in text


@pytest.mark.parametrize("report", [{}, {"models": {"e_factor": {}}}, {"phase": "start", "proposals": []}])
async def test_the_report_of_an_older_iteration_shows_what_there_is(world: World, report: dict[str, Any]) -> None:
    await tell(world, report)
    text = await world.store.read(lambda session: page(session, NAME))
    assert "What was proposed last, and why" in text
    assert "<img" not in text.partition("<h2>Model</h2>")[2]
