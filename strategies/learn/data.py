"""From a request's rows to the training data of one property.

Rules: a property is learned from the dearest stage (the last in the request) that has measured it. Every value is a
row, replicates too. A censored value counts as its bound; an out-of-range one says nothing and is left out. Standard
errors are used where they are given (0 is none); for the other values one noise level is inferred.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from strategies.represent.encoding import Encoding
from strategies.request import Candidate, Request, Value

Array = NDArray[np.float64]

CENSORED = ("below", "above")
LARGEST, SMALLEST = 1e100, 1e-100  # nothing real is larger or, but for zero, smaller in its own unit


@dataclass(frozen=True)
class PropertyData:
    """Training data of one property in its objective's unit: inputs n x d, values n.

    `standard_errors` are n, NaN where there is none; None where no value has one.
    """

    name: str
    inputs: Array
    values: Array
    standard_errors: Array | None
    candidates: list[Candidate]
    warnings: list[str]

    def __len__(self) -> int:
        return len(self.values)

    def without(self, places: Sequence[int]) -> "PropertyData":
        """All but the values at these places."""
        kept = np.delete(np.arange(len(self)), list(places))
        errors = None if self.standard_errors is None else self.standard_errors[kept]
        candidates = [self.candidates[place] for place in kept] if self.candidates else []
        return replace(
            self, inputs=self.inputs[kept], values=self.values[kept], standard_errors=errors, candidates=candidates
        )

    def where(self, place: int) -> str:
        """The candidate of a value in words."""
        if not self.candidates:
            return f"value {place + 1}"
        candidate = self.candidates[place]
        if label := candidate.get("label"):
            return str(label)
        parts = [part for part in candidate.values() if isinstance(part, dict)]
        return ", ".join(f"{name} {value}" for part in parts for name, value in part.items())


def modelled_properties(request: Request) -> list[str]:
    """All properties of objectives and outcome constraints, each once."""
    wanted = [goal.property for goal in request.objectives]
    return list(dict.fromkeys(wanted + [limit.property for limit in request.constraints]))


def property_data(request: Request, encoding: Encoding, name: str, among: Sequence[str] | None = None) -> PropertyData:
    """Collect what was measured of a property, in event order; `among` are the stages looked at (None: all)."""
    stage = _dearest_stage(request, name, among)
    found = [
        (row.candidate, value)
        for row in request.observations
        if row.stage == stage
        for value in row.values
        if value.property == name and value.status != "out-of-range"
    ]
    candidates = [candidate for candidate, _ in found]
    return values_of(name, encoding.encode(candidates), [value for _, value in found], candidates)


def values_of(name: str, inputs: Array, values: list[Value], candidates: Sequence[Candidate] = ()) -> PropertyData:
    """The data of n values at n x d inputs."""
    return PropertyData(
        name=name,
        inputs=inputs,
        values=_sensible(np.array([value.value for value in values], dtype=np.float64)),
        standard_errors=_standard_errors(values),
        candidates=list(candidates),
        warnings=_warnings(name, values),
    )


def _sensible(values: Array) -> Array:
    """Values whose sums and squares stay within floating-point numbers: one absurd one must not end a campaign."""
    return np.where(np.abs(values) < SMALLEST, 0.0, np.clip(values, -LARGEST, LARGEST))


def _dearest_stage(request: Request, name: str, among: Sequence[str] | None) -> str | None:
    seen = {
        row.stage
        for row in request.observations
        for value in row.values
        if value.property == name and value.status != "out-of-range"
    }
    known = [stage.name for stage in request.stages] if among is None else among
    ordered = [stage for stage in known if stage in seen]
    return ordered[-1] if ordered else None


def _standard_errors(values: list[Value]) -> Array | None:
    errors = np.array([value.standard_error or np.nan for value in values], dtype=np.float64)
    return None if np.isnan(errors).all() else errors


def _warnings(name: str, values: list[Value]) -> list[str]:
    censored = sum(value.status in CENSORED for value in values)
    with_error = sum(value.standard_error is not None for value in values)
    notes = []
    if censored:
        notes.append(f"{name}: {censored} censored value(s) counted as their bound")
    if 0 < with_error < len(values):
        notes.append(f"{name}: {len(values) - with_error} value(s) lack a standard error; theirs is inferred")
    if len(values) > 1 and len({value.value for value in values}) == 1:
        notes.append(f"{name}: all {len(values)} values are equal, there is no signal to learn")
    return notes
