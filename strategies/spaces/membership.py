"""Whether a candidate belongs to a space, and if not, why."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strategies.spaces.candidates import Candidate, CandidateError, validate_candidate
from strategies.spaces.keys import canonical_number
from strategies.spaces.parameters import Labelled, Parameter
from strategies.spaces.settings import Setting, snap
from strategies.spaces.space import Space
from strategies.units import convert

if TYPE_CHECKING:
    from strategies.spaces.finite import Rows


def space_contains(
    space: Space,
    candidate: Candidate,
    files: Mapping[str, Path] | None = None,
    rows: "Rows | None" = None,
) -> list[str]:
    """What keeps the candidate out of the space, in words; empty when it belongs to it.

    A pool space looks the candidate up among its `rows`, or without these in `files` (path by SHA-256), and raises
    `PoolError` when the file is not there.
    """
    try:
        validate_candidate(candidate)
        values = values_in(space, candidate)
    except CandidateError as error:
        return [str(error)]
    if space.pool is not None:
        from strategies.spaces.finite import finite_rows  # which reads candidates' values by this module

        if (finite_rows(space, files or {}) if rows is None else rows).find(candidate) is None:
            return [f"no row of the pool {space.pool.file!r} is this candidate"]
        return space.broken(values)
    return faults_in(space, values)


def faults_in(space: Space, values: Mapping[str, Setting]) -> list[str]:
    """What keeps values (in the space's units) out of a space that is no pool, in words."""
    faults = [fault for name, parameter in space.settable().items() for fault in _faults(name, parameter, values[name])]
    faults = faults or [fault for mixture in space.mixtures for fault in mixture.faults(values)]
    return faults or space.broken(values)


def values_in(space: Space, candidate: Candidate) -> dict[str, Setting]:
    """The candidate's values in the space's units, by the space's names; raises `CandidateError` for a misfit."""
    if candidate["kind"] != space.kind:
        raise CandidateError(f"the candidate is of kind {candidate['kind']!r}, the space of kind {space.kind!r}")
    parts = {} if space.kind == "conditions" else _amounts(space, candidate)
    values: dict[str, Any] = candidate.get("values", {})
    strangers = sorted({*values, *parts} ^ set(space.names()))
    if strangers:
        place = "missing" if strangers[0] not in values else "no parameter of the space"
        raise CandidateError(f"{strangers[0]!r} is {place}; the space has {', '.join(space.names())}")
    units = candidate.get("units", {})
    return {**{name: _in_unit(name, value, units.get(name), space) for name, value in values.items()}, **parts}


def _amounts(space: Space, candidate: Candidate) -> dict[str, Setting]:
    """The components' amounts, of which only the ratios count, brought to the total of the space's mixture."""
    mixture = space.mixtures[0]
    if space.kind == "mixture" and candidate["basis"] != space.basis:
        raise CandidateError(f"the amounts are by {candidate['basis']}, those of the space by {space.basis}")
    given: dict[str, float] = candidate["amounts" if space.kind == "mixture" else "elements"]
    if unknown := sorted(name for name in given if name not in mixture.of and given[name] != 0):
        raise CandidateError(f"{unknown[0]!r} is no component; the mixture is of {', '.join(mixture.of)}")
    factor = mixture.total / sum(sorted(given.values()))
    return {name: float(f"{given.get(name, 0.0) * factor:.12g}") for name in mixture.of}


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
