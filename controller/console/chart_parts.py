"""What every chart is made of: axes, points, intervals, and colors that are told apart."""

from collections.abc import Sequence
from typing import Any

Plain = dict[str, Any]

# Told apart by people who see no red or no green (Okabe and Ito 2008), on light and on dark paper.
BLUE, ORANGE, GREEN, GREY = "#3b82c4", "#d9822b", "#1f9d78", "#8792a0"
DARK = "#76808c"  # for what is written
LINE = {"lineStyle": {"color": GREY}}


def chart(series: list[Plain], x: str, y: str, scale: bool = True) -> Plain:
    return {
        "animation": False,
        "grid": {"left": 10, "right": 24, "top": 60, "bottom": 36, "containLabel": True},
        "legend": {"top": 0, "data": [each["name"] for each in series if each.get("name")]},
        "tooltip": {"trigger": "item"},
        "xAxis": {**axis(x), "nameLocation": "middle", "nameGap": 28, "scale": scale},
        "yAxis": {**axis(y), "nameLocation": "end", "nameTextStyle": {"align": "left"}, "scale": scale},
        "series": [each for each in series if each],
    }


def axis(name: str) -> Plain:
    return {
        "type": "value",
        "name": name,
        "nameLocation": "middle",
        "nameGap": 28,
        "axisLine": LINE,
        "splitLine": {"lineStyle": {"color": GREY, "opacity": 0.25}},
    }


def scatter(name: str, data: Sequence[Sequence[float]], color: str) -> Plain:
    return {"type": "scatter", "name": name, "data": data, "symbolSize": 6, "itemStyle": {"color": color}}


def intervals(lines: Sequence[tuple[float, float, float, float]], color: str) -> Plain:
    return {
        "type": "lines",
        "coordinateSystem": "cartesian2d",
        "data": [{"coords": [[x1, y1], [x2, y2]]} for x1, y1, x2, y2 in lines],
        "lineStyle": {"color": color, "width": 1.5, "opacity": 0.7},
        "silent": True,
    }


def unseen(x: float, values: Sequence[float]) -> Plain:
    return {"type": "scatter", "data": [[x, each] for each in values], "symbolSize": 0, "silent": True}
