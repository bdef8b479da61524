"""Candidates: building them for a space, and checking any of the six kinds against its JSON Schema and sense."""

import contextlib
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

from strategies.spaces.chemistry import check_elements, parse_smiles
from strategies.spaces.parameters import Integer
from strategies.spaces.space import Space
from strategies.units import check_unit

Candidate = dict[str, Any]

LARGEST = 1e300  # beyond it unit conversion overflows

KINDS = ("conditions", "mixture", "composition", "molecule", "route", "crystal")


class CandidateError(ValueError):
    """The value is no candidate; the text says where and why."""


def candidate_of(space: Space, values: Mapping[str, float | int | str], label: str | None = None) -> Candidate:
    """The candidate of the space's kind with these values (by name, in the space's units); absent components are 0.

    The other way is `values_in`. Raises `CandidateError` for components that are all absent.
    """
    components = space.components()
    given = {**dict.fromkeys(components, 0.0), **values}
    if space.kind == "conditions":
        return conditions(space, given, label)
    amounts = {name: float(given[name]) for name in components}
    if not any(amounts.values()):
        raise CandidateError("a mixture needs a component")
    beside = conditions(space, given)
    settings = {part: beside[part] for part in ("values", "units") if beside.get(part)}
    if space.kind == "composition":
        return {"kind": "composition", "elements": amounts, **settings}
    return {"kind": "mixture", "basis": space.basis, "amounts": amounts, **settings}


def conditions(space: Space, values: Mapping[str, float | int | str], label: str | None = None) -> Candidate:
    """Values (by name, in the space's units) as conditions; of a mixture or composition, what stands beside it."""
    names = space.names() if space.kind == "conditions" else list(space.parameters)
    ordered = {name: _plain(space, name, values[name]) for name in names}
    units = {name: space.unit(name) for name in ordered if space.unit(name) != "dimensionless"}
    candidate: Candidate = {"kind": "conditions", "values": ordered}
    if units:
        candidate["units"] = units
    if label is not None:
        candidate["label"] = label
    return candidate


def _plain(space: Space, name: str, value: float | int | str) -> float | int | str:
    if isinstance(value, str):
        return value
    return int(value) if isinstance(space.parameters.get(name), Integer) else float(value)


def settings_of(candidate: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be set, by name: values, and amounts of components or elements; nothing of other kinds."""
    return {**candidate.get("values", {}), **candidate.get("amounts", {}), **candidate.get("elements", {})}


@cache
def _schema_text(kind: str) -> str:
    return resources.files("strategies.spaces").joinpath("kinds", f"{kind}.json").read_text(encoding="utf-8")


def schema(kind: str) -> dict[str, Any]:
    """The JSON Schema (Draft 2020-12) of a candidate kind, with examples."""
    if kind not in KINDS:
        raise CandidateError(f"unknown candidate kind {kind!r}; known: {', '.join(KINDS)}")
    loaded: dict[str, Any] = json.loads(_schema_text(kind))
    return loaded


def examples(kind: str) -> list[Candidate]:
    """The schema's examples of a kind."""
    found: list[Candidate] = schema(kind)["examples"]
    return found


@cache
def _validator(kind: str) -> Any:
    with _kept_out("rfc3987_syntax"):  # where it is installed, it takes a second; it checks what no schema of ours has
        from jsonschema import Draft202012Validator

    return Draft202012Validator(schema(kind))


@contextlib.contextmanager
def _kept_out(module: str) -> Iterator[None]:
    """Let an optional module that nobody has imported yet seem absent for a moment."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        sys.modules.pop(module, None)


def validate_candidate(candidate: Candidate) -> None:
    """Raise `CandidateError` unless the candidate fits its kind's schema and makes sense (units, SMILES, cell)."""
    kind = candidate.get("kind") if isinstance(candidate, dict) else None
    if not isinstance(kind, str):
        raise CandidateError("a candidate is a JSON object with a 'kind'")
    schema(kind)
    faults = sorted(_validator(kind).iter_errors(candidate), key=lambda fault: list(map(str, fault.absolute_path)))
    if faults:
        place = ".".join(map(str, faults[0].absolute_path)) or kind
        raise CandidateError(f"{place}: {_short(faults[0].message)}")
    _SENSE[kind](candidate)


def _short(text: str) -> str:
    return text if len(text) <= 300 else re.sub(r"\s+", " ", text[:297]) + "..."


def _check_values(candidate: Candidate) -> None:
    values = candidate.get("values", {})
    for name, unit in candidate.get("units", {}).items():
        if name not in values or isinstance(values[name], str):
            raise CandidateError(f"units.{name}: there is no number {name!r} in values")
        try:
            check_unit(unit)
        except ValueError as error:
            raise CandidateError(f"units.{name}: {error}") from error
    for name, value in values.items():
        if not isinstance(value, str) and not abs(value) < LARGEST:
            raise CandidateError(f"values.{name}: not a finite number of a sensible size")


def _check_parts(candidate: Candidate) -> None:
    parts = candidate["amounts"] if candidate["kind"] == "mixture" else candidate["elements"]
    total = sum(parts.values())
    if not 0 < total < LARGEST:
        raise CandidateError("the amounts must have a positive, finite sum")
    if candidate["kind"] == "composition":
        _check_elements(parts)
    _check_values(candidate)


def _check_elements(symbols: Any) -> None:
    try:
        check_elements(symbols)
    except ValueError as error:
        raise CandidateError(str(error)) from error


def _check_smiles(text: str, place: str) -> None:
    try:
        parse_smiles(text)
    except ValueError as error:
        raise CandidateError(f"{place}: {error}") from error


def _check_molecule(candidate: Candidate) -> None:
    _check_smiles(candidate["smiles"], "smiles")


def _check_route(candidate: Candidate) -> None:
    _check_smiles(candidate["target"], "target")
    for index, reaction in enumerate(candidate["reactions"]):
        for role in ("reactants", "products", "agents"):
            for text in reaction.get(role, []):
                _check_smiles(text, f"reactions.{index}.{role}")


def _check_crystal(candidate: Candidate) -> None:
    import numpy as np

    if len(candidate["species"]) != len(candidate["positions"]):
        raise CandidateError(f"{len(candidate['species'])} species but {len(candidate['positions'])} positions")
    cell = np.array(candidate["lattice"], dtype=np.float64)
    if not np.all(np.isfinite(cell)) or not np.all(np.isfinite(np.array(candidate["positions"], dtype=np.float64))):
        raise CandidateError("lattice and positions must be finite numbers")
    if abs(np.linalg.det(cell)) < 1e-6:
        raise CandidateError("the lattice vectors span no volume")
    _check_elements(candidate["species"])


_SENSE: dict[str, Callable[[Candidate], None]] = {
    "conditions": _check_values,
    "mixture": _check_parts,
    "composition": _check_parts,
    "molecule": _check_molecule,
    "route": _check_route,
    "crystal": _check_crystal,
}
