"""Options of charts (Apache ECharts) of what a model says of itself; see `charts` for what may stand in them."""

from collections.abc import Mapping, Sequence
from typing import Any

from controller.console.chart_parts import BLUE, LINE, ORANGE, Plain, axis, chart, intervals, scatter, unseen
from controller.console.shown import named, plain
from controller.console.texts import say
from controller.report.model_plots import band

MOST_BARS = 24


def parity(points: Plain, name: str, unit: str | None) -> Plain:
    """Measured values against what the model said of each from all the others, with intervals of 95 %."""
    rows = list(zip(points["measured"], points["predicted"], points["low"], points["high"], strict=True))
    ends = [min(points["measured"]), max(points["measured"])]
    series = [
        scatter(say("campaign.left_out"), [[x, y] for x, y, _, _ in rows], BLUE),
        intervals([(x, low, x, high) for x, _, low, high in rows], BLUE),
        _room([*points["measured"], *points["predicted"]], [*points["low"], *points["high"]], ends[0]),
        _diagonal(ends),
    ]
    measured = say("campaign.measured_axis", name=named(name, unit))
    return chart(series, measured, say("campaign.predicted_axis"), scale=True)


def calibration(pairs: Sequence[Sequence[float]]) -> Plain:
    """The share of values within their intervals against what the intervals promise, in percent."""
    percent = [[100 * level, 100 * share] for level, share in pairs]
    line = {
        "type": "line",
        "name": say("campaign.held"),
        "data": percent,
        "symbolSize": 8,
        "symbol": "circle",
        "lineStyle": {"color": BLUE},
        "itemStyle": {"color": BLUE},
    }
    options = chart([line, _diagonal([0, 100])], say("campaign.nominal"), say("campaign.held"))
    for each in (options["xAxis"], options["yAxis"]):
        each |= {"min": 0, "max": 100, "scale": False}
    return options


def sensitivities(bars: Plain, what: str) -> Plain:
    """How much each parameter matters as bars, the largest on top; `what` says what the number is."""
    ordered = sorted(bars.items(), key=lambda pair: pair[1])[-MOST_BARS:]
    return {
        "animation": False,
        "grid": {"left": 10, "right": 20, "top": 20, "bottom": 40, "containLabel": True},
        "xAxis": {**axis(what), "scale": False, "min": 0},
        "yAxis": {"type": "category", "data": [plain(name) for name, _ in ordered], "axisLine": LINE},
        "series": [{"type": "bar", "data": [value for _, value in ordered], "itemStyle": {"color": BLUE}}],
    }


def along(one: Mapping[str, Any], x: str, y: str, ends: Sequence[float] = ()) -> Plain:
    """A slice of a model: its prediction along one parameter with the interval of 95 %; `x` and `y` name the axes.

    The upward axis has room for `ends`, the same ones for slices that are to be compared.
    """
    low, high = band(one)
    if any(isinstance(each, str) for each in one["at"]):
        labels = [str(each) for each in one["at"]]
        series = [
            scatter(say("campaign.predicted"), list(enumerate(one["mean"])), BLUE),
            intervals([(at, low[at], at, high[at]) for at in range(len(labels))], BLUE),
            unseen(0, [*low, *high, *ends]),
        ]
        options = chart(series, x, y)
        # A tooltip would show the label, as HTML.
        words = {"interval": 0, "width": 80, "overflow": "truncate", "rotate": 25 if len(labels) > 2 else 0}
        x_axis = {**options["xAxis"], "type": "category", "data": labels, "axisLabel": words, "nameGap": 48}
        return {**options, "tooltip": {"show": False}, "xAxis": x_axis}
    line = {
        "type": "line",
        "name": say("campaign.predicted"),
        "data": [list(pair) for pair in zip(one["at"], one["mean"], strict=True)],
        "showSymbol": False,
        "lineStyle": {"width": 2, "color": BLUE},
        "itemStyle": {"color": BLUE},
    }
    return chart([*_band(one["at"], low, high), line, unseen(one["at"][0], ends)], x, y)


def _band(at: Sequence[float], low: Sequence[float], high: Sequence[float]) -> list[Plain]:
    """An area between two lines: the lower one, unseen, and on top of it how far the upper one is above it."""
    edge = {"type": "line", "stack": "band", "stackStrategy": "all", "showSymbol": False, "silent": True}
    wide = [top - bottom for bottom, top in zip(low, high, strict=True)]
    return [
        {**edge, "data": [list(pair) for pair in zip(at, each, strict=True)], "lineStyle": {"opacity": 0}, **seen}
        for each, seen in ((low, {}), (wide, {"areaStyle": {"color": BLUE, "opacity": 0.2}}))
    ]


def _room(values: Sequence[float], ends: Sequence[float], x: float) -> Plain:
    """Makes the upward axis long enough for the ends of intervals, unless they are far from all values."""
    least, most = min(values), max(values)
    near = [end for end in ends if least - (most - least) <= end <= most + (most - least)]
    return unseen(x, near)


def _diagonal(ends: Sequence[float]) -> Plain:
    return {
        "type": "line",
        "data": [[each, each] for each in ends],
        "showSymbol": False,
        "silent": True,
        "lineStyle": {"color": ORANGE, "type": "dashed", "width": 1},
    }
