"""What a stored file holds, as far as it can be shown: a picture, a curve, a text, or none of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PICTURES = {"image/png", "image/jpeg"}  # what a browser may show in place; everything else is downloaded

Extremes = tuple[float, float, float, float]  # where it is lowest, how low; and highest


@dataclass(frozen=True)
class Curves:
    """Columns over the first one; `points` are few enough to be drawn."""

    headings: Sequence[str]
    points: Sequence[Sequence[tuple[float, float]]]
    extremes: Sequence[Extremes | None]  # of each; none where no point is a number
    count: int


@dataclass(frozen=True)
class Seen:
    """What can be shown; `cut`: that is not all of it."""

    picture: bool = False
    curves: Curves | None = None
    text: str | None = None
    cut: bool = False


def seen_from(plain: Mapping[str, Any]) -> Seen:
    """As a worker tells of it."""
    curves = plain["curves"]
    return Seen(**{**plain, "curves": None if curves is None else Curves(**curves)})
