"""A table of measured values in the place of a laboratory: what it says about a candidate is the result."""

import math
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from controller.spec import Campaign as Spec
from controller.spec import TableError, read_rows

Values = Mapping[str, float]
Replicates = Literal["mean", "draw"]
Key = tuple[float | str, ...]


class LookupTable:
    """Rows of a CSV whose columns are named as in the space and the objectives; equal inputs are replicates."""

    def __init__(self, content: bytes, spec: Spec, replicates: Replicates = "mean") -> None:
        if spec.space.kind != "conditions":
            raise TableError(f"candidates of kind {spec.space.kind!r} cannot be looked up in a table")
        self._names = spec.space.names()
        self._replicates = replicates
        self._rows: dict[Key, list[Values | None]] = defaultdict(list)
        for row in read_rows(content, spec):
            self._rows[tuple(_cell(row.inputs[name]) for name in self._names)].append(row.values)

    def __len__(self) -> int:
        return len(self._rows)

    def means(self) -> list[Values]:
        """The mean of each candidate that has not failed."""
        return [mean for rows in self._rows.values() if (mean := _mean(rows)) is not None]

    def measure(self, candidate: Mapping[str, Any], seed: int, replicate: int) -> Values | None:
        """What a measurement gives, None for a failure; raises `TableError` where the table is silent."""
        key = tuple(_cell(candidate["values"][name]) for name in self._names)
        if (rows := self._rows.get(key)) is None:
            values = ", ".join(f"{name}={candidate['values'][name]}" for name in self._names[:10])
            raise TableError(
                f"the table has no row for {values}; give the space exactly the table's values, for instance as a "
                "pool whose file is the table"
            )
        if self._replicates == "mean":
            return _mean(rows)
        return random.Random(f"{seed}/{key}/{replicate}").choice(rows)


def _mean(rows: Sequence[Values | None]) -> Values | None:
    good = [row for row in rows if row is not None]
    return {name: math.fsum(row[name] for row in good) / len(good) for name in good[0]} if good else None


def _cell(value: float | str) -> float | str:
    """Numbers compare as numbers, up to the rounding of a last digit."""
    try:
        return float(f"{float(value):.12g}")
    except ValueError:
        return str(value).strip()
