"""What the latest model of a campaign says of itself: plots, and the same in numbers."""

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from controller.console import model_charts
from controller.console.campaign_plots import AXES, Plots
from controller.console.shown import named, number, plain, table
from controller.console.texts import say
from controller.report.model_plots import band, ordered_slices

Plain = dict[str, Any]
SLICES = 8  # of one model


class Model:
    """The model of each property; reports of earlier versions hold less, and what they lack is not shown."""

    def __init__(self) -> None:
        self._plots = Plots("small")

    def show(self, found: Plain | None) -> None:
        """Draw it; what is left in place are its numbers."""
        models = (found or {}).get("report", {}).get("models", {})
        self._plots.show(dict(_model_plots(models, found) if found else ()))
        if found is None:
            ui.label(say("campaign.no_model")).classes("nothing")
        elif not models:
            ui.label(say("campaign.no_model_yet", number=found["number"])).classes("nothing")
        else:
            _numbers(found, models)
        for warning in (found or {}).get("report", {}).get("warnings", []):
            with ui.element("div").classes("banner"):
                ui.label(str(warning)).classes("grow")


def _model_plots(models: Plain, found: Plain) -> list[tuple[str, tuple[str, Plain]]]:
    plots = []
    for name, model in models.items():
        shown, unit = plain(name), found["units"].get(name)
        if model.get("leave_one_out"):
            drawn = model_charts.parity(model["leave_one_out"], name, unit)
            plots.append((f"parity {name}", (say("campaign.left_out_of", name=shown), drawn)))
        if model.get("calibration"):
            drawn = model_charts.calibration(model["calibration"])
            plots.append((f"calibration {name}", (say("campaign.calibration_of", name=shown), drawn)))
        bars, axis = _bars(model)
        if bars:
            drawn = model_charts.sensitivities(bars, axis)
            plots.append((f"sensitivity {name}", (say("campaign.sensitivity_of", name=shown), drawn)))
        shown_slices = ordered_slices(model)[:SLICES]
        ends = [end for one in shown_slices for edge in band(one) for end in edge]
        for one in shown_slices:
            title = say("campaign.slice_of", name=shown, parameter=plain(one["parameter"]))
            along = named(one["parameter"], found["parameters"].get(one["parameter"]))
            plots.append(
                (
                    f"slice {name} {one['parameter']}",
                    (title, model_charts.along(one, along, named(name, unit), (min(ends), max(ends)))),
                )
            )
    return plots


def _bars(model: Plain) -> tuple[dict[str, float], str]:
    """How much each parameter matters, and what that number is: a share, or what earlier versions told."""
    if shares := model.get("sensitivities"):
        return {name: 100 * share for name, share in shares.items()}, say("campaign.share")
    return {name: 1 / length for name, length in model.get("lengthscales", {}).items()}, say("campaign.sensitivity")


def _numbers(found: Plain, models: Plain) -> None:
    caption = say("campaign.model_of", number=found["number"], known=found["report"].get("n", "-"))
    header = [say(f"campaign.{each}") for each in ("property", "points", "scale", "r2", "inside", "noise")]
    table(header, ([plain(name), *_quality(model)] for name, model in models.items()), caption)
    with ui.element("div").classes("columns"):
        for name, model in models.items():
            with ui.element("div"):
                _tables(plain(name), model)


def _quality(model: Plain) -> list[str]:
    quality, inside, noise = (
        model.get(each) for each in ("leave_one_out_r2", "leave_one_out_coverage_95", "noise_standard_deviation")
    )
    return [
        number(model.get("n")),
        number(model.get("scale")),
        number(None if quality is None else round(quality, 3)),
        "-" if inside is None else f"{100 * inside:.0f} %",
        "-" if noise is None else f"{noise:.2g}",
    ]


def _tables(name: str, model: Plain) -> None:
    bars, what = _bars(model)
    if ordered := sorted(bars.items(), key=lambda pair: -pair[1])[:AXES]:
        rows = ((plain(each), f"{value:.3g}") for each, value in ordered)
        table((say("campaign.parameter"), what), rows, say("campaign.sensitivity_of", name=name))
    if slices := ordered_slices(model)[:SLICES]:
        header = [say(f"campaign.{each}") for each in ("parameter", "lowest", "highest")]
        table(header, (_extremes(one) for one in slices), say("campaign.slices_of", name=name))
    if not model.get("calibration"):
        ui.label(say("campaign.no_points")).classes("note")
        return
    shares = ((f"{100 * level:.0f}", f"{100 * share:.0f}") for level, share in model["calibration"])
    header = [say("campaign.nominal"), say("campaign.held")]
    table(header, shares, say("campaign.calibration_of", name=name))


def _extremes(one: Mapping[str, Any]) -> list[str]:
    """Where along the parameter the prediction is lowest and highest."""
    places = range(len(one["mean"]))
    ends = (min(places, key=lambda place: one["mean"][place]), max(places, key=lambda place: one["mean"][place]))
    told = (
        say("campaign.predicted_at", value=number(float(one["mean"][place])), at=number(one["at"][place]))
        for place in ends
    )
    return [plain(one["parameter"]), *told]
