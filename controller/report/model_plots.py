"""What a model says of itself as figures: parity, calibration, sensitivities and slices, from an iteration's report.

Reports of earlier versions lack some of it: a figure is drawn of what is there, and None is returned where nothing is.
"""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import TYPE_CHECKING, Any

from controller.report.figures import figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Plain = Mapping[str, Any]
ACROSS = 3  # slices beside each other
MOST_SLICES = 12
MOST_BARS = 24
WIDTH_95 = 1.96  # standard deviations on each side
BLUE = "tab:blue"


def parity(model: Plain, name: str) -> "Figure | None":
    """Leave-one-out predictions with intervals of 95 % against the measured values."""
    points = model.get("leave_one_out") or {}
    if not points.get("measured"):
        return None
    drawn, [plot] = figure(size=(5, 5))
    measured, predicted = points["measured"], points["predicted"]
    # The interval of a logarithm need not hold the mean; and one beyond all values would leave nothing to be seen.
    ends = [
        [max(p - low, 0.0) for p, low in zip(predicted, points["low"], strict=True)],
        [max(high - p, 0.0) for p, high in zip(predicted, points["high"], strict=True)],
    ]
    plot.errorbar(measured, predicted, yerr=ends, fmt="o", markersize=4, elinewidth=0.8, color=BLUE, alpha=0.8)
    least, most = min(*measured, *predicted), max(*measured, *predicted)
    room = 0.6 * (most - least) or 1.0
    plot.plot([least, most], [least, most], color="0.3", linestyle="--", linewidth=1)
    plot.set(xlabel=f"measured {name}", ylabel="predicted without the point", ylim=(least - room, most + room))
    return drawn


def calibration(model: Plain, name: str) -> "Figure | None":
    """The share of left-out values that lie within their intervals against what the intervals promise."""
    pairs = model.get("calibration")
    if not pairs:
        return None
    drawn, [plot] = figure(size=(5, 5))
    plot.plot([0, 100], [0, 100], color="0.3", linestyle="--", linewidth=1)
    plot.plot([100 * level for level, _ in pairs], [100 * share for _, share in pairs], "o-", color=BLUE)
    plot.set(xlabel="interval (%)", ylabel=f"values of {name} held (%)", xlim=(0, 100), ylim=(0, 103))
    return drawn


def sensitivities(model: Plain, name: str) -> "Figure | None":
    """The share of each parameter in what the model says varies, the largest on top."""
    shares = sorted((model.get("sensitivities") or {}).items(), key=lambda pair: float(pair[1]))[-MOST_BARS:]
    if not shares:
        return None
    drawn, [plot] = figure(size=(7.5, 1 + 0.3 * len(shares)))
    plot.barh([parameter for parameter, _ in shares], [100 * share for _, share in shares], color=BLUE)
    plot.set(xlabel=f"share of the variation of {name} (%)")
    return drawn


def slices(model: Plain, name: str) -> "Figure | None":
    """The prediction along each parameter with a band of 95 %, everything else held; what matters most comes first."""
    wanted = ordered_slices(model)
    if not wanted:
        return None
    rows = ceil(len(wanted) / ACROSS)
    drawn, plots = figure(rows, ACROSS, size=(10, 2.8 * rows))
    for plot, one in zip(plots, wanted, strict=False):
        _slice(plot, one)
    for plot in plots[::ACROSS]:
        plot.set_ylabel(name)
    for plot in plots[len(wanted) :]:
        plot.set_visible(False)
    return drawn


def ordered_slices(model: Plain) -> list[Plain]:
    """The slices of a model's report, those of the parameters that matter most first; only whole ones."""
    shares = model.get("sensitivities") or {}
    found = [one for one in model.get("slices") or () if len(one["at"]) == len(one["mean"]) == len(one["sd"]) > 0]
    return sorted(found, key=lambda one: -shares.get(one["parameter"], 0.0))[:MOST_SLICES]


def band(one: Plain) -> tuple[list[float], list[float]]:
    """The lower and the upper end of a slice's interval of 95 %."""
    pairs = list(zip(one["mean"], one["sd"], strict=True))
    return [mean - WIDTH_95 * sd for mean, sd in pairs], [mean + WIDTH_95 * sd for mean, sd in pairs]


def _slice(plot: Any, one: Plain) -> None:
    low, high = band(one)
    at: Sequence[Any] = one["at"]
    if any(isinstance(each, str) for each in at):
        half = [(top - bottom) / 2 for bottom, top in zip(low, high, strict=True)]
        plot.errorbar(range(len(at)), one["mean"], yerr=half, fmt="o", color=BLUE)
        plot.set_xticks(range(len(at)), [str(each) for each in at], rotation=30, ha="right")
    else:
        plot.plot(at, one["mean"], color=BLUE)
        plot.fill_between(at, low, high, color=BLUE, alpha=0.2)
    plot.set_xlabel(one["parameter"])
