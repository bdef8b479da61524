"""A table of measured values in the place of a laboratory: what it says about a candidate is the result."""

import csv
import io
import math
import random
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Literal

from controller.spec import Campaign as Spec

Replicates = Literal["mean", "draw"]
Key = tuple[float | str, ...]


class LookupTableError(ValueError):
    """The table cannot stand for the laboratory; the text says what is missing and where."""


class LookupTable:
    """Rows of a CSV whose columns are named as in the space and the objectives; equal inputs are replicates.

    A row with an empty cell among the properties is a failed synthesis.
    """

    def __init__(self, content: bytes, spec: Spec, replicates: Replicates = "mean") -> None:
        if spec.space.kind != "conditions":
            raise LookupTableError(f"candidates of kind {spec.space.kind!r} cannot be looked up in a table")
        self._names = spec.space.names()
        self._properties = [each.property for each in spec.objectives]
        self._properties += [each.property for each in spec.constraints if each.property not in self._properties]
        self._replicates = replicates
        self._rows: dict[Key, list[dict[str, float] | None]] = defaultdict(list)
        self._read(content)

    def _read(self, content: bytes) -> None:
        try:
            reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
            header = reader.fieldnames or []
            if missing := [name for name in (*self._names, *self._properties) if name not in header]:
                raise LookupTableError(f"the table has no column {', '.join(missing)}; it has {', '.join(header)}")
            for line, row in enumerate(reader, start=2):
                key = tuple(_cell(row[name] or "") for name in self._names)
                self._rows[key].append(self._values(line, row))
        except (UnicodeDecodeError, csv.Error) as error:
            raise LookupTableError(f"the table is no CSV file in UTF-8 ({error})") from error
        if not self._rows:
            raise LookupTableError("the table has no rows")

    def _values(self, line: int, row: Mapping[str, str]) -> dict[str, float] | None:
        cells = {name: (row[name] or "").strip() for name in self._properties}
        if not all(cells.values()):
            return None
        try:
            values = {name: float(text) for name, text in cells.items()}
        except ValueError as error:
            raise LookupTableError(f"line {line} of the table: {error}") from error
        if not all(map(math.isfinite, values.values())):
            raise LookupTableError(f"line {line} of the table: a value is not finite")
        return values

    def __len__(self) -> int:
        return len(self._rows)

    def means(self) -> list[dict[str, float]]:
        """The mean of each candidate that has not failed."""
        return [mean for rows in self._rows.values() if (mean := _mean(rows)) is not None]

    def measure(self, candidate: Mapping[str, Any], seed: int, replicate: int) -> dict[str, float] | None:
        """What a measurement gives, None for a failure; raises `LookupTableError` where the table is silent."""
        key = tuple(_cell(candidate["values"][name]) for name in self._names)
        if (rows := self._rows.get(key)) is None:
            values = ", ".join(f"{name}={candidate['values'][name]}" for name in self._names[:10])
            raise LookupTableError(
                f"the table has no row for {values}; give the space exactly the table's values, for instance as a "
                "pool whose file is the table"
            )
        if self._replicates == "mean":
            return _mean(rows)
        return random.Random(f"{seed}/{key}/{replicate}").choice(rows)


def _mean(rows: list[dict[str, float] | None]) -> dict[str, float] | None:
    good = [row for row in rows if row is not None]
    return {name: math.fsum(row[name] for row in good) / len(good) for name in good[0]} if good else None


def _cell(value: float | str) -> float | str:
    """Numbers compare as numbers, up to the rounding of a last digit."""
    try:
        return float(f"{float(value):.12g}")
    except ValueError:
        return str(value).strip()
