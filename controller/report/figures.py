"""Figures without a display, as they stand in a page."""

import base64
import io
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(rows: int = 1, columns: int = 1, size: tuple[float, float] = (7.5, 4)) -> tuple["Figure", list[Any]]:
    """A figure of `size` (inches) and its plots, row by row, with one scale upward: they are there to be compared."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    fresh = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(fresh)
    plots = list(fresh.subplots(rows, columns, squeeze=False, sharey=True).flat)
    for plot in plots:
        plot.grid(alpha=0.3)
    return fresh, plots


def image(drawn: "Figure", what: str) -> str:
    """The figure as HTML, a PNG that is part of the text; `what` is said where it is not seen."""
    content = io.BytesIO()
    drawn.savefig(content, format="png", dpi=110)
    data = base64.b64encode(content.getvalue()).decode()
    return f'<p><img alt="{escape(what)}" src="data:image/png;base64,{data}"></p>'
