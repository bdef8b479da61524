"""Look for curves and texts in stored files; runs in a worker, since they may be big, and anybody's."""

from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adapters.analysis import UnreadableFile
from adapters.analysis.curves import table_in
from controller.report.contents import Curves, Extremes, Seen

Array = NDArray[np.float64]

LOOKED_AT = 5 * 1024 * 1024  # bytes in which a curve is looked for
TEXT_SHOWN = 200 * 1024  # bytes
POINTS = 2000  # of a curve
CURVES = 8


def look(path: Path) -> Seen:
    """Look into a file; takes some seconds where it is big."""
    with path.open("rb") as file:
        content = file.read(LOOKED_AT + 1)
    cut = len(content) > LOOKED_AT
    text = _text(content[:LOOKED_AT])
    if text is None:
        return Seen()
    shown = content[:TEXT_SHOWN].decode("utf-8-sig", "replace")
    return Seen(curves=curves_in(text, cut), text=shown, cut=len(content) > TEXT_SHOWN)


def _text(content: bytes) -> str | None:
    """As text, if it is one; some instruments write a degree sign in their own way."""
    if b"\0" in content:
        return None
    text = content.decode("utf-8-sig", "replace")
    return None if text.count("\N{REPLACEMENT CHARACTER}") > len(text) // 20 else text


def curves_in(text: str, cut: bool = False) -> Curves | None:
    """The table of numbers that most of a text is; the last line may be broken off where it is `cut`."""
    lines = text.splitlines()[: -1 if cut else None]
    try:
        headings, table = table_in(lines)
    except UnreadableFile:
        return None
    if len(table) < len(lines) / 2:  # a log with some numbers in it
        return None
    width = min(table.shape[1], CURVES + 1)
    named = headings if len(headings) == table.shape[1] else []
    return Curves(
        headings=[(named[place] if named else "") or str(place + 1) for place in range(width)],
        points=[thin(table[:, 0], table[:, place]) for place in range(1, width)],
        extremes=[_extremes(table[:, 0], table[:, place]) for place in range(1, width)],
        count=len(table),
    )


def _extremes(x: Array, y: Array) -> Extremes | None:
    there = np.isfinite(x) & np.isfinite(y)
    if not there.any():
        return None
    x, y = x[there], y[there]
    low, high = int(np.argmin(y)), int(np.argmax(y))
    return float(x[low]), float(y[low]), float(x[high]), float(y[high])


def thin(x: Array, y: Array, most: int = POINTS) -> list[tuple[float, float]]:
    """At most so many points, among them the highest and the lowest of each stretch: no peak is lost."""
    there = np.isfinite(x) & np.isfinite(y)
    x, y = x[there], y[there]
    if len(x) > most:
        edges = np.linspace(0, len(x), most // 2 + 1).astype(int)
        ends = [
            low + int(find(y[low:high])) for low, high in pairwise(edges.tolist()) for find in (np.argmin, np.argmax)
        ]
        places = sorted(set(ends))
        x, y = x[places], y[places]
    return list(zip(x.tolist(), y.tolist(), strict=True))
