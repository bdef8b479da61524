"""Canonical keys: equal for every writing of the same candidate, the same on every machine, for ever.

conditions, mixture, composition: SHA-256 (hex) of the canonical JSON of the normalized candidate: sorted keys, no
spaces, shortest floats, numbers in SI base units rounded to 12 significant digits, text in Unicode NFC. A pool row's
`label` belongs to the key: rows with equal features and different labels are different things. Mixture and composition
amounts are divided by their sum and zeros dropped.
molecule: the canonical isomeric SMILES itself (`chemistry.canonical_smiles`).
route: SHA-256 of the sorted set of reactions, each `sorted reactants >> sorted products`; agents and order
do not count.
crystal: SHA-256 of species and float64 lattice and positions as written, sites sorted. Whether two structures are the
same crystal is judged after relaxation and never by this key.
"""

import hashlib
import json
import struct
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from strategies.spaces.candidates import Candidate, CandidateError, validate_candidate
from strategies.spaces.chemistry import canonical_smiles
from strategies.units import base_unit, convert

SIGNIFICANT_DIGITS = 12
KELVIN_DECIMALS = 9  # 12 digits of 273.15: what is left of a temperature after an offset was added or taken away


def candidate_key(candidate: Candidate) -> str:
    """The canonical key of a candidate of any kind; raises `CandidateError` if it is none."""
    validate_candidate(candidate)
    return key_of_valid(candidate)


def key_of_valid(candidate: Candidate) -> str:
    """The canonical key of a candidate that is known to be valid (made by us, or checked before)."""
    return _KEYS[candidate["kind"]](candidate)


def canonical_json(value: Any) -> str:
    """JSON with sorted keys, no spaces and shortest floats; raises `ValueError` for NaN and infinities."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_number(value: float, unit: str = "dimensionless") -> float:
    """The number in SI base units, rounded so that every writing of it gives the same float."""
    if unit == "dimensionless":
        return _rounded(float(value))
    base = base_unit(unit)
    converted = convert(float(value), unit, base)
    return _rounded(round(converted, KELVIN_DECIMALS) if base == "kelvin" else converted)


def _rounded(value: float) -> float:
    return float(f"{value:.{SIGNIFICANT_DIGITS - 1}e}") + 0.0  # + 0.0 turns -0.0 into 0.0


def _text(value: str) -> str:
    return unicodedata.normalize("NFC", value)


def _values(candidate: Candidate) -> dict[str, Any]:
    units: Mapping[str, str] = candidate.get("units", {})
    normalized: dict[str, Any] = {}
    for name, value in candidate.get("values", {}).items():
        if isinstance(value, str):
            normalized[_text(name)] = _text(value)
        else:
            base = base_unit(units[name]) if name in units else "dimensionless"
            number = canonical_number(value, units.get(name, "dimensionless"))
            normalized[_text(name)] = number if base == "dimensionless" else [number, base]
    return normalized


def _digest(value: Any) -> str:
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def _conditions_key(candidate: Candidate) -> str:
    normalized: dict[str, Any] = {"kind": "conditions", "values": _values(candidate)}
    if "label" in candidate:
        normalized["label"] = _text(candidate["label"])
    return _digest(normalized)


def _fractions(amounts: Mapping[str, float]) -> dict[str, float]:
    total = sum(sorted(float(amount) for amount in amounts.values()))  # sorted: the sum must not depend on the order
    return {_text(name): _rounded(amount / total) for name, amount in amounts.items() if amount > 0}


def _mixture_key(candidate: Candidate) -> str:
    parts = _fractions(candidate["amounts"])
    return _digest({"kind": "mixture", "basis": candidate["basis"], "amounts": parts, "values": _values(candidate)})


def _composition_key(candidate: Candidate) -> str:
    parts = _fractions(candidate["elements"])
    return _digest({"kind": "composition", "elements": parts, "values": _values(candidate)})


def _molecule_key(candidate: Candidate) -> str:
    return canonical_smiles(candidate["smiles"])


def _route_key(candidate: Candidate) -> str:
    sides = [
        [sorted(map(canonical_smiles, reaction[role])) for role in ("reactants", "products")]
        for reaction in candidate["reactions"]
    ]
    reactions = sorted({f"{'.'.join(reactants)}>>{'.'.join(products)}" for reactants, products in sides})
    return _digest({"kind": "route", "reactions": reactions})


def _crystal_key(candidate: Candidate) -> str:
    sites = sorted(zip(candidate["species"], candidate["positions"], strict=True))
    species = ",".join(symbol for symbol, _ in sites)
    numbers = [number for row in candidate["lattice"] for number in row] + [n for _, row in sites for n in row]
    packed = struct.pack(f"<{len(numbers)}d", *(float(number) + 0.0 for number in numbers))
    return hashlib.sha256(b"crystal\n" + species.encode() + b"\n" + packed).hexdigest()


_KEYS: dict[str, Callable[[Candidate], str]] = {
    "conditions": _conditions_key,
    "mixture": _mixture_key,
    "composition": _composition_key,
    "molecule": _molecule_key,
    "route": _route_key,
    "crystal": _crystal_key,
}

__all__ = ["CandidateError", "candidate_key", "canonical_json", "canonical_number"]
