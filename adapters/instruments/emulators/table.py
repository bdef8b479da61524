"""An instrument that replays measured data from a CSV file, replicates included."""

import csv
import math
from typing import Any

from adapters.instruments import Capability, Channel, FailedMeasurement, Finished, Invalid, Measurement, Work
from adapters.instruments.emulators.config import Table

MODEL = "table of measured data"
CAPABILITY = "look_up"

Key = tuple[Any, ...]


def capabilities(table: Table) -> dict[str, Capability]:
    """What the table can be asked."""
    channels = {name: Channel(property=each.property, unit=each.unit) for name, each in table.measured.items()}
    return {CAPABILITY: Capability(channels=channels)}


class Rows:
    """The table in memory: the rows of each candidate, in the order of the file."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._rows: dict[Key, list[dict[str, str]]] = {}
        with table.file.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            needed = {*table.parameters, *table.measured} | ({table.label} if table.label else set())
            if missing := needed - set(reader.fieldnames or ()):
                raise ValueError(f"{table.file} has no column {', '.join(sorted(missing))}")
            for row in reader:
                self._rows.setdefault(self._key(row, row[table.label] if table.label else ""), []).append(row)

    def look_up(self, work: Work) -> Finished:
        """The row of the candidate's replicate; raises `Invalid` or `FailedMeasurement`."""
        values, units = work.candidate.get("values", {}), work.candidate.get("units", {})
        for name, unit in self._table.parameters.items():
            if name not in values:
                raise Invalid(f"the candidate has no {name}")
            if unit is not None and (units.get(name) or "dimensionless") != unit:
                raise Invalid(f"{name} is in {units.get(name)}; the table is in {unit}")
        rows = self._rows.get(self._key(values, work.candidate.get("label", "") if self._table.label else ""), [])
        if not rows:
            raise Invalid("the table does not hold this candidate")
        if work.replicate > len(rows):
            raise FailedMeasurement(f"the table holds {len(rows)} replicates of this candidate")
        return Finished([self._measurement(name, rows[work.replicate - 1][name]) for name in self._table.measured])

    def _measurement(self, column: str, cell: str) -> Measurement:
        held = self._table.measured[column]
        try:
            value = float(cell)
        except ValueError:
            raise FailedMeasurement(f"column {column} holds {cell!r}") from None
        if not math.isfinite(value):
            raise FailedMeasurement(f"column {column} holds {cell!r}")
        return Measurement(channel=column, property=held.property, value=value, unit=held.unit)

    def _key(self, values: dict[str, Any], label: str) -> Key:
        return (label.strip(), *(_rounded(values[name]) for name in self._table.parameters))


def _rounded(value: Any) -> Any:
    """Numbers that differ by less than the tenth digit are the same point."""
    try:
        return float(f"{float(value):.10g}")
    except ValueError:
        return str(value).strip()
