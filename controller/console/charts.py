"""Options of charts (Apache ECharts) from plain data.

A key that begins with a colon would be run as a script by the browser: names that people chose stand in values only.
Nothing of theirs stands in tooltips either, which ECharts draws as HTML.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from controller.console.shown import named, plain
from controller.console.texts import say
from controller.report.model_plots import band
from strategies.spaces import settings_of

Plain = dict[str, Any]

# Told apart by people who see no red or no green (Okabe and Ito 2008), on light and on dark paper.
BLUE, ORANGE, GREEN, GREY = "#3b82c4", "#d9822b", "#1f9d78", "#8792a0"
DARK = "#76808c"  # for what is written
MOST_BARS = 24
LINE = {"lineStyle": {"color": GREY}}


def progress(points: Sequence[Plain], objective: Plain, place: int) -> Plain:
    """Measured values of an objective by experiment with intervals of one standard error, and the best so far."""
    name = objective["property"]
    measured = [each for each in points if name in each["values"]]
    best = [[each["place"], each["values"][name]] for each in measured if place in each["records"]]
    if best and measured:
        best.append([measured[-1]["place"], best[-1][1]])
    series: list[Plain] = [
        _scatter(say("campaign.measured"), [[each["place"], each["values"][name]] for each in measured], GREY),
        {
            "type": "line",
            "name": say("campaign.best_so_far"),
            "data": best,
            "step": "end",
            "showSymbol": False,
            "lineStyle": {"width": 2, "color": BLUE},
            "itemStyle": {"color": BLUE},
        },
        _intervals(
            [
                (each["place"], each["values"][name] - error, each["place"], each["values"][name] + error)
                for each in measured
                if (error := each["errors"].get(name)) is not None
            ],
            GREY,
        ),
        *_region(objective),
    ]
    return _chart(series, say("campaign.in_order"), named(name, objective["unit"]))


def trade_off(points: Sequence[Plain], first: Plain, second: Plain) -> Plain:
    """Two objectives against each other, with the Pareto front."""
    one, other = first["property"], second["property"]
    both = [each for each in points if one in each["values"] and other in each["values"]]
    front = sorted([each["values"][one], each["values"][other]] for each in both if each["best"])
    rest = [[each["values"][one], each["values"][other]] for each in both if not each["best"]]
    errors = [_cross(each, one, other) for each in both if each["best"]]
    series = [
        _scatter(say("campaign.measured"), rest, GREY),
        {
            "type": "line",
            "name": say("campaign.pareto_front"),
            "data": front,
            "symbolSize": 8,
            "symbol": "circle",
            "lineStyle": {"width": 1, "type": "dashed", "color": BLUE},
            "itemStyle": {"color": BLUE},
        },
        _intervals([line for lines in errors for line in lines], BLUE),
    ]
    return _chart(series, named(one, first["unit"]), named(other, second["unit"]))


def _cross(point: Plain, one: str, other: str) -> list[tuple[float, float, float, float]]:
    x, y = point["values"][one], point["values"][other]
    wide, high = point["errors"].get(one), point["errors"].get(other)
    lines = [] if wide is None else [(x - wide, y, x + wide, y)]
    return lines if high is None else [*lines, (x, y - high, x, y + high)]


def parallel(lines: Sequence[Plain], parameters: Sequence[Plain], objectives: Sequence[Plain]) -> Plain:
    """A line for each experiment over parameters and objectives; the best ones are drawn last and wide."""
    axes = [(each["name"], each["unit"], True) for each in parameters]
    axes += [(each["property"], each["unit"], False) for each in objectives]
    columns = [[_at(line, name, given) for line in lines] for name, _, given in axes]
    rows = list(zip(*columns, strict=True))
    kinds = [(False, GREY, 1, 0.45), (True, BLUE, 2, 0.95)]
    return {
        "animation": False,
        "parallel": {"left": 30, "right": 60, "top": 50, "bottom": 30},
        "parallelAxis": [
            _parallel_axis(dimension, len(axes), named(name, unit), columns[dimension])
            for dimension, (name, unit, _) in enumerate(axes)
        ],
        "series": [
            {
                "type": "parallel",
                "data": [
                    ["-" if each is None else each for each in row]
                    for row, line in zip(rows, lines, strict=True)
                    if line["best"] is best
                ],
                "lineStyle": {"color": color, "width": width, "opacity": opacity},
            }
            for best, color, width, opacity in kinds
        ],
    }


def _at(line: Plain, name: str, given: bool) -> Any:
    found = settings_of(line["candidate"]) if given else line["values"]
    return found.get(name)


def _parallel_axis(dimension: int, count: int, name: str, values: Sequence[Any]) -> Plain:
    """Names of neighbours stand at two heights, and those at the ends within the plot."""
    texts = sorted({each for each in values if isinstance(each, str)})
    axis = {"type": "category", "data": texts} if texts else {"type": "value", "scale": True}
    align = "left" if dimension == 0 else "right" if dimension == count - 1 else "center"
    return {
        "dim": dimension,
        "name": name,
        "nameLocation": "end",
        "nameGap": 30 if dimension % 2 else 12,
        "nameTextStyle": {"align": align},
        "axisLine": LINE,
        **axis,
    }


def parity(points: Plain, name: str, unit: str | None) -> Plain:
    """Measured values against what the model said of each from all the others, with intervals of 95 %."""
    rows = list(zip(points["measured"], points["predicted"], points["low"], points["high"], strict=True))
    ends = [min(points["measured"]), max(points["measured"])]
    series = [
        _scatter(say("campaign.left_out"), [[x, y] for x, y, _, _ in rows], BLUE),
        _intervals([(x, low, x, high) for x, _, low, high in rows], BLUE),
        _room([*points["measured"], *points["predicted"]], [*points["low"], *points["high"]], ends[0]),
        _diagonal(ends),
    ]
    measured = say("campaign.measured_axis", name=named(name, unit))
    return _chart(series, measured, say("campaign.predicted_axis"), scale=True)


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
    chart = _chart([line, _diagonal([0, 100])], say("campaign.nominal"), say("campaign.held"))
    for axis in (chart["xAxis"], chart["yAxis"]):
        axis |= {"min": 0, "max": 100, "scale": False}
    return chart


def sensitivities(bars: Plain, axis: str) -> Plain:
    """How much each parameter matters as bars, the largest on top; `axis` says what the number is."""
    ordered = sorted(bars.items(), key=lambda pair: pair[1])[-MOST_BARS:]
    return {
        "animation": False,
        "grid": {"left": 10, "right": 20, "top": 20, "bottom": 40, "containLabel": True},
        "xAxis": {**_axis(axis), "scale": False, "min": 0},
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
            _scatter(say("campaign.predicted"), list(enumerate(one["mean"])), BLUE),
            _intervals([(at, low[at], at, high[at]) for at in range(len(labels))], BLUE),
            _unseen(0, [*low, *high, *ends]),
        ]
        chart = _chart(series, x, y)
        # A tooltip would show the label, as HTML.
        words = {"interval": 0, "width": 80, "overflow": "truncate", "rotate": 25 if len(labels) > 2 else 0}
        axis = {**chart["xAxis"], "type": "category", "data": labels, "axisLabel": words, "nameGap": 48}
        return {**chart, "tooltip": {"show": False}, "xAxis": axis}
    line = {
        "type": "line",
        "name": say("campaign.predicted"),
        "data": [list(pair) for pair in zip(one["at"], one["mean"], strict=True)],
        "showSymbol": False,
        "lineStyle": {"width": 2, "color": BLUE},
        "itemStyle": {"color": BLUE},
    }
    return _chart([*_band(one["at"], low, high), line, _unseen(one["at"][0], ends)], x, y)


def _band(at: Sequence[float], low: Sequence[float], high: Sequence[float]) -> list[Plain]:
    """An area between two lines: the lower one, unseen, and on top of it how far the upper one is above it."""
    edge = {"type": "line", "stack": "band", "stackStrategy": "all", "showSymbol": False, "silent": True}
    wide = [top - bottom for bottom, top in zip(low, high, strict=True)]
    return [
        {**edge, "data": [list(pair) for pair in zip(at, each, strict=True)], "lineStyle": {"opacity": 0}, **seen}
        for each, seen in ((low, {}), (wide, {"areaStyle": {"color": BLUE, "opacity": 0.2}}))
    ]


def columns(headings: Sequence[str], points: Sequence[Sequence[tuple[float, float]]]) -> Plain:
    """Columns of a file over its first one."""
    axis = {
        "type": "value",
        "scale": True,
        "axisLabel": {"color": DARK},
        "nameTextStyle": {"color": DARK},
        "splitLine": {"lineStyle": {"color": DARK, "opacity": 0.4}},
    }
    names = headings[1:]
    return {
        "animation": False,
        "grid": {"left": 12, "right": 24, "top": 40, "bottom": 36, "containLabel": True},
        "legend": {"show": len(names) > 1, "type": "scroll", "top": 0, "textStyle": {"color": DARK}},
        "tooltip": {"trigger": "axis"},
        "xAxis": {**axis, "name": headings[0], "nameLocation": "middle", "nameGap": 28},
        "yAxis": {**axis, "name": names[0] if len(names) == 1 else ""},
        "series": [
            {"type": "line", "name": name, "data": column, "showSymbol": False, "lineStyle": {"width": 1.5}}
            for name, column in zip(names, points, strict=True)
        ],
    }


def _chart(series: list[Plain], x: str, y: str, scale: bool = True) -> Plain:
    return {
        "animation": False,
        "grid": {"left": 10, "right": 24, "top": 60, "bottom": 36, "containLabel": True},
        "legend": {"top": 0, "data": [each["name"] for each in series if each.get("name")]},
        "tooltip": {"trigger": "item"},
        "xAxis": {**_axis(x), "nameLocation": "middle", "nameGap": 28, "scale": scale},
        "yAxis": {**_axis(y), "nameLocation": "end", "nameTextStyle": {"align": "left"}, "scale": scale},
        "series": [each for each in series if each],
    }


def _axis(name: str) -> Plain:
    return {
        "type": "value",
        "name": name,
        "nameLocation": "middle",
        "nameGap": 28,
        "axisLine": LINE,
        "splitLine": {"lineStyle": {"color": GREY, "opacity": 0.25}},
    }


def _scatter(name: str, data: Sequence[Sequence[float]], color: str) -> Plain:
    return {"type": "scatter", "name": name, "data": data, "symbolSize": 6, "itemStyle": {"color": color}}


def _intervals(lines: Sequence[tuple[float, float, float, float]], color: str) -> Plain:
    return {
        "type": "lines",
        "coordinateSystem": "cartesian2d",
        "data": [{"coords": [[x1, y1], [x2, y2]]} for x1, y1, x2, y2 in lines],
        "lineStyle": {"color": color, "width": 1.5, "opacity": 0.7},
        "silent": True,
    }


def _room(values: Sequence[float], ends: Sequence[float], x: float) -> Plain:
    """Makes the upward axis long enough for the ends of intervals, unless they are far from all values."""
    least, most = min(values), max(values)
    near = [end for end in ends if least - (most - least) <= end <= most + (most - least)]
    return _unseen(x, near)


def _unseen(x: float, values: Sequence[float]) -> Plain:
    return {"type": "scatter", "data": [[x, each] for each in values], "symbolSize": 0, "silent": True}


def _diagonal(ends: Sequence[float]) -> Plain:
    return {
        "type": "line",
        "data": [[each, each] for each in ends],
        "showSymbol": False,
        "silent": True,
        "lineStyle": {"color": ORANGE, "type": "dashed", "width": 1},
    }


def _region(objective: Plain) -> list[Plain]:
    """The region that is wanted, as lines at its ends."""
    ends = [objective[each] for each in ("low", "high") if objective.get(each) is not None]
    if objective["goal"] != "target" or not ends:
        return []
    return [
        {
            "type": "scatter",
            "name": say("campaign.target"),
            "data": [],
            "itemStyle": {"color": GREEN},
            "markLine": {
                "silent": True,
                "symbol": "none",
                "label": {"show": False},
                "lineStyle": {"color": GREEN},
                "data": [{"yAxis": each} for each in ends],
            },
        }
    ]
