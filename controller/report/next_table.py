"""Proposals as a table to work through: what is measured is filled in, and the file is imported again."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from controller.report.explained import said_cells, said_columns
from controller.report.table import write_csv
from controller.spec import Campaign as Spec
from controller.spec import properties_of
from strategies.spaces import Space, candidate_of, space_contains, values_in

DIGITS = (6, 9, 12)  # significant ones: the fewest with which the candidate stays in its space


def write_next(path: Path, spec: Spec, rows: Sequence[Mapping[str, Any]], *, explain: bool = False) -> None:
    """One line for each proposal: its settings, an empty cell for each property, then what is predicted and why."""
    names, wanted, predicted = spec.space.names(), properties_of(spec), [each.property for each in spec.objectives]
    label = spec.space.pool.label if spec.space.pool else None
    lines = []
    for row in rows:
        candidate = row["candidate"]
        settings = _rounded(spec.space, values_in(spec.space, candidate))
        lines.append(
            [
                *([candidate.get("label")] if label else []),
                *(settings[name] for name in names),
                *(None for _ in wanted),
                *said_cells(predicted, row, explain=explain),
            ]
        )
    columns = said_columns(predicted, explain=explain)
    write_csv(path, [*([label] if label else []), *names, *wanted, *columns], lines)


def _rounded(space: Space, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values as people can set them; every digit where the rounded ones would leave the space."""
    if space.pool is not None:
        return values
    for digits in DIGITS:
        shorter = {name: _short(value, digits) for name, value in values.items()}
        if not space_contains(space, candidate_of(space, shorter)):
            return shorter
    return values


def _short(value: Any, digits: int) -> Any:
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value
