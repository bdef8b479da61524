"""Whether a candidate belongs to a space, and if not, why."""

from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

from strategies.spaces.candidates import Candidate, CandidateError, validate_candidate
from strategies.spaces.finite import finite_rows
from strategies.spaces.keys import canonical_number, key_of_valid
from strategies.spaces.parameters import Labelled, Parameter
from strategies.spaces.snapping import Setting, all_hold, snap
from strategies.spaces.space import Space
from strategies.units import convert


def space_contains(
    space: Space,
    candidate: Candidate,
    files: Mapping[str, Path] | None = None,
    keys: Container[str] | None = None,
) -> list[str]:
    """What keeps the candidate out of the space, in words; empty when it belongs to it.

    A pool space looks its rows up among the `keys` of them, or without these in `files` (path by SHA-256), and raises
    `PoolError` when the file is not there.
    """
    try:
        validate_candidate(candidate)
        values = values_in(space, candidate)
    except CandidateError as error:
        return [str(error)]
    if space.pool is not None:
        if key_of_valid(candidate) not in (finite_rows(space, files or {}).keys if keys is None else keys):
            return [f"no row of the pool {space.pool.file!r} is this candidate"]
        return _broken_constraints(space, values)
    faults = [fault for name, parameter in space.parameters.items() for fault in _faults(name, parameter, values[name])]
    return faults or _broken_constraints(space, values)


def values_in(space: Space, candidate: Candidate) -> dict[str, Setting]:
    """The candidate's values in the space's units, by the space's names; raises `CandidateError` for a misfit."""
    if candidate["kind"] != space.kind:
        raise CandidateError(f"the candidate is of kind {candidate['kind']!r}, the space of kind {space.kind!r}")
    values: dict[str, Any] = candidate["values"]
    strangers = sorted(set(values) ^ set(space.names()))
    if strangers:
        place = "missing" if strangers[0] not in values else "no parameter of the space"
        raise CandidateError(f"{strangers[0]!r} is {place}; the space has {', '.join(space.names())}")
    return {name: _in_unit(name, value, candidate.get("units", {}).get(name), space) for name, value in values.items()}


def _in_unit(name: str, value: Setting, unit: str | None, space: Space) -> Setting:
    if isinstance(value, str):
        return value
    try:
        return convert(value, unit or "dimensionless", space.unit(name))
    except ValueError as error:
        raise CandidateError(f"{name}: {error}") from error


def _faults(name: str, parameter: Parameter, value: Setting) -> list[str]:
    """Out of bounds, off the grid, or of the wrong type."""
    if isinstance(parameter, Labelled):
        return [] if value in parameter.choices else [f"{name}: {value!r} is none of {', '.join(parameter.choices)}"]
    if isinstance(value, str):
        return [f"{name}: {value!r} is no number"]
    nearest = snap(parameter, value)
    if isinstance(nearest, str) or _same(value, nearest):
        return []
    return [f"{name}: {value:g} cannot be set; the nearest value is {nearest:g}"]


def _same(value: float, nearest: float) -> bool:
    if canonical_number(value) == canonical_number(nearest):
        return True
    return abs(value - nearest) <= 1e-9 * max(abs(value), abs(nearest))


def _broken_constraints(space: Space, values: Mapping[str, Setting]) -> list[str]:
    return [
        f"{constraint.text} does not hold"
        for constraint in space.linear_constraints()
        if not all_hold([constraint], values)
    ]
