"""A figure with what is wanted of it, and the table of figures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured number; `at_least` or `at_most` is what is wanted of it, if anything is."""

    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def missed(self) -> bool:
        """Whether it is not as wanted."""
        below = self.at_least is not None and self.value < self.at_least
        above = self.at_most is not None and self.value > self.at_most
        return below or above

    @property
    def wanted(self) -> str:
        """What is wanted, in words."""
        if self.at_least is not None:
            return f"at least {self.at_least:g}"
        return "" if self.at_most is None else f"at most {self.at_most:g}"


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which that share of the values lies; raises `ValueError` for none."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values: nothing was measured")
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def table(figures: Sequence[Figure]) -> str:
    """Figure, value, unit, wanted; an exclamation mark where it is missed."""
    head = ("figure", "value", "unit", "wanted", "")
    rows = [head, *((f.name, f"{f.value:,.4g}" if f.value < 100 else f"{f.value:,.0f}", f.unit, f.wanted,
                     "!" if f.missed else "") for f in figures)]  # fmt: skip
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])
