"""Plots as PNG, without a display."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Points = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Cloud:
    """Points that are shown with one mark. `step` joins them as the edge of what a front dominates.

    `pre` where more of the first objective is better, `post` where less is.
    """

    label: str
    points: Points
    color: str
    mark: str = "o"
    size: float = 18
    step: Literal["pre", "post"] | None = None


def pareto_plot(
    path: Path, title: str, axes: Sequence[str], clouds: Sequence[Cloud], scales: Sequence[str] = ("linear", "linear")
) -> None:
    """Draw two objectives against each other, in this order of clouds; `scales` are linear or log, for each axis."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5.5), layout="constrained")
    FigureCanvasAgg(figure)
    plot: Any = figure.add_subplot()
    for cloud in clouds:
        _draw(plot, cloud)
    plot.set(title=title, xlabel=axes[0], ylabel=axes[1], xscale=scales[0], yscale=scales[1])
    _plain_numbers(plot)
    plot.grid(alpha=0.3)
    if any(cloud.points for cloud in clouds):
        plot.legend(loc="best")
    _save(figure, path)


def curves_plot(
    path: Path,
    title: str,
    axes: Sequence[str],
    curves: Mapping[str, tuple[Sequence[float | None], Sequence[float]]],
    best: float | None = None,
) -> None:
    """Draw mean curves with a band of one standard deviation, gaps where there is None; `best` is a line above."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5.5), layout="constrained")
    FigureCanvasAgg(figure)
    plot: Any = figure.add_subplot()
    for label, (means, deviation) in curves.items():
        numbers, mean = range(1, len(means) + 1), [math.nan if each is None else each for each in means]
        [line] = plot.plot(numbers, mean, label=label)
        low, high = zip(*((m - d, m + d) for m, d in zip(mean, deviation, strict=True)), strict=True)
        plot.fill_between(numbers, low, high, color=line.get_color(), alpha=0.15)
    if best is not None:
        plot.axhline(best, color="0.3", linestyle="--", label="best of the table")
    plot.set(title=title, xlabel=axes[0], ylabel=axes[1])
    plot.grid(alpha=0.3)
    plot.legend(loc="best")
    _save(figure, path)


def _save(figure: "Figure", path: Path) -> None:
    """Whole or not at all."""
    fresh = path.with_name(f".{path.name}.new")
    figure.savefig(fresh, format="png", dpi=120)
    fresh.replace(path)


def _plain_numbers(plot: Any) -> None:
    """Numbers as people write them on logarithmic axes too."""
    from matplotlib.ticker import LogFormatter

    for axis in (plot.xaxis, plot.yaxis):
        if axis.get_scale() == "log":
            axis.set_major_formatter(LogFormatter())
            axis.set_minor_formatter(LogFormatter(minor_thresholds=(2, 0.5)))


def _draw(plot: "Axes", cloud: Cloud) -> None:
    ordered = sorted((float(x), float(y)) for x, y in cloud.points)
    if not ordered:
        return
    x, y = zip(*ordered, strict=True)
    plot.scatter(x, y, s=cloud.size, c=cloud.color, marker=cloud.mark, label=cloud.label, zorder=3)
    if cloud.step is not None:
        plot.step(x, y, where=cloud.step, color=cloud.color, linewidth=1)
