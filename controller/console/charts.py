"""Options of charts (Apache ECharts) from plain data.

A key that begins with a colon would be run as a script by the browser: names that people chose stand in values only.
Nothing of theirs stands in tooltips either, which ECharts draws as HTML.
"""

from collections.abc import Sequence
from typing import Any

from controller.console.chart_parts import (
    BLUE,
    DARK,
    GREEN,
    GREY,
    LINE,
    Plain,
    chart,
    intervals,
    scatter,
)
from controller.console.shown import named
from controller.console.texts import say
from strategies.spaces import settings_of


def progress(points: Sequence[Plain], objective: Plain, place: int) -> Plain:
    """Measured values of an objective by experiment with intervals of one standard error, and the best so far."""
    name = objective["property"]
    measured = [each for each in points if name in each["values"]]
    best = [[each["place"], each["values"][name]] for each in measured if place in each["records"]]
    if best and measured:
        best.append([measured[-1]["place"], best[-1][1]])
    series: list[Plain] = [
        scatter(say("campaign.measured"), [[each["place"], each["values"][name]] for each in measured], GREY),
        {
            "type": "line",
            "name": say("campaign.best_so_far"),
            "data": best,
            "step": "end",
            "showSymbol": False,
            "lineStyle": {"width": 2, "color": BLUE},
            "itemStyle": {"color": BLUE},
        },
        intervals(
            [
                (each["place"], each["values"][name] - error, each["place"], each["values"][name] + error)
                for each in measured
                if (error := each["errors"].get(name)) is not None
            ],
            GREY,
        ),
        *_region(objective),
    ]
    return chart(series, say("campaign.in_order"), named(name, objective["unit"]))


def trade_off(points: Sequence[Plain], first: Plain, second: Plain) -> Plain:
    """Two objectives against each other, with the Pareto front."""
    one, other = first["property"], second["property"]
    both = [each for each in points if one in each["values"] and other in each["values"]]
    front = sorted([each["values"][one], each["values"][other]] for each in both if each["best"])
    rest = [[each["values"][one], each["values"][other]] for each in both if not each["best"]]
    errors = [_cross(each, one, other) for each in both if each["best"]]
    series = [
        scatter(say("campaign.measured"), rest, GREY),
        {
            "type": "line",
            "name": say("campaign.pareto_front"),
            "data": front,
            "symbolSize": 8,
            "symbol": "circle",
            "lineStyle": {"width": 1, "type": "dashed", "color": BLUE},
            "itemStyle": {"color": BLUE},
        },
        intervals([line for lines in errors for line in lines], BLUE),
    ]
    return chart(series, named(one, first["unit"]), named(other, second["unit"]))


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


def _region(objective: Plain) -> list[Plain]:
    """The region, value or level that is wanted, as lines at its ends."""
    ends = [objective[each] for each in ("low", "high", "value", "level") if objective.get(each) is not None]
    if not ends:
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
