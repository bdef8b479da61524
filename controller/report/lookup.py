"""A table of measured values in the place of a laboratory: what it says about a candidate is the result."""

import math
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from controller.spec import Campaign as Spec
from controller.spec import TableError, read_rows
from strategies.spaces import ENUMERATION_LIMIT, Space, finite_rows, finite_size, values_in

REMEDY = "give the space exactly the table's values, for instance as a pool whose file is the table"

Values = Mapping[str, float]
Replicates = Literal["mean", "draw"]
Key = tuple[float | str, ...]


class LookupTable:
    """Rows of a CSV whose columns are named as in the space and the objectives; equal inputs are replicates."""

    def __init__(self, content: bytes, spec: Spec, replicates: Replicates = "mean") -> None:
        self._space = spec.space
        self._names = spec.space.names()
        self._replicates = replicates
        self._rows: dict[Key, list[Values | None]] = defaultdict(list)
        for row in read_rows(content, spec):
            self._rows[tuple(_cell(row.inputs[name]) for name in self._names)].append(row.values)

    def __len__(self) -> int:
        return len(self._rows)

    def check_covers(self, space: Space, files: Mapping[str, Path]) -> None:
        """Raise `TableError` unless there is a row for all that can be proposed, as far as that can be listed."""
        size = None if space.pool else finite_size(space)
        if space.pool is None and size is None:
            raise TableError(f"the space has points between the table's rows; {REMEDY}")
        if size is not None and size > ENUMERATION_LIMIT:
            return
        rows = finite_rows(space, files)
        missing = [place for place in rows.places.tolist() if self._key(rows.table.row(place)) not in self._rows]
        if missing:
            first = self._shown(rows.table.row(missing[0]))
            raise TableError(
                f"the table has no row for {len(missing)} of the {len(rows)} candidates of the space, such as "
                f"{first}; {REMEDY}"
            )

    def means(self) -> list[Values]:
        """The mean of each candidate that has not failed."""
        return [mean for rows in self._rows.values() if (mean := _mean(rows)) is not None]

    def measure(self, candidate: Mapping[str, Any], seed: int, replicate: int) -> Values | None:
        """What a measurement gives, None for a failure; raises `TableError` where the table is silent."""
        values = values_in(self._space, dict(candidate))
        key = self._key(values)
        if (rows := self._rows.get(key)) is None:
            raise TableError(f"the table has no row for {self._shown(values)}; {REMEDY}")
        if self._replicates == "mean":
            return _mean(rows)
        return random.Random(f"{seed}/{key}/{replicate}").choice(rows)

    def _key(self, values: Mapping[str, float | str]) -> Key:
        return tuple(_cell(values[name]) for name in self._names)

    def _shown(self, values: Mapping[str, float | str]) -> str:
        return ", ".join(f"{name}={values[name]}" for name in self._names[:10])


def _mean(rows: Sequence[Values | None]) -> Values | None:
    good = [row for row in rows if row is not None]
    return {name: math.fsum(row[name] for row in good) / len(good) for name in good[0]} if good else None


def _cell(value: float | str) -> float | str:
    """Numbers compare as numbers, up to the rounding of a last digit."""
    try:
        return float(f"{float(value):.12g}")
    except ValueError:
        return str(value).strip()
